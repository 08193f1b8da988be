# Unpacks the archive on stdin, or src of this place, into the folder dest.
# shellcheck shell=sh disable=SC2034,SC2154
eval "$1"
shift
keep='' force=1 directory_mode=''
if [ -n "$creates" ] && [ -e "$creates" ]; then
    say dest "$dest" msg "skipped, since $creates exists" skipped 1
    exit 0
fi
[ -d "$dest" ] || lacks "Destination '$dest' is not a directory"
if [ -n "$src" ]; then
    [ -r "$src" ] || lacks "Source '$src' failed to transfer"
    exec <"$src"
fi
open_stage
unpack() {
    case $kind in
    zip) command -v unzip >/dev/null || fail "unzip is not installed at this place" ;;
    *) command -v tar >/dev/null || fail "tar is not installed at this place" ;;
    esac
    case $kind in
    zip) try unzip -q "$src" "$@" -d "$stage" ;;
    gz) gzip -dc | tar -xf - -C "$stage" "$@" ;;
    bz2) bzip2 -dc | tar -xf - -C "$stage" "$@" ;;
    xz) xz -dc | tar -xf - -C "$stage" "$@" ;;
    zst) zstd -dc | tar -xf - -C "$stage" "$@" ;;
    *) tar -xf - -C "$stage" "$@" ;;
    esac
}
why=$(unpack "$@" 2>&1) || fail "Failed to unpack: $why"
set +f
settle "" || exit 1
say dest "$dest"
report "$dest"
