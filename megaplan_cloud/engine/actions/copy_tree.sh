# Makes the folder dest hold the tree that comes on stdin as a tar.
# shellcheck shell=sh disable=SC2034,SC2154
eval "$1"
keep=1 keep_newer=
if [ ! -d "$dest" ]; then
    change
    say new. 1
    if [ -z "$check" ]; then
        try mkdir -p "$dest"
        (mode=$directory_mode && attributes "$dest") || exit 1
    fi
fi
open_stage
try tar -xof - -C "$stage"
set +f
settle "" || exit 1
say dest "$dest"
report "$dest"
