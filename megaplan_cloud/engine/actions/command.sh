# Runs "$@" in chdir, unless a file is there (creates) or missing (removes).
eval "$1"
shift
[ -z "$chdir" ] || cd "$chdir" || exit 1
# A pattern may stand in both, as in Python's glob; the empty IFS keeps a path with blanks whole.
any() (
    IFS=
    # shellcheck disable=SC2086
    set -- $1
    for found; do
        [ -e "$found" ] || [ -L "$found" ] && return 0
    done
    return 1
)
if [ -n "$creates" ] && any "$creates"; then
    printf 'there\0'
elif [ -n "$removes" ] && ! any "$removes"; then
    printf 'missing\0'
else
    printf 'run\0'
    [ -n "$check" ] || exec "$@"
fi
