# Prints the file src as it is.
# shellcheck shell=sh disable=SC2154
fail() {
    echo "$1" >&2
    exit 1
}
eval "$1"
[ -e "$src" ] || fail "File not found: $src"
[ ! -d "$src" ] || fail "source is a directory and must be a file: $src"
[ -r "$src" ] || fail "file is not readable: $src"
exec cat "$src"
