# Wait until the box that has the label LABEL has booted: sh -s LABEL RUN ROOT SECONDS.
# Ends with 1 when its container has ended, or booted with a volume that is not ours, and with 2
# when the time is up; the last line says why.
set -eu
label=$1 run=$2 root=$3 seconds=$4
deadline=$(($(date +%s) + seconds))

id=$(docker ps --all --quiet --no-trunc --filter "label=$label" | head -n 1)
[ -n "$id" ] || { echo "there is no container"; exit 1; }
while :; do
    state=$(docker inspect --format '{{.State.Status}} {{.RestartCount}}' "$id")
    if [ "$state" != "running 0" ]; then
        docker logs --tail 20 "$id" 2>&1
        echo "its container ended with exit code $(docker inspect --format '{{.State.ExitCode}}' "$id")"
        exit 1
    fi
    if seen=$(docker exec "$id" sh -c '[ -f "$0/ready.json" ] &&
        { cat "$0/components/volume"; python3 -S "$0/healthserver.py" --probe --run "$0" --root "$1" >/dev/null || [ $? = 1 ]; }' \
        "$run" "$root" 2>/dev/null)
    then
        case $seen in
            broken*) echo "its volume is not usable: ${seen#*?broken}" | tr '\n' ' '; exit 1 ;;
        esac
        exit 0
    fi
    if [ "$(date +%s)" -ge "$deadline" ]; then
        docker logs --tail 20 "$id" 2>&1
        echo "its boot was not over after $seconds s"
        exit 2
    fi
    sleep 0.2
done
