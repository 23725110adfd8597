"""A run as HTML for notebooks: its state, a table of its tasks, and a small picture of when each of them ran.

Everything that comes from a host is text here, never markup. The picture is SVG with the colours of the states; it needs no
script and no style sheet, since notebooks remove both.
"""

from __future__ import annotations

from html import escape

from ._progress import span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._native import Run, TaskRun

TASKS = 200
"""Rows that are shown at most; a notebook's cell has a limit, and so has a reader."""

_WIDTH = 260
_ROW = 14
_GREEN, _RED, _BLUE, _GREY, _AMBER = "#2e7d32", "#c62828", "#1565c0", "#757575", "#b26a00"
_COLOURS = {
    "SUCCESS": _GREEN,
    "SUCCESS_WITH_FAILURES": _AMBER,
    "FAILED": _RED,
    "TIMEDOUT": _RED,
    "CANCELED": _AMBER,
    "RUNNING": _BLUE,
    "TERMINATING": _BLUE,
    "WAITING_FOR_RETRY": _AMBER,
}


def run(shown: Run) -> str:
    """The HTML of a run."""
    tasks = shown.tasks
    name = escape(shown.name or "run")
    title = f"{name} · {_link(str(shown.run_id), shown.page_url)}"
    took = f" · {span(shown.duration)}" if shown.duration is not None else ""
    message = f'<div style="margin:2px 0;color:{_GREY}">{escape(shown.message)}</div>' if shown.message else ""
    rows = "".join(_row(task, shown) for task in tasks[:TASKS])
    more = len(tasks) - TASKS
    note = f'<div style="color:{_GREY}">and {more} more tasks</div>' if more > 0 else ""
    head = "".join(
        f'<th style="text-align:left;padding:2px 10px 2px 0">{text}</th>'
        for text in ("task", "state", "duration", "attempt", "when")
    )
    table = (
        f'<table style="border-collapse:collapse;font-size:12px"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>'
        if tasks
        else ""
    )
    return (
        '<div style="font-family:sans-serif;font-size:13px">'
        f"<div><b>{title}</b> · {_badge(shown.state)}{took}</div>{message}{table}{note}</div>"
    )


def _row(task: TaskRun, shown: Run) -> str:
    cells = (
        _link(task.key, task.page_url),
        _badge(task.state),
        escape(span(task.duration)),
        str(task.attempt) if task.attempt else "",
        _bar(task, shown),
    )
    tip = f' title="{escape(task.message, quote=True)}"' if task.message else ""
    return (
        f"<tr{tip}>"
        + "".join(f'<td style="text-align:left;padding:2px 10px 2px 0">{cell}</td>' for cell in cells)
        + "</tr>"
    )


def _bar(task: TaskRun, shown: Run) -> str:
    """When the task ran, within the time of the run."""
    begin, start = shown.start_time, task.start_time
    if begin is None or start is None:
        return ""
    whole = max(shown.duration or 0.0, 0.001)
    left = max((start - begin).total_seconds(), 0.0)
    x = min(left / whole, 1.0) * _WIDTH
    width = min(max((task.duration or 0.0) / whole * _WIDTH, 2.0), _WIDTH)
    x = min(x, _WIDTH - width)
    colour = _COLOURS.get(task.state, _GREY)
    return (
        f'<svg width="{_WIDTH}" height="{_ROW}" role="img" aria-label="ran from {left:.1f} s for {task.duration or 0:.1f} s">'
        f'<rect width="{_WIDTH}" height="{_ROW}" fill="#8882" rx="2"></rect>'
        f'<rect x="{x:.1f}" width="{width:.1f}" height="{_ROW}" fill="{colour}" rx="2"></rect></svg>'
    )


def _badge(state: str) -> str:
    return f'<span style="color:{_COLOURS.get(state, _GREY)};font-weight:600">{escape(state)}</span>'


def _link(text: str, url: str | None) -> str:
    """A link when the address is one of the web: a run page must not carry a script."""
    if url is not None and url.startswith(("https://", "http://")):
        return f'<a href="{escape(url, quote=True)}" target="_blank" rel="noopener">{escape(text)}</a>'
    return escape(text)
