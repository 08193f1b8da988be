# Prints the file src as it is.
# shellcheck shell=sh disable=SC2154
fail() {
    echo "$1" >&2
    exit 1
}
eval "$1"
# In a rehearsal, what is missing may be what an earlier task would have made: nobody knows.
if [ ! -e "$src" ] && [ -n "$check" ]; then
    echo "File not found: $src" >&2
    exit 0
fi
[ -e "$src" ] || fail "File not found: $src"
[ ! -d "$src" ] || fail "source is a directory and must be a file: $src"
[ -r "$src" ] || fail "file is not readable: $src"
exec cat "$src"
