"""A chain on a terminal: its milestones, the phase at work, how long, and the log's last line."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from megaplan_cloud.cloud.progress import Progress
from megaplan_cloud.cloud.voice import Voice
from megaplan_cloud.engine.event import Event, Listener, OutputCame

REDRAWS = 8
WIDEST = 100


@contextmanager
def live_chain(voice: Voice, progress: Progress) -> Iterator[Listener]:
    """Give a listener that keeps the chain's picture on the terminal."""
    console = Console(
        file=voice.stderr,
        no_color=bool(voice.environment.get("NO_COLOR")),
        highlight=False,
        force_terminal=True,
    )
    spinner = Spinner("dots", style="cyan")

    def listen(event: Event) -> None:
        if isinstance(event, OutputCame) and progress.take(event.line) and progress.phase:
            words = f"  {progress.milestone or 'chain'} · {progress.phase}"
            console.print(Text(voice.redact(words), style="bright_black"))

    with Live(
        get_renderable=lambda: picture(progress, spinner, voice),
        console=console,
        refresh_per_second=REDRAWS,
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
    ):
        yield listen


def picture(progress: Progress, spinner: Spinner, voice: Voice) -> RenderableType:
    """Return the milestones, the moving line and the log's last line."""
    table = Table.grid(padding=(0, 1))
    passed = [str(each.get("label")) for each in progress.state.get("completed") or []]
    for label in progress.labels:
        at_work = label == progress.milestone
        mark: RenderableType = spinner if at_work else Text(*_glyph(done=label in passed))
        table.add_row(mark, Text(label, style="bold" if at_work else ""), _beside(progress, label))
    log = Text(voice.redact(progress.log_line)[:WIDEST], style="bright_black")
    return Group(table, log)


def _glyph(*, done: bool) -> tuple[str, str]:
    return ("✓", "green") if done else ("·", "bright_black")


def _beside(progress: Progress, label: str) -> Text:
    """Return what stands beside a milestone: its phase and how long that has taken."""
    if label != progress.milestone:
        return Text("")
    now = progress.clock()
    times = f"{now - progress.turned:.0f} s, {now - progress.begun:.0f} s in all"
    words = f"{progress.phase or 'starting'}  {times}"
    return Text(words, style="cyan")
