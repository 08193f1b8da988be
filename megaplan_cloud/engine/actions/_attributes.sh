# Owner, group and mode. The task's wishes are in owner, group, mode (arithmetic) and check.
# shellcheck shell=sh disable=SC2034,SC2154,SC2209
# Starting a process is what costs time here: `exec` in `$()` saves one.
set -f
changed='' looked='' settled='' touched=''
say() { printf '%s\0' "$@"; }
fail() {
    say msg "$1"
    exit 1
}
# In a rehearsal, what is missing may be what an earlier task would have made: nobody knows.
lacks() {
    [ -n "$check" ] || fail "$1"
    say unknown "$1"
    exit 0
}
try() { why=$("$@" 2>&1) || fail "$why"; }
# Makes the directory $1, unless somebody else does so at the same moment.
make() { why=$(mkdir "$1" 2>&1) || [ -d "$1" ] || fail "$why"; }
change() {
    changed=1
    say changed 1
}
# Looks at $1, links not followed: t type (4 directory, 10 link), n links, s size, m mode,
# u and g numbers, U and G names.
look() {
    [ -e "$1" ] || [ -L "$1" ] || return 1
    looked=$1
    IFS=:
    # shellcheck disable=SC2046
    set -- $(exec stat -c '0x%f:%h:%s:%u:%g:%U:%G' "$1" 2>/dev/null)
    # shellcheck disable=SC2046
    [ $# = 7 ] || set -- $(exec stat -f '0%p:%l:%z:%u:%g:%Su:%Sg' "$looked" 2>/dev/null)
    unset IFS
    [ $# = 7 ] || return 1
    t=$(($1 >> 12)) m=$(($1 & 4095)) n=$2 s=$3 u=$4 g=$5 U=$6 G=$7
}
# Answers in real where the links of $1 lead.
resolve() {
    real=$1 hops=
    while [ -L "$real" ] && [ ${#hops} -lt 40 ]; do
        hops=x$hops
        link=$(readlink "$real" && echo x) || return
        link=${link%?x}
        case $link in
        /*) real=$link ;;
        *)
            case $real in
            */*) real=${real%/*}/$link ;;
            *) real=$link ;;
            esac
            ;;
        esac
    done
}
# Gives $1 the attributes asked for and says which were others. Those that it has are in u U g G m.
give() {
    link=
    [ "$t" != 10 ] || link=-h
    if [ -n "$owner" ] && [ "$owner" != "$U" ] && [ "$owner" != "$u" ]; then
        change
        say before.owner "$U" after.owner "$owner"
        [ -n "$check" ] || try chown $link "$owner" "$1"
        took=1 touched=1
    fi
    if [ -n "$group" ] && [ "$group" != "$G" ] && [ "$group" != "$g" ]; then
        change
        say before.group "$G" after.group "$group"
        [ -n "$check" ] || try chgrp $link "$group" "$1"
        took=1 touched=1
    fi
    [ -n "$mode" ] && [ "$t" != 10 ] || return 0
    case $mode in
    *k*) k=$(umask) ;;
    esac
    # shellcheck disable=SC2034
    x=$((t == 4 || (m & 73) != 0))
    # shellcheck disable=SC1102,SC2004
    new=$(($mode))
    if [ "$new" != "$m" ]; then
        change
        say before.mode "$m" after.mode "$new"
    fi
    # A new owner costs a file its set-user bit, so the mode is given once more.
    # Five digits: with four, chmod leaves a directory's set-group bit alone.
    if [ -z "$check" ] && [ "$new$took" != "$m" ]; then
        touched=1
        try chmod "$(printf %05o "$new")" "$1"
    fi
}
attributes() {
    took=
    look "$1" || fail "cannot look at $1"
    give "$1"
}
# Says what $1 is by now.
report() {
    if [ -n "$changed" ] && [ -z "$settled" ] || [ "$looked" != "$1" ]; then
        look "$1" || { say state absent && return; }
    fi
    case $t in
    4) state=directory ;;
    10) state=link ;;
    *) if [ "$n" -gt 1 ]; then state=hard; else state=file; fi ;;
    esac
    say state "$state" mode "$m" uid "$u" gid "$g" owner "$U" group "$G" size "$s"
}
