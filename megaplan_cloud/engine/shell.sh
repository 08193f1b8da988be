# The far side of a connection, in POSIX sh: runs what it is sent and proves how it ended.
#
# It arrives as one line of stdin behind `nonce=...` and is then told what to do: `serve` frames,
# run one thing `once` on a channel of its own, or `cancel` another helper. $0 is its own name.
# Comments and indentation are taken out before it travels: no string may span two lines.

: "${nonce:?}"

say() {
    printf '%s %s\n' "$nonce" "$*"
}

broken() {
    say broken "$*"
    exit 1
}

# A process in a session of its own can be found after its parent is gone.
if command -v setsid >/dev/null 2>&1; then session=setsid; else session=; fi
# What a `sudo` starts learns its code from stdin: env and words must not be seen in `ps`.
# shellcheck disable=SC2016
reader='IFS= read -r code; eval "$(printf %b "$code")"'

# Prints one line "pid parent group" per process. A small container may have no ps.
processes() {
    if [ -r /proc/self/stat ]; then
        for stat in /proc/[0-9]*/stat; do
            read -r line 2>/dev/null <"$stat" || continue
            # The name, in parentheses, may hold anything; after it come state, parent, group, session.
            # shellcheck disable=SC2086
            set -- ${line%% *} ${line##*) }
            echo "$1 $3 $5"
        done
    else
        ps -A -o pid= -o ppid= -o pgid=
    fi
}

send_signal() {
    kill -s "$@" 2>/dev/null || sudo -n -- kill -s "$@" 2>/dev/null
}

# Kills everything below process $1, but for $2. All are stopped first, so that none can escape.
fell() {
    found=' '
    more=yes
    while [ -n "$more" ]; do
        more=
        while read -r pid parent group; do
            case "$found" in *" $pid "*) continue ;; esac
            case "$pid" in "$1" | "$2") continue ;; esac
            case " $1$found" in
            *" $parent "*) ;;
            *) case "$found" in *" $group "*) ;; *) continue ;; esac ;;
            esac
            found="$found$pid "
            more="$more $pid"
        done <<PROCESSES
$(processes)
PROCESSES
        # shellcheck disable=SC2086
        [ -z "$more" ] || send_signal STOP $more
    done
    # shellcheck disable=SC2086
    [ "$found" = ' ' ] || send_signal KILL $found
}

# Ends the helper $1 and what it runs. It is held still meanwhile, so that it begins nothing new.
# Its name $2 must be among its words: after a restart its number may be another's.
cancel() {
    if [ -r "/proc/$1/cmdline" ]; then words=$(tr '\0' ' ' <"/proc/$1/cmdline"); else words=$(ps -o args= -p "$1"); fi
    case "$words" in *"$2"*) ;; *) return ;; esac
    kill -s STOP "$1" 2>/dev/null
    fell "$1" "$$"
    kill -s TERM "$1" 2>/dev/null
    kill -s CONT "$1" 2>/dev/null
}

# After $timeout seconds kills what this helper runs, and leaves a note of it.
start_timer() {
    late=0
    timer=
    [ "$timeout" != 0 ] || return 0
    (
        sleep "$timeout" &
        nap=$!
        trap 'kill -s KILL "$nap"; exit' TERM
        : >"$dir/armed.$seq"
        wait "$nap"
        trap '' TERM
        : >"$dir/late"
        # shellcheck disable=SC2016
        fell "$$" "$(exec sh -c 'echo "$PPID"')"
    ) </dev/null >/dev/null 2>&1 &
    timer=$!
    # A signal that reaches a subshell before its trap is set may be lost, and waited for in vain.
    until [ -e "$dir/armed.$seq" ]; do :; done
}

stop_timer() {
    [ -n "$timer" ] || return 0
    kill -s TERM "$timer" 2>/dev/null
    wait "$timer" 2>/dev/null
    [ ! -e "$dir/late" ] || { late=1 && rm -f "$dir/late"; }
}

# What the shell itself has to say of a killed command is kept out of the command's own stderr.
run() {
    if [ "$become" = 1 ] && [ "$(id -u)" != 0 ]; then
        { printf '%s\n' "$program$code" && cat; } | $session sudo -n -- sh -c "$reader" 2>&3 3>&-
    else
        (eval "$text" && evaluate) 2>&3 3>&-
    fi
} 3>&2 2>/dev/null

# Most code holds nothing that has to be decoded, and costs no process for it.
evaluate() {
    case "$code" in *\\*) eval "$(printf %b "$code")" ;; *) eval "$code" ;; esac
}

