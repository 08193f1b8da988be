"""W1, once: its steps as shell, from the same templates that every tool renders.

Twenty tasks, 22 operations: a directory, five files from templates, five commands whose output is
kept, three looks, two lines in files, two conditions that do not hold, a loop of five, and one
command that needs an earlier one's output. `playbook.yml` and `deploy.py` say the same.
"""

from hashlib import sha256
from pathlib import Path
from shlex import quote

HERE = Path(__file__).parent / "w1"
PLAYBOOK = HERE / "playbook.yml"
DEPLOY = HERE / "deploy.py"
NAMES = ("app", "web", "db", "cache", "log")
PARTS = ("one", "two", "three", "four", "five")
LEFT_BEHIND = (
    *(f"{name}.conf" for name in NAMES),
    *(f"part-{part}" for part in PARTS),
    *("guests", "limits", "kernel"),
)


def steps() -> list[str]:
    """Return what W1 does at a host, one shell command per operation, in `$target`."""
    return [
        'mkdir -p "$target" && chmod 755 "$target"',
        *(_write(f"{name}.conf", name) for name in NAMES),
        "kernel=$(uname -s)",
        "user=$(id -un)",
        'count=$(cat "$target"/*.conf | wc -l)',
        'first=$(head -n 1 "$target/app.conf")',
        'listing=$(ls "$target")',
        *(f'found=$(stat -c %a:%s "$target/{name}.conf")' for name in ("app", "web")),
        'if [ -e "$target/absent" ]; then exit 1; fi',
        _line("guests", "^guest = one$", "guest = one"),
        _line("limits", "^guests =", "guests = 10"),
        *(f"printf '%s\\n' {part} >\"$target/part-{part}\"" for part in PARTS),
        'printf \'%s\\n\' "${kernel:-$(uname -s)}" >"$target/kernel"',
    ]


def script() -> str:
    """Return all steps as one script: the least that a run can cost."""
    return "\n".join(("set -e", *steps(), ""))


def _write(file: str, name: str) -> str:
    """Return a command that writes a file if its checksum differs, and proves what it wrote."""
    text = _rendered(name)
    target, checksum = f'"$target/{file}"', sha256(text.encode()).hexdigest()
    have = f'[ "$(sha256sum {{}} 2>/dev/null | cut -c 1-64)" = {checksum} ]'
    part = f'"$target/.{file}"'
    write = f"printf %s {quote(text)} >{part}; {have.format(part)}; mv {part} {target}"
    return f"if ! {have.format(target)}; then {write}; chmod 644 {target}; fi"


def _rendered(name: str) -> str:
    """Return a template with its values, as far as a shell knows them beforehand."""
    text = (HERE / "templates" / f"{name}.conf.j2").read_text(encoding="utf-8")
    return text.replace("{{ marker }}", "benchmark")


def _line(file: str, pattern: str, line: str) -> str:
    path = f'"$target/{file}"'
    put = f"sed -i {quote(f'/{pattern}/d')} {path}; echo {quote(line)} >>{path}"
    return f"if ! grep -qx {quote(line)} {path} 2>/dev/null; then touch {path}; {put}; fi"
