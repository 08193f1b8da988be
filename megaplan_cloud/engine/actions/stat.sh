# Says what the file path is; with follow, what the link leads to. algorithm is 1, 224 … or md5.
# shellcheck shell=sh disable=SC2154
say() { printf '%s\0' "$@"; }
eval "$1"
if [ ! -L "$path" ] && [ ! -e "$path" ]; then
    say exists ''
    exit 0
fi
link=
[ -z "$follow" ] || [ ! -e "$path" ] || link=-L
IFS=:
# shellcheck disable=SC2046
set -- $(exec stat $link -c '0x%f:%h:%s:%u:%g:%U:%G:%i:%d:%.9X:%.9Y:%.9Z:%X:%Y:%Z:%b' "$path" 2>/dev/null)
# shellcheck disable=SC2046
[ $# = 16 ] ||
    set -- $(exec stat $link -f '0%p:%l:%z:%u:%g:%Su:%Sg:%i:%d:%Fa:%Fm:%Fc:%a:%m:%c:%b' "$path")
unset IFS
say exists 1 raw "$(($1))" nlink "$2" size "$3" uid "$4" gid "$5" pw_name "$6" gr_name "$7" \
    inode "$8" dev "$9"
shift 9
say atime "$1" mtime "$2" ctime "$3" whole_atime "$4" whole_mtime "$5" whole_ctime "$6" blocks "$7"
[ ! -r "$path" ] || say r 1
[ ! -w "$path" ] || say w 1
[ ! -x "$path" ] || say x 1
if [ -L "$path" ]; then
    link=$(readlink "$path" && echo x)
    say lnk_target "${link%?x}" lnk_source "$(readlink -f "$path")"
    [ -n "$follow" ] || exit 0
fi
[ -n "$algorithm" ] && [ -f "$path" ] && [ -r "$path" ] || exit 0
case $algorithm in
md5) name=md5 ;;
*) name=sha$algorithm ;;
esac
sum=$(exec "${name}sum" <"$path" 2>/dev/null) ||
    sum=$(exec shasum -a "$algorithm" <"$path" 2>/dev/null) || sum=$(exec openssl "$name" -r <"$path")
say checksum "${sum%% *}"
