#!/bin/sh
# Answers git with the token of this box, as `git-credential-megaplan`. The token stands in no file
# of git's: it is read where the box keeps its secrets, when git asks.
set -eu
[ "${1:-}" = get ] || exit 0
cat >/dev/null
if [ -r /run/megaplan/secrets.sh ]; then . /run/megaplan/secrets.sh; fi
token=${GITHUB_TOKEN:-${GH_TOKEN:-}}
[ -z "$token" ] || printf 'username=x-access-token\npassword=%s\n' "$token"
