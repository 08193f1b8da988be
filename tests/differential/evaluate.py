"""Evaluates the expressions with ansible-core and prints what each gives, as JSON."""

import contextlib
import json
import sys
from typing import Any

from ansible.errors import AnsibleError  # type: ignore[import-untyped]
from ansible.parsing.dataloader import DataLoader  # type: ignore[import-untyped]
from ansible.plugins.loader import init_plugin_loader  # type: ignore[import-untyped]
from ansible.template import Templar, trust_as_template  # type: ignore[import-untyped]


def trusted(value: Any) -> Any:
    """Return the value as it comes from a playbook: its texts are templates."""
    match value:
        case str():
            return trust_as_template(value)
        case dict():
            return {key: trusted(each) for key, each in value.items()}
        case list():
            return [trusted(each) for each in value]
        case _:
            return value


def main() -> None:
    """Read `{variables, expressions: [[text, condition], …]}`; print `[value]` or null for each."""
    page = json.load(sys.stdin)
    init_plugin_loader()
    templar = Templar(DataLoader(), trusted(page["variables"]))
    results: list[Any] = []
    for text, condition in page["expressions"]:
        evaluate = templar.evaluate_conditional if condition else templar.template
        results.append(None)
        # Ansible warns on stdout of what it will refuse one day.
        with contextlib.suppress(AnsibleError), contextlib.redirect_stdout(sys.stderr):
            value = evaluate(trusted(text))
            results[-1] = [type(value).__name__.replace("_AnsibleTagged", "").lower(), value]
    json.dump(results, sys.stdout, default=repr)


if __name__ == "__main__":
    main()
