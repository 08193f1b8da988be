"""A live console: one calm line per task on a terminal, and one that moves for what is at work."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import monotonic
from typing import TextIO

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from megaplan_cloud.engine.console import (
    BAD,
    remarks,
    shown_items,
    shown_time,
    summary,
    unremarkable,
)
from megaplan_cloud.engine.event import (
    Event,
    Listener,
    OutputCame,
    PlayStarted,
    RunEnded,
    TaskEnded,
    TaskStarted,
    TaskWaits,
)
from megaplan_cloud.engine.report import Report, TaskReport, explain
from megaplan_cloud.engine.result import Status

LOOKS: dict[Status, tuple[str, str]] = {
    Status.OK: ("✓", "green"),
    Status.CHANGED: ("●", "yellow"),
    Status.SKIPPED: ("·", "bright_black"),
    Status.FAILED: ("✗", "bold red"),
    Status.RESCUED: ("↺", "magenta"),
    Status.IGNORED: ("!", "yellow"),
    Status.UNREACHABLE: ("✗", "bold red"),
    Status.UNPROVEN: ("?", "bold red"),
    Status.UNKNOWN: ("?", "cyan"),
}
DIFF = {"+": "green", "-": "red", "@": "cyan"}
REDRAWS = 8


@contextmanager
def live(stream: TextIO, redact: Callable[[str], str], *, colour: bool) -> Iterator[Listener]:
    """Give a listener that keeps a moving line on the terminal while tasks are at work."""
    console = Console(file=stream, no_color=not colour, highlight=False, force_terminal=True)
    screen = Screen(console, redact)
    with Live(
        get_renderable=screen.moving,
        console=console,
        refresh_per_second=REDRAWS,
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
    ):
        yield screen


@dataclass(slots=True)
class Running:
    """A task at work: what to show of it, and since when."""

    spinner: Spinner
    text: str
    since: float


@dataclass(slots=True)
class Screen:
    """A listener that prints finished tasks above the line of those still running."""

    console: Console
    redact: Callable[[str], str]
    hosts: int = 1
    running: dict[str, Running] = field(default_factory=dict)

    def __call__(self, event: Event) -> None:
        """Show the event."""
        match event:
            case PlayStarted(name, place, hosts):
                self.hosts = len(hosts)
                self.console.print(self.header(name, place))
            case TaskStarted(name, host, item):
                self.start(host, name if item is None else f"{name}: {item}")
            case TaskWaits(name, host, attempt, attempts) if host in self.running:
                self.running[host].text = self.redact(f"{name} (attempt {attempt} of {attempts})")
            case OutputCame(_, _, line):
                self.console.print(Text(f"      │ {self.redact(line)}", style="bright_black"))
            case TaskEnded(report):
                self.running.pop(report.host, None)
                if not unremarkable(report):
                    self.console.print(self.ended(report))
            case RunEnded(report):
                self.running.clear()
                self.console.print(self.summary(report))

    def start(self, host: str, text: str) -> None:
        """Show a task as running, from now."""
        spinner = Spinner("dots", style="cyan")
        self.running[host] = Running(spinner, self.redact(text), monotonic())

    def moving(self) -> RenderableType:
        """Return the lines of the tasks at work; rich asks again for each redraw."""
        return Group(*(self.running_line(*entry) for entry in list(self.running.items())))

    def running_line(self, host: str, running: Running) -> RenderableType:
        """Return the line of one running task: a spinner, its name, how long already."""
        elapsed = shown_time(monotonic() - running.since).strip(" ()")
        name = Text(running.text, style="bold")
        if self.hosts > 1:
            name.append(f"  {host}", style="bright_black")
        return row(running.spinner, name, elapsed)

    def header(self, name: str, place: str) -> Text:
        """Return the line above a play's tasks."""
        text = Text(f"\n{self.redact(name)}", style="bold")
        where = place if self.hosts == 1 else f"{place}, {self.hosts} hosts"
        return text.append(f"  {where}", style="bright_black not bold")

    def line(self, report: TaskReport, name: str, *, indent: int = 2) -> RenderableType:
        """Return the line of a finished task or item: glyph, name, time."""
        glyph, style = LOOKS[report.status]
        quiet = report.status is Status.SKIPPED
        text = Text(self.redact(name), style="bright_black" if quiet else "")
        if self.hosts > 1:
            text.append(f"  {report.host}", style="bright_black")
        if report.status in (Status.IGNORED, Status.RESCUED, Status.UNPROVEN, Status.UNREACHABLE):
            text.append(f"  {report.status}", style=style)
        return row(Text(glyph, style=style), text, shown_time(report.duration).strip(" ()"), indent)

    def ended(self, report: TaskReport) -> RenderableType:
        """Return all there is to show of a finished task."""
        parts = [self.line(report, report.name)]
        parts += [self.line(item, item.item or "", indent=4) for item in shown_items(report)]
        parts += [self.remark(report, line) for line in remarks(report)]
        if report.status in BAD:
            parts.append(self.failure(report))
        return Group(*parts)

    def remark(self, report: TaskReport, line: str) -> Text:
        """Return a line that a task has to say; a diff in the colours everybody knows."""
        said = report.status is Status.UNKNOWN or report.action == "debug"
        style = (
            "" if said else {"+": "green", "-": "red", "@": "cyan"}.get(line[:1], "bright_black")
        )
        return Text(f"      {self.redact(line)}", style=style)

    def summary(self, report: Report) -> Text:
        """Return the last line: green when all is well."""
        style = "bold red" if report.failed else "bold green"
        return Text(f"\n{self.redact(summary(report))}", style=style)

    def failure(self, report: TaskReport) -> Panel:
        """Return the frame that tells why a task failed and what to do now."""
        place, *rest = [Text(self.redact(line)) for line in explain(report)]
        place.stylize("bright_black")
        title = Text(str(report.status), style="bold red")
        return Panel(Group(place, *rest), title=title, title_align="left", border_style="red")


def row(mark: RenderableType, name: Text, time: str, indent: int = 2) -> Table:
    """Return one line: a mark, what it marks, and at the right edge how long it took."""
    table = Table.grid(padding=(0, 1), expand=True)
    table.add_column(width=indent + 1, justify="right", no_wrap=True)
    table.add_column(ratio=1)
    table.add_column(justify="right", no_wrap=True, style="bright_black")
    table.add_row(mark, name, time)
    return table
