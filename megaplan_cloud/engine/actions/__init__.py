"""The language's own actions, one file each: `<name>.py`, and `<name>.sh` where a place runs it."""