# Exactly $1 bytes of stdin go to $in. `dd` never reads a byte more; a short read is repeated.
take() {
    : >"$in"
    left=$1
    while [ "$left" -gt 0 ]; do
        if [ "$left" -lt 4096 ]; then size=$left count=1; else size=4096 count=$((left / 4096)); fi
        dd bs="$size" count="$count" 2>"$dir/dd" >>"$in"
        read -r blocks _ <"$dir/dd"
        case "$blocks" in
        "$count+0") left=$((left - size * count)) ;;
        0+0) broken "input ended early" ;;
        *)
            wc -c <"$in" >"$dir/size" && read -r size <"$dir/size"
            left=$(($1 - size))
            ;;
        esac
    done
}

# $size becomes the size of file $1; most commands say nothing, and cost no process here.
measure() {
    size=0
    [ ! -s "$1" ] || { wc -c <"$1" >"$dir/size" && read -r size <"$dir/size"; }
}

answer() {
    out=$dir/out.$seq err=$dir/err.$seq
    say begin "$seq"
    start_timer
    # Appended to, because a program may open /dev/stderr a second time.
    run <"$in" >>"$out" 2>>"$err"
    rc=$?
    stop_timer
    measure "$out"
    out_size=$size
    measure "$err"
    say sizes "$seq" "$out_size" "$size"
    # A daemon left behind may still be writing: no more than was announced is sent.
    [ "$out_size" = 0 ] || { head -c "$out_size" "$out" && : >"$out"; }
    [ "$size" = 0 ] || { head -c "$size" "$err" && : >"$err"; }
    [ "$in" = /dev/null ] || : >"$in"
    say end "$seq" "$rc" "$late"
    if [ "$rc" != 0 ] && [ "$stops" = 1 ] && [ -z "$stopped" ]; then stopped=$group; fi
}

# A frame is its header (just read), its code in one line, its input, and its number once more.
frame() {
    seq=$2 batch=$3 group=$4 stops=$5 timeout=$6 become=$7 input=$9
    IFS= read -r code || broken "code of frame $seq"
    [ "${#code}" = "${10}" ] || broken "length of frame $seq"
    program='' text=''
    if [ "$8" != - ]; then eval "program=\$program_$8 text=\$text_$8"; fi
    in=/dev/null
    [ "$input" = 0 ] || { in=$dir/in.$seq && take "$input"; }
    read -r word number || broken "end of frame $seq"
    [ "$word $number" = "$nonce $seq" ] || broken "end of frame $seq"
    # A copy of a frame that was answered is never run again.
    [ "$seq" -ge "$expected" ] || return 0
    [ "$seq" = "$expected" ] || broken "frame $seq instead of $expected"
    expected=$((expected + 1))
    [ "$batch" = "$current" ] || { current=$batch && stopped=; }
    if [ -n "$stopped" ] && [ "$stopped" != "$group" ]; then say skip "$seq"; else answer; fi
}

program() {
    IFS= read -r code || broken "code of program $2"
    [ "${#code}" = "$3" ] || broken "length of program $2"
    text=$(printf %b "$code")
    eval "program_$2=\$code text_$2=\$text"
}

open_directory() {
    for place in "${TMPDIR:-/tmp}" /var/tmp /dev/shm; do
        dir=$place/$0
        mkdir -m 700 "$dir" 2>/dev/null && break
        dir=
    done
    printf '\n'
    [ -n "$dir" ] || broken "no directory can be made in ${TMPDIR:-/tmp}, /var/tmp or /dev/shm"
    trap 'rm -rf "$dir"' EXIT
    trap 'exit 129' HUP
    trap 'exit 141' PIPE
    trap 'exit 143' TERM
    say hello "$$"
}

serve() {
    open_directory
    expected=1 current=0 stopped=
    while read -r word length header; do
        [ "$word ${#header}" = "$nonce $length" ] || broken "header after frame $((expected - 1))"
        case "$header" in *[!a-z0-9.\ _-]*) broken "header after frame $((expected - 1))" ;; esac
        # shellcheck disable=SC2086
        set -- $header
        case "$1" in frame | program) "$1" "$@" ;; *) broken "header $1" ;; esac
    done
}

# Runs one thing with the rest of stdin; what it prints is passed on as it comes.
# Where stdin cannot be used, its code and its input are given as words 3 and 4.
once() {
    timeout=$1 become=$2 seq=once program='' text=''
    open_directory
    if [ "$#" -gt 2 ]; then
        code=$3
        printf %b "$4" >"$dir/in" && exec <"$dir/in"
    else
        IFS= read -r code || broken "code"
    fi
    start_timer
    run
    rc=$?
    stop_timer
    # Both outputs are proven: the second may arrive long after the first.
    say end >&2
    say end "$rc" "$late"
}
