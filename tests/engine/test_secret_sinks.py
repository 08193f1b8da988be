"""A secret that goes all the way through a run shows in none of what the run leaves behind."""

import base64
import io
import json
from pathlib import Path
from urllib.parse import quote

import pytest

from megaplan_cloud.engine.console import console
from megaplan_cloud.engine.event import Event
from megaplan_cloud.engine.play import play
from megaplan_cloud.engine.redaction import Redactor
from megaplan_cloud.engine.secret import MASK, Secret

SENTINEL = "s3nt1nel/val+ue 0123456789"

PLAYBOOK = """
- name: Use a secret everywhere
  hosts: controller
  vars:
    header: "X {{ token }}"
  environment:
    TOKEN: "{{ token }}"
  tasks:
    - name: Print it from the environment
      shell: printf '%s\\n' "$TOKEN"; printf '%s' "$TOKEN" | base64; printf '%s' "$TOKEN" >&2
      register: printed

    - name: Print what was printed
      debug:
        msg: "{{ printed.stdout }} and {{ header }}"

    - name: Show the variable
      debug:
        var: header

    - name: Keep it as a fact
      set_fact:
        kept: {value: "{{ token | upper }}", list: ["{{ token }}"]}

    - name: Loop over it
      debug:
        msg: "{{ item }}"
      loop: ["{{ token }}", "{{ kept.value }}"]

    - name: Write it
      copy:
        content: "token={{ token }}\\n"
        dest: "{{ playbook_dir }}/secret"
        mode: "0600"

    - name: Give it as input
      command:
        cmd: cat
        stdin: "{{ header }}"
      register: read

    - name: Assert about it
      assert:
        that: read.stdout == ''
        fail_msg: "it was {{ token }}"
      ignore_errors: true

    - name: Use it in a condition that is none
      debug:
        msg: never
      when: token
      ignore_errors: true

    - name: Put it into a name {{ token }}
      fail:
        msg: "because of {{ token }}"
      ignore_errors: true

    - name: Fail with it in the output
      shell: printf '%s' "$TOKEN"; exit 1
"""


@pytest.mark.parametrize("check", [False, True])
def test_no_sink_shows_a_secret(tmp_path: Path, check: bool) -> None:  # noqa: FBT001
    """Report, journal, console and events, plain and in every encoding; the file has it."""
    playbook = tmp_path / "play.yml"
    playbook.write_text(PLAYBOOK, encoding="utf-8")
    journal = tmp_path / "journal.jsonl"
    said: list[Event] = []
    screen = io.StringIO()

    with console(screen, Redactor().redact, {}) as listener:

        def hear(event: Event) -> None:
            said.append(event)
            listener(event)

        report = play(
            playbook,
            variables={"token": Secret(SENTINEL)},
            journal=journal,
            check=check,
            diff=True,
            listener=hear,
        )

    sinks = {
        "report": json.dumps(report.as_json(), ensure_ascii=False),
        "journal": journal.read_text(encoding="utf-8"),
        "console": screen.getvalue(),
        "events": repr(said),
    }
    assert [task.name for task in report.tasks()][-1].startswith("Fail with it")
    assert check or MASK in sinks["console"]
    shown = [name for name, text in sinks.items() for form in forms() if form in text]
    assert shown == []
    if not check:
        assert (tmp_path / "secret").read_text(encoding="utf-8") == f"token={SENTINEL}\n"


def forms() -> list[str]:
    """Return what must be seen nowhere."""
    data = SENTINEL.encode()
    return [
        SENTINEL,
        SENTINEL.upper(),
        base64.b64encode(data).decode()[:20],
        quote(SENTINEL),
        data.hex(),
        "0123456789",
    ]
