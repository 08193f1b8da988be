"""W1 as pyinfra reads it: the same files, commands and looks as `playbook.yml`."""

from pathlib import Path

from pyinfra.context import host
from pyinfra.facts.files import File
from pyinfra.operations import files, python, server

HERE = Path(__file__).parent
TARGET = host.data.target.replace("HOST", host.name)
MARKER, PORT = "benchmark", 8000

files.directory(name="Make the directory", path=TARGET, mode="755")

for name in ("app", "web", "db", "cache", "log"):
    files.template(
        name=f"Write the settings of {name}",
        src=str(HERE / "templates" / f"{name}.conf.j2"),
        dest=f"{TARGET}/{name}.conf",
        mode="644",
        marker=MARKER,
    )

kernel = server.shell(name="Ask for the kernel", commands=["uname -s"])
server.shell(name="Ask for the user", commands=["id -un"])
server.shell(name="Count the settings", commands=[f"cat {TARGET}/*.conf | wc -l"])
server.shell(name="Ask for the first line", commands=[f"head -n 1 {TARGET}/app.conf"])
server.shell(name="List the directory", commands=[f"ls {TARGET}"])

for name in ("app.conf", "web.conf", "absent"):
    host.get_fact(File, path=f"{TARGET}/{name}")

files.line(name="Allow one guest", path=f"{TARGET}/guests", line="guest = one")
files.line(
    name="Limit the number of guests",
    path=f"{TARGET}/limits",
    line=f"guests = {PORT - 7990}",
)

if PORT == 1:
    server.shell(name="Do what another port needs", commands=[f"touch {TARGET}/other-port"])
if MARKER == "other":
    server.shell(name="Do what another marker needs", commands=[f"touch {TARGET}/other-marker"])

for part in ("one", "two", "three", "four", "five"):
    server.shell(
        name=f"Write the file of part {part}",
        commands=[f"printf '%s\\n' {part} > {TARGET}/part-{part}"],
    )


def write_kernel() -> None:
    """Write what the kernel said; pyinfra knows that only while it runs."""
    said, _, _ = kernel.stdout.partition("\n")
    done, _ = host.run_shell_command(f"printf '%s\\n' '{said}' > {TARGET}/kernel")
    if not done:
        raise RuntimeError("the kernel cannot be written down")


python.call(name="Write down what the kernel said", function=write_kernel)
