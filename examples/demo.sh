#!/bin/sh
# The main job from end to end, in a box on this machine: examples/demo.sh [clean]
# Everything it makes stands under .demo/ of the checkout, except what every box leaves in
# ~/.megaplan/cloud; `clean` removes both.
set -eu

top=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd -P)
demo=$top/.demo

# Show a command as it would be typed, then run it. On a terminal it prints no JSON; in a pipe
# the JSON is left out here, where it would drown what people read.
run() {
    printf '\n$ %s\n' "$*" >&2
    if [ -t 1 ]; then "$@"; else "$@" >/dev/null; fi
}

clean() {
    [ -d "$demo" ] || { echo "Nothing to clean: there is no $demo." >&2; return 0; }
    cd "$demo"
    [ ! -f cloud.yaml ] || run invoke destroy --yes
    cd "$top"
    forget
    rm -rf "$demo"
    echo "Removed $demo and its box." >&2
}

# `destroy` keeps the marker of the last chain, so that its status can still be asked for; the demo
# leaves nothing, and no empty folder either.
forget() {
    name=$(python -c 'import hashlib, sys; print(hashlib.sha256(sys.argv[1].encode()).hexdigest()[:16])' \
        "$demo/cloud.yaml")
    cloud=$HOME/.megaplan/cloud
    rm -rf "$cloud/markers/$name"
    for folder in "$cloud/markers" "$cloud/process" "$cloud" "$HOME/.megaplan"; do
        rmdir "$folder" 2>/dev/null || :
    done
}

start() {
    mkdir -p "$demo"
    cd "$demo"
    run python "$top/examples/quickstart/prepare.py" "$demo/receipts.git" >/dev/null
    if [ ! -f cloud.yaml ]; then
        run invoke init --provider process
        run sed -i.bak "s|url: .*|url: $demo/receipts.git|" cloud.yaml
    fi
    run invoke deploy
    run invoke chain --spec "$top/examples/quickstart/chain.yaml" --wait
    run invoke status --chain
    printf '\n$ git log --oneline --graph --all\n' >&2
    git -C "$demo/receipts.git" --no-pager log --oneline --graph --all
    cat >&2 <<END

That was a whole chain: three plans, written, tested and pushed without you.
  cd .demo && ../.venv/bin/invoke logs --chain --no-follow     what the runner said
  make demo-clean                                              removes the box and .demo
END
}

case "${1:-start}" in
    start | clean) "${1:-start}" ;;
    *) echo "usage: examples/demo.sh [clean]" >&2; exit 2 ;;
esac
