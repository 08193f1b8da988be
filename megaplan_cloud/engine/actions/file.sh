# Makes path what state says: file, directory, touch, link (to src), hard (of src) or absent.
# shellcheck shell=sh disable=SC2154,SC2209
kind() {
    if [ -L "$1" ]; then
        kind=link
    elif [ -d "$1" ]; then
        kind=directory
    elif [ -e "$1" ]; then
        kind=file
    else
        kind=absent
    fi
}
becomes() {
    change
    say before.state "$kind" after.state "$state"
}
# Makes the directories that lead to path, each with the attributes asked for.
make_directory() {
    here=
    IFS=/
    # shellcheck disable=SC2086
    set -- $path
    unset IFS
    for part; do
        here=$here$part/
        [ -d "$here" ] && continue
        make "${here%/}"
        attributes "${here%/}"
    done
}
# Gives the attributes to all that is under $1; links are not followed.
walk() (
    for entry in "$1"/* "$1"/.[!.]* "$1"/..?*; do
        [ -e "$entry" ] || [ -L "$entry" ] || continue
        attributes "$entry"
        [ ! -d "$entry" ] || [ -L "$entry" ] || walk "$entry" || exit 1
    done
)
# Puts what "$@" makes, under a name of ours beside path, in the place of path.
replace() {
    case $path in
    */*) spare=${path%/*}/.megaplan-$$ ;;
    *) spare=.megaplan-$$ ;;
    esac
    trap 'rm -f "$spare"' 0
    try "$@" "$spare"
    [ "$kind" != directory ] || try rmdir "$path"
    # -T: a link to a directory is replaced, not entered.
    mv -fT "$spare" "$path" 2>/dev/null || { rm -f "$path" && try mv -f "$spare" "$path"; }
}
as_file() {
    case $kind in
    file) attributes "$path" ;;
    absent) lacks "file ($path) is absent, cannot continue" ;;
    *) fail "file ($path) is $kind, cannot continue" ;;
    esac
}
as_directory() {
    case $kind in
    directory) attributes "$path" ;;
    absent)
        becomes
        [ -n "$check" ] || make_directory
        return
        ;;
    *) fail "$path already exists as a $kind" ;;
    esac
    [ -n "$recurse" ] || return 0
    set +f
    walk "$path" || exit 1
}
as_touch() {
    if [ "$kind" = absent ]; then
        becomes
        [ -n "$check" ] && return
        times=-am
    fi
    if [ "$times" != none ]; then
        change
        [ -n "$check" ] || try touch "$times" "$path"
    fi
    attributes "$path"
}
as_link() {
    if [ "$kind" = link ]; then
        old=$(readlink "$path" && echo x)
        old=${old%?x}
        src=${src:-$old}
    fi
    [ -n "$src" ] || fail "src is required for creating new symlinks"
    case $path in
    */*) up=${path%/*}/ ;;
    *) up= ;;
    esac
    case $src in
    /*) up= ;;
    esac
    [ -n "$force" ] || [ -e "$up$src" ] ||
        lacks "src file does not exist, use 'force=yes' if you really want to create the link: $up$src"
    case $kind in
    link) [ "$old" != "$src" ] && change && say before.src "$old" after.src "$src" ;;
    absent) becomes ;;
    *)
        [ -n "$force" ] || fail "refusing to convert from $kind to symlink for $path"
        [ "$kind" != directory ] || [ -z "$(ls -A "$path")" ] ||
            fail "the directory $path is not empty, refusing to convert it"
        becomes
        ;;
    esac
    say src "$src"
    [ -z "$changed" ] || [ -n "$check" ] || replace ln -s "$src"
    [ -z "$follow" ] || resolve "$path"
    [ ! -e "$real" ] || attributes "$real"
}
as_hard() {
    if [ -z "$src" ]; then
        attributes "$path"
        [ "$n" -gt 1 ] || fail "src is required for creating new hardlinks"
        return
    fi
    [ -e "$src" ] || lacks "src does not exist"
    say src "$src"
    if [ "$kind" = absent ]; then
        becomes
    elif same_inode; then
        attributes "$path"
        return
    else
        [ -n "$force" ] || fail "Cannot link, different hard link exists at destination"
        becomes
    fi
    [ -z "$check" ] || return 0
    replace ln "$src"
    attributes "$path"
}
same_inode() {
    one=$(ls -idL "$path") two=$(ls -idL "$src")
    [ "${one%"$path"}" = "${two%"$src"}" ]
}
as_absent() {
    [ "$kind" != absent ] || return 0
    case $path in
    / | . | .. | */. | */..) fail "refusing to remove $path" ;;
    esac
    becomes
    [ -n "$check" ] || try rm -rf "$path"
}
eval "$1"
real=$path
case $follow$state in
1file | 1directory | 1touch) resolve "$path" && path=$real ;;
esac
kind "$path"
if [ -z "$state" ]; then
    state=file
    [ "$kind" = absent ] || state=$kind
fi
"as_$state"
say path "$path"
report "$path"
