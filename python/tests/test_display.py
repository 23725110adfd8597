"""What people see: the HTML of a run, and progress in its three forms."""

from __future__ import annotations

import io
import re
import sys
from html.parser import HTMLParser
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from lakeflow_jobs import Jobs, Run, _progress

EVIL = "<img src=x onerror=alert(1)>\"'&\x1b[31m"


def run(state: str = "RUNNING", name: str = "nightly", tasks: int = 2, url: str = "https://example.com/1") -> Run:
    def phase(word: str) -> dict[str, Any]:
        if word in ("RUNNING", "PENDING", "BLOCKED"):
            return {"state": word}
        kind = "SUCCESS" if word == "SUCCESS" else "CLIENT_ERROR"
        code = "SUCCESS" if word == "SUCCESS" else "RUN_EXECUTION_ERROR"
        return {"state": "TERMINATED", "termination_details": {"code": code, "type": kind, "message": name}}

    return Run.from_dict(
        {
            "run_id": 7,
            "run_name": name,
            "run_page_url": url,
            "status": phase(state),
            "start_time": 1_760_000_000_000,
            "end_time": 0 if state == "RUNNING" else 1_760_000_010_000,
            "tasks": [
                {
                    "task_key": f"{name}-{n}",
                    "run_id": 8 + n,
                    "run_page_url": url,
                    "status": phase(state),
                    "start_time": 1_760_000_001_000,
                    "end_time": 0 if state == "RUNNING" else 1_760_000_005_000,
                }
                for n in range(tasks)
            ],
        }
    )


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def parsed(html: str) -> Tags:
    tags = Tags()
    tags.feed(html)
    tags.close()
    assert tags.open == []
    return tags


def test_html_shows_state_tasks_and_when_they_ran() -> None:
    html = run("SUCCESS")._repr_html_()
    tags = [tag for tag, _ in parsed(html).seen]
    assert tags.count("tr") == 3 and tags.count("svg") == 2
    assert "SUCCESS" in html and "4.0 s" in html and "https://example.com/1" in html


@pytest.mark.parametrize("url", ["javascript:alert(1)", 'https://x/"onmouseover="alert(1)', "data:text/html,x"])
def test_html_is_safe_against_markup(url: str) -> None:
    tags = parsed(run("FAILED", EVIL, url=url)._repr_html_()).seen
    assert {tag for tag, _ in tags} <= {"div", "b", "span", "a", "table", "thead", "tbody", "tr", "th", "td", "svg", "rect"}
    for _, attributes in tags:
        assert not [name for name in attributes if name.startswith("on")]
        assert (attributes.get("href") or "https:").startswith("https:")


def test_html_of_many_tasks_is_bounded() -> None:
    html = run("SUCCESS", tasks=1000)._repr_html_()
    assert len(html) < 500_000 and "and 800 more tasks" in html


def test_a_line_for_each_change_and_no_other() -> None:
    out = io.StringIO()
    lines = _progress.Lines(out)
    lines.update(run("RUNNING", "a"))
    first = out.getvalue()
    lines.update(run("RUNNING", "a"))
    assert out.getvalue() == first
    lines.update(run("SUCCESS", "a"))
    added = out.getvalue()[len(first) :].splitlines()
    assert added == ["run 7  a-0  SUCCESS after 4.0 s: a", "run 7  a-1  SUCCESS after 4.0 s: a", "run 7  SUCCESS"]


def test_names_cannot_drive_a_terminal() -> None:
    for make in (_progress.Lines, _progress.Bars):
        out = io.StringIO()
        progress = make(out)
        progress.update(run("RUNNING", EVIL))
        assert "\x1b[31m" not in out.getvalue()


def test_bars_are_drawn_over_themselves() -> None:
    out = io.StringIO()
    bars = _progress.Bars(out)
    bars.update(run("RUNNING"))
    bars.update(run("SUCCESS"))
    bars.close()
    assert "\x1b[3A" in out.getvalue()
    last = re.sub(r"\x1b\[[0-9]*[A-Z]", "", out.getvalue()).splitlines()
    assert any("░" in line and "0/2" in line for line in last) and any("█" * 30 in line for line in last)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_where_it_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "IPython", raising=False)
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    assert isinstance(_progress.make(), _progress.Lines)
    monkeypatch.setattr(sys, "stderr", Terminal())
    assert isinstance(_progress.make(), _progress.Bars)
    ipython, display = ModuleType("IPython"), ModuleType("IPython.display")
    vars(display)["display"] = lambda *_, **__: None
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    monkeypatch.setitem(sys.modules, "IPython.display", display)
    # A shell of whatever class: one that has a kernel shows HTML, one that has none is a terminal.
    vars(ipython)["get_ipython"] = lambda: SimpleNamespace(kernel=object())
    assert isinstance(_progress.make(), _progress.Notebook)
    vars(ipython)["get_ipython"] = lambda: SimpleNamespace()
    assert isinstance(_progress.make(), _progress.Bars)


def test_a_flag_turns_it_off(jobs: Jobs, engine: Any, capsys: pytest.CaptureFixture[str]) -> None:
    jobs("hello").run(progress=False)
    engine.jobs(progress=False)("hello").run()
    assert capsys.readouterr().err == ""
    jobs("hello").run()
    assert "greet  SUCCESS" in capsys.readouterr().err


def test_a_run_is_frozen_and_plain_outside_notebooks() -> None:
    shown = run("SUCCESS")
    assert repr(shown) == 'Run(run_id=7, name="nightly", state="SUCCESS", tasks=2)'
    with pytest.raises(AttributeError):
        shown.run_id = 8  # type: ignore[misc]
    assert hash(shown) == hash(run("SUCCESS")) and shown == run("SUCCESS")
    assert Run.from_json([page.encode() for page in shown.pages]) == shown


def test_an_unknown_state_is_neither_over_nor_success() -> None:
    odd = Run.from_dict({"run_id": 1, "status": {"state": "LEVITATING"}, "state": {"life_cycle_state": "HOVERING"}})
    assert (odd.state, odd.is_terminal, odd.is_success) == ("LEVITATING", False, False)
