# Content: compared by checksum, landed by rename. It reads dest, validate and backup.
# shellcheck shell=sh disable=SC2034,SC2154
# Answers in hash the SHA-1 of the file $1.
sum() {
    hash=$(exec sha1sum <"$1" 2>/dev/null) || hash=$(exec shasum <"$1" 2>/dev/null) ||
        hash=$(exec openssl sha1 -r <"$1")
    hash=${hash%% *}
}
# Says as $1 what the file $2 holds, if it is text and short enough to be shown.
show() {
    [ -f "$2" ] || return 0
    size=$(wc -c <"$2")
    if [ "$size" -gt 104448 ]; then
        say "$1.hidden" "too large to be shown"
    elif [ "$(tr -d '\0' <"$2" | wc -c)" -lt "$size" ]; then
        say "$1.hidden" "binary"
    else
        say "$1" "$(cat "$2" && echo x)"
    fi
}
# Makes tmp, an empty file beside dest that nobody else may read. With -C nothing that is there is
# opened, so its name need not be a secret.
spare() {
    case $dest in
    */*) tmp=${dest%/*}/.megaplan-$$ ;;
    *) tmp=./.megaplan-$$ ;;
    esac
    old_mask=$(umask)
    umask 077
    set -C
    tries=
    # `true`, because a shell ends when a redirection of `:` fails, as POSIX has it.
    until { true >"$tmp"; } 2>/dev/null; do
        tries=x$tries tmp=$tmp-
        [ ${#tries} -lt 9 ] || fail "Destination ${dest%/*} not writable"
    done
    set +C
    umask "$old_mask"
    trap 'rm -f "$tmp"' 0
}
# Puts tmp in the place of dest: with the attributes of dest, or a new file's, and those asked for.
land() {
    if [ ! -L "$dest" ] && look "$dest"; then
        # Only root may give a file away; Ansible lets that pass as well.
        chown "$u:$g" "$tmp" 2>/dev/null
        try chmod "$(printf %o "$m")" "$tmp"
    else
        try chmod "$(printf %o $((0666 & ~$(umask))))" "$tmp"
    fi
    attributes "$tmp"
    if [ -n "$validate" ]; then
        eval "why=\$($validate 2>&1)" || fail "failed to validate: $why"
    fi
    if [ -n "$backup" ] && [ -e "$dest" ]; then
        copy=$dest.$$.$(date +%Y-%m-%d@%H:%M:%S)~
        try cp -p "$dest" "$copy"
        say backup_file "$copy"
    fi
    # What is known of tmp is true of dest from now on.
    try mv -f "$tmp" "$dest"
    [ -n "$touched" ] || looked=$dest settled=1
}
