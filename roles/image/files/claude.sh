#!/bin/sh
# Calls claude with the first way to sign in that the box has: the refresh token of a subscription,
# an access token, a metered key. Left to itself, claude would take the key first.
set -eu
if [ -r /run/megaplan/secrets.sh ]; then . /run/megaplan/secrets.sh; fi
if [ -n "${CLAUDE_CODE_REFRESH_TOKEN:-}" ]; then
    if token=$(python3 -S /usr/local/lib/megaplan/claude_token.py /workspace/.creds/claude-token.json); then
        CLAUDE_CODE_OAUTH_TOKEN=$token
        export CLAUDE_CODE_OAUTH_TOKEN
    else
        echo "claude: the refresh token does not work; the other ways to sign in are tried" >&2
    fi
    unset CLAUDE_CODE_REFRESH_TOKEN
fi
if [ -n "${CLAUDE_CODE_OAUTH_TOKEN:-}" ]; then
    unset ANTHROPIC_API_KEY
    # With --bare it looks nowhere else.
    for word in "$@"; do
        if [ "$word" = --bare ]; then
            ANTHROPIC_API_KEY=$CLAUDE_CODE_OAUTH_TOKEN
            export ANTHROPIC_API_KEY
            break
        fi
    done
fi
exec /usr/local/bin/claude "$@"
