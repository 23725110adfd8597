"""Progress while a run is waited for: a block in a notebook, bars on a terminal, a line for each change elsewhere.

Where it is shown is found out by asking what is there: a kernel to display in, a terminal on standard error. No class is
known by its name. What is shown is the module's reading of the run; nothing here decides what a state means.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Protocol, TextIO

    from ._native import Run

    class Progress(Protocol):
        """Shows runs as they change."""

        def update(self, run: Run) -> None:
            """Shows the run as it is now."""
            ...

        def close(self) -> None:
            """Leaves the last picture."""
            ...


def make() -> Progress:
    """The progress that suits where the program runs."""
    display = _display()
    if display is not None:
        return Notebook(display)
    stream = sys.stderr
    if stream is not None and stream.isatty():
        return Bars(stream)
    return Lines(stream)


def _display() -> Any:
    """IPython's ``display`` where there is a kernel that shows HTML; IPython is asked only when it is loaded already."""
    ipython: Any = sys.modules.get("IPython")
    shell: Any = ipython.get_ipython() if ipython is not None and hasattr(ipython, "get_ipython") else None
    if shell is None or getattr(shell, "kernel", None) is None:
        return None
    import importlib

    return importlib.import_module("IPython.display").display


class _Html:
    """A text that notebooks show as HTML."""

    def __init__(self, html: str, text: str) -> None:
        self._html = html
        self._text = text

    def _repr_html_(self) -> str:
        return self._html

    def __repr__(self) -> str:
        return self._text


class Notebook:
    """One block that is drawn anew at each change."""

    def __init__(self, display: Any) -> None:
        self._show = display
        self._handle: Any = None

    def update(self, run: Run) -> None:
        from . import _html

        block = _Html(_html.run(run), repr(run))
        if self._handle is None:
            self._handle = self._show(block, display_id=True)
        else:
            self._handle.update(block)

    def close(self) -> None:
        self._handle = None


class Lines:
    """A line for each change."""

    def __init__(self, stream: TextIO | None) -> None:
        self._stream = stream
        self._before: Run | None = None

    def update(self, run: Run) -> None:
        if self._before is None:
            page = f"  {plain(run.page_url)}" if run.page_url else ""
            self._line(f"run {run.run_id}  {plain(run.name or '')}{page}")
        for key, attempt, state, message, seconds in run._changes(self._before):
            number = f" (attempt {attempt})" if attempt else ""
            after = f" after {span(seconds)}" if seconds else ""
            said = f": {plain(message)}" if message else ""
            self._line(f"run {run.run_id}  {plain(key)}{number}  {state}{after}{said}")
        if run.is_terminal or self._before is None or self._before.state != run.state:
            self._line(f"run {run.run_id}  {run.state}")
        self._before = run

    def close(self) -> None:
        self._before = None

    def _line(self, text: str) -> None:
        if self._stream is not None:
            self._stream.write(text + "\n")
            self._stream.flush()


class Bars:
    """A bar for the run and a line for each task at work, drawn over the last picture."""

    WIDTH = 30
    TASKS = 8

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._drawn = 0

    def update(self, run: Run) -> None:
        counts = run.progress
        total = max(counts["total"], 1)
        done = counts["succeeded"] + counts["failed"] + counts["skipped"]
        filled = self.WIDTH * done // total
        bar = "█" * filled + "░" * (self.WIDTH - filled)
        lines = [f"{plain(run.name or 'run')} {run.run_id}  {bar} {done}/{counts['total']}  {run.state}  {span(run.duration)}"]
        shown = [task for task in run.tasks if task.start_time is not None and (not task.is_terminal or not task.is_success)]
        for task in shown[: self.TASKS]:
            lines.append(f"  {plain(task.key):<24.24} {task.state:<10} {span(task.duration)}")
        if len(shown) > self.TASKS:
            lines.append(f"  … {len(shown) - self.TASKS} more")
        up = f"\x1b[{self._drawn}A" if self._drawn else ""
        self._stream.write(up + "".join(f"\r\x1b[2K{line[: self._columns()]}\n" for line in lines))
        extra = self._drawn - len(lines)
        if extra > 0:
            self._stream.write("\x1b[2K\n" * extra + f"\x1b[{extra}A")
        self._stream.flush()
        self._drawn = len(lines)

    def close(self) -> None:
        self._drawn = 0

    def _columns(self) -> int:
        import os

        try:
            return max(os.get_terminal_size(self._stream.fileno()).columns - 1, 20)
        except (OSError, ValueError):
            return 100


def span(seconds: float | None) -> str:
    """A duration for people."""
    if seconds is None:
        return ""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min {rest:02d} s"


def plain(text: str) -> str:
    """A name without what a terminal would obey."""
    return "".join(c if c.isprintable() else "�" for c in text)
