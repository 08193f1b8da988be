# A tree of files: unpacked in a folder beside its place, compared there, moved one by one.
# It reads dest, keep (what the archive says of modes is not wanted) and keep_newer.
# shellcheck shell=sh disable=SC2030,SC2031,SC2034,SC2154
open_stage() {
    stage=$dest
    [ -z "$check" ] || stage=${TMPDIR:-/tmp}
    stage=$(mktemp -d "${stage%/}/.megaplan-XXXXXX") || fail "Destination $dest not writable"
    trap 'rm -rf "$stage"' 0
}
moves() {
    change
    say "new.$name" 1
}
same_content() {
    [ -f "$there" ] && [ ! -L "$there" ] || return 1
    sum "$entry"
    ours=$hash
    sum "$there"
    [ "$hash" = "$ours" ]
}
same_attributes() {
    look "$entry"
    ours="${mode:-$m}:${owner:-$u}:${group:-$g}"
    look "$there" && [ "$ours" = "${mode:-$m}:${owner:-$u}:${group:-$g}" ]
}
settle_link() {
    [ -L "$there" ] && [ "$(readlink "$entry" && echo x)" = "$(readlink "$there" && echo x)" ] && return
    moves
    [ -z "$check" ] || return 0
    [ ! -d "$there" ] || [ -L "$there" ] || try rmdir "$there"
    rm -f "$there"
    try mv -f "$entry" "$there"
}
settle_directory() {
    fresh=
    if [ ! -d "$there" ]; then
        fresh=1
        moves
        [ -n "$check" ] || make "$there"
    elif [ -z "$keep" ] && ! same_attributes; then
        fresh=1
        moves
    fi
    [ -z "$check" ] || return 0
    if [ -n "$keep" ]; then
        (mode=$directory_mode && attributes "$there") || exit 1
        return
    fi
    if [ -n "$fresh" ]; then
        look "$entry"
        chown "$u:$g" "$there" 2>/dev/null
        try chmod "$(printf %05o "$m")" "$there"
    fi
    attributes "$there"
}
settle_file() {
    # shellcheck disable=SC3013 # dash, bash and busybox all know -nt
    [ -z "$keep_newer" ] || [ ! "$there" -nt "$entry" ] || return 0
    if same_content && { [ -n "$keep" ] || same_attributes; }; then
        attributes "$there"
        return
    fi
    if [ -z "$force" ] && [ -e "$there" ]; then return; fi
    moves
    [ -z "$check" ] || return 0
    if [ -n "$keep" ]; then
        (tmp=$entry dest=$there && land) || exit 1
    else
        try mv -f "$entry" "$there"
        attributes "$there"
    fi
}
# Brings all that is below $stage/$1 to $dest/$1.
settle() (
    for entry in "$stage/$1"* "$stage/$1".[!.]* "$stage/$1"..?*; do
        [ -e "$entry" ] || [ -L "$entry" ] || continue
        name=${entry#"$stage/"}
        there=${dest%/}/$name
        say "file.$name" 1
        if [ -L "$entry" ]; then
            settle_link
        elif [ -d "$entry" ]; then
            settle_directory || exit 1
            settle "$name/" || exit 1
        else
            settle_file || exit 1
        fi
    done
)
