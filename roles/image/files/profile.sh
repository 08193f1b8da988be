# Gives a login shell of the box its secrets: `invoke exec` and `invoke attach` have them too.
if [ -r /run/megaplan/secrets.sh ]; then . /run/megaplan/secrets.sh; fi
