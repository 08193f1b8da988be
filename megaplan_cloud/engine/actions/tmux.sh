# Sees to it that the tmux session runs "$@", or is gone. names lists the variables to hand on.
# shellcheck shell=sh disable=SC2016,SC2154
say() { printf '%s\0' "$@"; }
fail() {
    say msg "$1"
    exit 1
}
# A session is found by its whole name: without the `=` tmux would take the start of another's.
tmux_() {
    case $socket in
    '') command tmux "$@" ;;
    */*) command tmux -f /dev/null -S "$socket" "$@" ;;
    *) command tmux -f /dev/null -L "$socket" "$@" ;;
    esac
}
pid() { tmux_ list-panes -t "=$session" -F '#{pane_pid}' 2>/dev/null | head -n 1; }
quoted() {
    printf "'"
    printf %s "$1" | sed "s/'/'\\\\''/g"
    printf "'"
}
# Writes what the session runs to a file of its own, which goes as soon as it is read: nothing has
# to be quoted for tmux, and no value stands in a process list.
write_script() {
    printf 'rm -f "$0"\n'
    for name in $names; do
        eval "value=\$$name"
        printf 'export %s=%s\n' "$name" "$(quoted "$value")"
    done
    printf 'cd %s || exit 1\n' "$(quoted "$chdir")"
    printf 'run() {\n'
    for word; do
        printf '%s ' "$(quoted "$word")"
    done
    printf '\n}\n'
    if [ -n "$log" ]; then
        exit=$(quoted "$log.exit")
        printf 'rm -f %s\n' "$exit"
        printf '{ run; rc=$?; echo "$rc" >%s.new; mv -f %s.new %s; exit "$rc"; } 2>&1 | tee -a %s\n' \
            "$exit" "$exit" "$exit" "$(quoted "$log")"
        printf 'read -r rc <%s && exit "$rc"\n' "$exit"
    else
        printf 'run\n'
    fi
}
start() {
    [ -d "$chdir" ] || fail "there is no folder $chdir to run in"
    [ -z "$log" ] || true >>"$log" || fail "the log $log cannot be written"
    script=$(umask 077 && mktemp "${TMPDIR:-/tmp}/megaplan-XXXXXX") || fail "no script can be written"
    write_script "$@" >"$script" || fail "the script $script cannot be written"
    if why=$(tmux_ new-session -d -s "$session" -x 200 -y 50 sh "$script" 2>&1); then
        say changed 1
        tmux_ set-option -w -t "=$session:" remain-on-exit off 2>/dev/null
        return
    fi
    rm -f "$script"
    case $why in
    *duplicate*) say already_running 1 ;;
    *) fail "tmux cannot start $session: $why" ;;
    esac
}
eval "$1"
shift
unset TMUX
command -v tmux >/dev/null || fail "tmux is not installed at this place"
[ -n "$chdir" ] || chdir=$PWD
say session "$session"
if tmux_ has-session -t "=$session" 2>/dev/null; then
    if [ -z "$absent" ]; then
        say already_running 1 pid "$(pid)"
        exit 0
    fi
    say changed 1
    [ -n "$check" ] || tmux_ kill-session -t "=$session"
elif [ -z "$absent" ]; then
    if [ -n "$check" ]; then
        say changed 1
        exit 0
    fi
    start "$@"
    say pid "$(pid)"
fi
