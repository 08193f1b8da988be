#!/bin/sh
# Make sure that tmux and git are here. Installs them where no question is needed, else says how.
set -eu

missing=
for tool in tmux git; do
    command -v "$tool" >/dev/null 2>&1 || missing="$missing $tool"
done
[ -n "$missing" ] || exit 0

# How this machine installs packages, as a command to show and, where nobody has to answer, to run.
if command -v apt-get >/dev/null 2>&1; then
    install="apt-get install --yes$missing"
elif command -v dnf >/dev/null 2>&1; then
    install="dnf install --assumeyes$missing"
elif command -v pacman >/dev/null 2>&1; then
    install="pacman --sync --noconfirm$missing"
elif command -v apk >/dev/null 2>&1; then
    install="apk add$missing"
elif command -v brew >/dev/null 2>&1; then
    install="brew install$missing"
else
    echo "Missing:$missing. Install them with your system's package manager, then run this again." >&2
    exit 2
fi

case "$install" in
    brew*) run="$install" ;;
    *) if [ "$(id -u)" = 0 ]; then run="$install"
       elif sudo -n true 2>/dev/null; then run="sudo -n $install"
       else
           echo "Missing:$missing. Install with: sudo $install" >&2
           exit 2
       fi ;;
esac

echo "Installing$missing: $run"
case "$run" in *apt-get*) ${run%%apt-get*} apt-get update -qq || true ;; esac
if ! $run >/dev/null; then
    echo "That did not work. Install$missing by hand, then run this again: $run" >&2
    exit 2
fi
