"""A terminal: this one, joined to a program that runs behind a pty somewhere else."""

import os
import select
import shutil
import signal
import sys
import termios
import tty
from types import FrameType

import paramiko

from megaplan_cloud.engine.channel import BLOCK


def join_terminal(session: paramiko.Channel, command: str) -> int:
    """Run `command` behind a pty and pass everything through, raw; return its exit code."""
    size = shutil.get_terminal_size()
    session.get_pty(os.environ.get("TERM", "xterm"), size.columns, size.lines)
    session.exec_command(command)
    keyboard = sys.stdin.fileno()
    if not os.isatty(keyboard):
        _pass_through(session, keyboard)
        return session.recv_exit_status()

    def resize(_signal: int, _frame: FrameType | None) -> None:
        size = shutil.get_terminal_size()
        session.resize_pty(size.columns, size.lines)

    before = termios.tcgetattr(keyboard)
    handler = signal.signal(signal.SIGWINCH, resize)
    try:
        tty.setraw(keyboard)
        _pass_through(session, keyboard)
    finally:
        signal.signal(signal.SIGWINCH, handler)
        termios.tcsetattr(keyboard, termios.TCSADRAIN, before)
    return session.recv_exit_status()


def _pass_through(session: paramiko.Channel, keyboard: int) -> None:
    screen = sys.stdout.fileno()
    inputs = [keyboard, session.fileno()]
    while not session.closed:
        ready, _, _ = select.select(inputs, [], [])
        if session.fileno() in ready:
            data = session.recv(BLOCK)
            if not data:
                return
            os.write(screen, data)
        if keyboard in ready:
            typed = os.read(keyboard, BLOCK)
            if typed:
                session.sendall(typed)
            else:
                session.shutdown_write()
                inputs.remove(keyboard)
