"""Where the house keeps what operators edit: playbooks, roles, templates, schemas, examples."""

from pathlib import Path

PACKAGE = Path(__file__).resolve().parent


def house() -> Path:
    """Return the folder that holds `playbooks/`, `roles/`, `templates/`, `schemas/`, `tasks.py`.

    In a checkout that is the top of the tree; installed from a wheel it travels in the package.
    """
    packed = PACKAGE / "_tree"
    return packed if packed.is_dir() else PACKAGE.parent
