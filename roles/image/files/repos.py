"""Write what became of the checkouts for the health server, as a deploy would write it.

Words: a file with one JSON line for each repository, the file to write. Prints which are not
usable, and exits 1 then.
"""

import json
import sys
from pathlib import Path

FINE = ("cloned", "present")


def main(found: str, target: str) -> int:
    """Write the file; return the exit code."""
    repos = [json.loads(line) for line in Path(found).read_text(encoding="utf-8").splitlines()]
    told = [
        {
            "name": repo["name"],
            "workspace": repo["workspace"],
            "fine": repo["status"] in FINE,
            "reason": repo["reason"],
        }
        for repo in repos
    ]
    lines = ",\n".join(f"  {json.dumps(one)}" for one in told)
    part = Path(f"{target}.part")
    part.write_text(f'{{"repos": [\n{lines}\n]}}\n', encoding="utf-8")
    part.chmod(0o600)
    part.replace(target)
    bad = [f"{one['workspace']}: {one['reason']}" for one in told if not one["fine"]]
    print("; ".join(bad))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
