# Files at a place, in POSIX sh with tar and any one of sha256sum, shasum, openssl.
# put TARGET MODE OWNER SHA256 TOKEN | get SOURCE | list DIRECTORY | update DIRECTORY DIGEST TOKEN

fail() {
    printf '%s\n' "$*" >&2
    exit 1
}

if command -v sha256sum >/dev/null; then
    hasher=sha256sum
elif command -v shasum >/dev/null; then
    hasher='shasum -a 256'
elif command -v openssl >/dev/null; then
    hasher='openssl dgst -sha256 -r'
else
    fail 'None of sha256sum, shasum and openssl is installed here: install one of them.'
fi

hash_of_input() {
    $hasher | cut -c 1-64
}

# One line "hash path" per file below the current directory, whatever tool hashes.
hashes() {
    # shellcheck disable=SC2086
    find . -type f -exec $hasher {} + | sed 's/^\([0-9a-f]*\) [ *]/\1 /'
}

put() {
    target=$1 part=${1%/*}/.${1##*/}.$5.part
    case "$1" in */*) ;; *) part=.$1.$5.part ;; esac
    [ ! -d "$target" ] || fail "$target is a directory, so no file can be put there."
    trap 'rm -f "$part"' EXIT
    (umask 077 && cat >"$part") || exit 1
    [ "$(hash_of_input <"$part")" = "$4" ] || fail "$target was damaged on its way: nothing was changed."
    if [ -n "$3" ]; then chown "$3" "$part" || exit 1; fi
    chmod "$2" "$part" && mv -f "$part" "$target"
}

# The size is fixed before the bytes are sent, so a log may grow meanwhile.
get() {
    [ -f "$1" ] || fail "$1 is not a file here."
    size=$(wc -c <"$1") && hash=$(head -c "$size" "$1" | hash_of_input) || exit 1
    echo "$hash $((size))"
    head -c "$size" "$1"
}

# Directories, links, programs, private files, then hashes; each part ends with an empty line.
list() {
    [ -d "$1" ] || { echo absent && return; }
    cd "$1" && echo present || exit 1
    find . -type d -print && echo
    # shellcheck disable=SC2016
    find . -type l -exec sh -c 'for l; do echo "$l" && readlink "$l"; done' sh {} + && echo
    find . -type f -perm -100 -print && echo
    find . -type f ! -perm -004 -print && echo
    hashes
}

# Input: the paths to remove, one a line, an empty line, and a tar of what is new.
# Nothing is touched before all of it has arrived and its digest is right.
update() {
    target=$1 stage=$1.$3.part
    trap 'rm -rf "$stage"' EXIT
    mkdir -p "$stage" || exit 1
    while IFS= read -r path && [ -n "$path" ]; do printf '%s\n' "$path"; done >"$stage/.gone"
    mkdir "$stage/new" && (cd "$stage/new" && tar -xpf - && hashes | LC_ALL=C sort) >"$stage/.new" || exit 1
    [ "$(hash_of_input <"$stage/.new")" = "$2" ] || fail "$target was damaged on its way: nothing was changed."
    if [ ! -e "$target" ]; then mv "$stage/new" "$target" && return; fi
    cd "$target" || exit 1
    set --
    while IFS= read -r path; do
        set -- "$@" "$path"
        [ $# -lt 100 ] || { rm -rf -- "$@" && set --; }
    done <"$stage/.gone"
    [ $# = 0 ] || rm -rf -- "$@"
    (cd "$stage/new" && tar -cf - .) | tar -xpf -
}

"$@"
