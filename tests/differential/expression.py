"""The expressions that both sides evaluate, with the variables they see."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

FILE = Path(__file__).parent / "expressions.yml"


@dataclass(frozen=True, slots=True)
class Expression:
    """A template, or a condition; `differs` names the row of docs/differences.md that it holds."""

    text: Any
    condition: bool = False
    differs: str = ""


def variables() -> dict[str, Any]:
    """Return the variables that the expressions see; their texts are templates too."""
    return dict(yaml.safe_load(FILE.read_text(encoding="utf-8"))["variables"])


def expressions() -> list[Expression]:
    """Return every expression of the file."""
    page = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    differing = {repr(text): name for name, texts in page["differs"].items() for text in texts}
    templates = [
        Expression(text, differs=differing.get(repr(text), "")) for text in page["templates"]
    ]
    conditions = [
        Expression(text, condition=True, differs=differing.get(repr(text), ""))
        for text in page["conditions"]
    ]
    return templates + conditions
