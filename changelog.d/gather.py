"""Gather the fragments of this folder into CHANGELOG.md: `<topic>.<added|changed|fixed>.md`."""

from pathlib import Path

HERE = Path(__file__).resolve().parent
KINDS = ("added", "changed", "fixed")
HEAD = "# Changelog\n\nWhat operators notice, newest version first. Built from `changelog.d/`.\n"


def changelog(folder: Path = HERE) -> str:
    """Return the whole text of CHANGELOG.md for the fragments in `folder`."""
    sections = [HEAD, "## 0.1.0\n"]
    for kind in KINDS:
        fragments = sorted(folder.glob(f"*.{kind}.md"))
        if fragments:
            lines = [f"- {' '.join(file.read_text('utf-8').split())}\n" for file in fragments]
            sections.append(f"### {kind.capitalize()}\n\n{''.join(lines)}")
    return "\n".join(sections)


if __name__ == "__main__":
    (HERE.parent / "CHANGELOG.md").write_text(changelog(), "utf-8")
