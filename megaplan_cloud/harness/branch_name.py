"""What a branch may be called: Git's own rules, told with the rule that is broken."""

import re

FORBIDDEN = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]")


def problem(name: str) -> str:
    """Return what is wrong with a branch name, as the end of a sentence; nothing if it is fine."""
    broken = FORBIDDEN.search(name)
    if broken:
        return f"holds {broken[0]!r}, which no branch name may"
    parts = name.split("/")
    rules = (
        (name == "", "is empty"),
        (name.startswith("-"), "begins with '-', like an option"),
        (name in ("@", "HEAD"), "means something else to Git"),
        ("" in parts, "has an empty part beside a '/'"),
        (".." in name, "holds '..'"),
        ("@{" in name, "holds '@{'"),
        (name.endswith("."), "ends with '.'"),
        (any(part.startswith(".") for part in parts), "has a part that begins with '.'"),
        (any(part.endswith(".lock") for part in parts), "has a part that ends with '.lock'"),
    )
    return next((said for wrong, said in rules if wrong), "")
