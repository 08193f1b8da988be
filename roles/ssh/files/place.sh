# Says in one word whose a directory is: sh -s DIRECTORY BOX.
# ours, free (not there, or empty), foreign, or closed when it cannot be made or written.
set -eu
directory=$1 box=$2 there=$1
until [ -e "$there" ]; do there=$(dirname "$there"); done
if [ -r "$directory/box" ] && [ "$(cat "$directory/box")" = "$box" ]; then
    echo ours
elif [ -e "$directory/box" ] || { [ -d "$directory" ] && [ -n "$(ls -A "$directory")" ]; }; then
    echo foreign
elif [ -d "$there" ] && [ -w "$there" ]; then
    echo free
else
    echo "closed $there"
fi
