# Shows the log of a container, then that of the one that takes its place: sh -s CONTAINER.
# `docker logs --follow` ends with its container; whoever follows a box wants to see it come back.
set -eu
container=$1 last='' since=0

# Prints the number, the state and the time of the last end of the container; nothing without one.
look() {
    docker inspect --format '{{.Id}} {{.State.Status}} {{.State.FinishedAt}}' "$container" 2>/dev/null || :
}

while :; do
    # shellcheck disable=SC2046
    set -- $(look)
    if [ "${2:-}" = running ]; then
        # Of a container that was seen before, only what it has said since it ended.
        if [ "$1" = "$last" ]; then since=$3; else since=0; fi
        if [ -n "$last" ]; then docker logs --follow --since "$since" "$container" 2>&1 || :
        else docker logs --follow --tail 200 "$container" 2>&1 || :; fi
        last=$1
    fi
    sleep 0.5
done
