"""A client for what no playbook is needed for: `sync` a directory, or read a file's `output`."""

import sys
from pathlib import Path

from megaplan_cloud.engine.command import Command
from megaplan_cloud.engine.inventory import Inventory


def main() -> None:
    """Do what the words say at a host: the ssh configuration, its name, the verb, two paths."""
    config, host, verb, source, target = sys.argv[1:]
    inventory = Inventory({"host": {"address": host, "config": config}})
    inventory.prepare("host")
    connection = inventory.connection("host")
    if verb == "sync":
        rc = connection.sync(Path(source), target).rc
    else:
        seen = 0

        def count(block: bytes) -> None:
            nonlocal seen
            seen += len(block)

        rc = connection.stream(Command(("cat", source)), count)
        rc = rc or seen != int(target)
    inventory.close()
    sys.exit(rc)


if __name__ == "__main__":
    main()
