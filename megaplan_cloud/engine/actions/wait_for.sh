# Waits until a port, a path or a text in it is there, or with gone until it is not.
# shellcheck shell=sh disable=SC2016,SC2154
say() { printf '%s\0' "$@"; }
finish() {
    say elapsed $(($(date +%s) - begun)) "$@"
    exit
}
listening() {
    hex=$(printf ':%04X' "$port")
    for table in /proc/net/tcp /proc/net/tcp6; do
        [ -r "$table" ] || continue
        while read -r _ local _ state _; do
            case $local$state in
            *"$hex"0A) return 0 ;;
            esac
        done <"$table"
    done
    return 1
}
# Whatever the place has that can open a connection; on its own ports Linux can be asked.
open_port() {
    if command -v bash >/dev/null; then
        limit=
        ! command -v timeout >/dev/null || limit="timeout $connect"
        $limit bash -c 'exec 3<>"/dev/tcp/$0/$1"' "$host" "$port"
    elif command -v python3 >/dev/null; then
        python3 -c 'import socket, sys
socket.create_connection((sys.argv[1], int(sys.argv[2])), float(sys.argv[3]))' "$host" "$port" "$connect"
    elif command -v perl >/dev/null; then
        perl -MIO::Socket::INET -e \
            'exit !IO::Socket::INET->new(PeerAddr => $ARGV[0], PeerPort => $ARGV[1], Timeout => $ARGV[2])' \
            "$host" "$port" "$connect"
    else
        case $host in
        127.* | localhost | ::1 | 0.0.0.0) listening ;;
        *) nc -z -w "$connect" "$host" "$port" </dev/null ;;
        esac
    fi
} 2>/dev/null
# Answers in line the first line of path that matches.
found_line() {
    line=$(LC_ALL=C regex=$regex awk 'BEGIN { regex = ENVIRON["regex"] "" }
        ($0 "\n") ~ regex { print; found = 1; exit } END { exit !found }' "$path" 2>/dev/null)
}
there() {
    if [ -n "$port" ]; then
        open_port
    elif [ -n "$regex" ]; then
        found_line
    else
        [ -e "$path" ]
    fi
}
begun=$(date +%s)
eval "$1"
line=
sleep "$delay"
[ -n "$port$path" ] || { sleep "$timeout" && finish; }
while :; do
    if there; then
        [ -n "$gone" ] || finish line "$line"
    else
        [ -z "$gone" ] || finish
    fi
    [ $(($(date +%s) - begun)) -lt "$timeout" ] || break
    sleep "$pause"
done
say late 1
finish
