"""An Ansible callback that writes down what came of each task, and nothing for people."""

import json
import os
from pathlib import Path
from typing import Any

from ansible.plugins.callback import CallbackBase  # type: ignore[import-untyped]

DOCUMENTATION = """
name: witness
type: stdout
short_description: Writes down what came of each task
description: [For the differential tests.]
"""


class CallbackModule(CallbackBase):  # type: ignore[misc]
    """Keeps a row for each task and each item; the file named by WITNESS gets them at the end."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "stdout"
    CALLBACK_NAME = "witness"

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[dict[str, Any]] = []
        self.items: list[dict[str, Any]] = []

    def _row(self, result: Any, status: str) -> dict[str, Any]:
        found = result._result
        fields = result._task_fields
        return {
            "name": fields.get("name") or "",
            "action": fields.get("action", "").removeprefix("ansible.builtin."),
            "status": status if status != "ok" or not found.get("changed") else "changed",
            "msg": found.get("msg"),
            "label": found.get("_ansible_item_label"),
        }

    def _task(self, result: Any, status: str) -> None:
        self.rows.append({**self._row(result, status), "items": self.items})
        self.items = []

    def v2_runner_on_ok(self, result: Any) -> None:
        """Note a task that did its work."""
        self._task(result, "ok")

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:  # noqa: FBT001, FBT002
        """Note a task that failed."""
        self._task(result, "ignored" if ignore_errors else "failed")

    def v2_runner_on_skipped(self, result: Any) -> None:
        """Note a task that was skipped."""
        self._task(result, "skipped")

    def v2_runner_on_unreachable(self, result: Any) -> None:
        """Note a host that could not be reached."""
        self._task(result, "unreachable")

    def v2_runner_item_on_ok(self, result: Any) -> None:
        """Note an item that did its work."""
        self.items.append(self._row(result, "ok"))

    def v2_runner_item_on_failed(self, result: Any) -> None:
        """Note an item that failed."""
        self.items.append(self._row(result, "failed"))

    def v2_runner_item_on_skipped(self, result: Any) -> None:
        """Note an item that was skipped."""
        self.items.append(self._row(result, "skipped"))

    def v2_playbook_on_stats(self, _stats: object) -> None:
        """Write the rows down."""
        Path(os.environ["WITNESS"]).write_text(json.dumps(self.rows, default=str), encoding="utf-8")
