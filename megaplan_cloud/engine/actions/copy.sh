# Puts what comes on stdin, or the file src of this place, at dest unless it is there already.
# shellcheck shell=sh disable=SC2154
# Makes the directories that lead to $1, each with the mode directory_mode.
make_directories() {
    mode=$directory_mode here=
    IFS=/
    # shellcheck disable=SC2086
    set -- $1
    unset IFS
    for part; do
        here=$here$part/
        [ -d "$here" ] && continue
        make "${here%/}"
        attributes "${here%/}"
    done
    mode=$file_mode
}
finish() {
    say dest "$dest" checksum "$sum"
    report "$dest"
    exit 0
}
eval "$1"
if [ -n "$src" ]; then
    [ -f "$src" ] || lacks "Source $src not found"
    [ -r "$src" ] || fail "Source $src not readable"
    exec <"$src"
    sum "$src"
    sum=$hash
    [ -z "$want" ] || [ "$want" = "$sum" ] ||
        fail "Copied file does not match the expected checksum. Transfer failed."
    resolve "$src"
    if [ "$mode" = preserve ] && look "$real"; then mode=$m; fi
fi
file_mode=$mode
if [ -d "$dest" ] || [ -n "$slash" ]; then
    [ -n "$base" ] || fail "can not use content with a dir as dest"
    if [ ! -d "$dest" ]; then
        change
        [ -z "$check" ] || finish
        make_directories "$dest"
    fi
    dest=${dest%/}/$base
fi
if [ -n "$follow" ]; then
    resolve "$dest"
    dest=$real
fi
case $dest in
*/*) up=${dest%/*}/ ;;
*) up=. ;;
esac
if [ ! -d "$up" ]; then
    [ -n "$parents" ] || lacks "Destination directory ${up%/} does not exist"
    [ -n "$check" ] || try mkdir -p "$up"
fi
if [ -z "$force" ] && [ -e "$dest" ]; then
    say msg "file already exists"
    finish
fi
hash=
[ ! -f "$dest" ] || sum "$dest"
if [ -L "$dest" ] || [ "$hash" != "$sum" ]; then
    change
    say content 1
    [ -z "$diff" ] || show before "$dest"
    [ -z "$diff$src" ] || show after "$src"
    [ -n "$check" ] || {
        spare
        why=$(cat 2>&1 >"$tmp") || fail "cannot write $dest: $why"
        sum "$tmp"
        [ "$hash" = "$sum" ] || fail "what arrived for $dest is not what was sent"
        land
        finish
    }
fi
[ ! -e "$dest" ] || attributes "$dest"
finish
