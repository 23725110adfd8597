"""The medallion example, run by the command as a user does, against the same aggregates in plain Python."""

import json
import os
import pathlib
import shutil
import subprocess

import flights
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
CSV = pathlib.Path(os.environ["LAKEFLOW_FLIGHTS"])
LAKEFLOW = os.environ["LAKEFLOW_BIN"]
LATE_MINUTES = 30


def lakeflow(*arguments, cwd):
    return subprocess.run([LAKEFLOW, *arguments], cwd=cwd, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def example(tmp_path_factory):
    """A copy of the example after one run; its folder and the run's id."""
    folder = tmp_path_factory.mktemp("medallion")
    unwanted = shutil.ignore_patterns("data", ".lakeflow")
    shutil.copytree(ROOT / "examples" / "medallion", folder, dirs_exist_ok=True, ignore=unwanted)
    (folder / "data").symlink_to(CSV)
    ran = lakeflow("run", "flights_medallion", "--json", "--param", f"late_minutes={LATE_MINUTES}", cwd=folder)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return folder, json.loads(ran.stdout.splitlines()[0])["run_id"]


@pytest.fixture(scope="module")
def expected():
    return flights.tallies(CSV, LATE_MINUTES)


def exit_value(example, task):
    """What the notebook of a task exited with; for a for-each task, one value an iteration."""
    folder, run = example
    told = lakeflow("runs", "output", str(run), "--task", task, "--json", cwd=folder)
    assert told.returncode == 0, told.stderr
    documents = [json.loads(line) for line in told.stdout.splitlines()]
    return [json.loads(document["result"]) for document in documents if "result" in document]


def near(shown, computed, digits):
    """A rounded value of the table against the unrounded one; half a digit of play for the two ways to round."""
    return abs(shown - computed) <= 0.5 * 10**-digits + 1e-9


def test_delays_by_weather(example, expected):
    (table,) = exit_value(example, "gold_delays_by_weather")
    by_kind = expected[0]
    assert {row["kind"] for row in table} == set(by_kind)
    for row in table:
        tally = by_kind[row["kind"]]
        assert row["flights"] == tally.flights
        assert near(row["avg_dep_delay"], flights.mean(tally.departures), 1)
        assert near(row["late_percent"], 100 * tally.late / len(tally.departures), 1)
        assert near(row["cancelled_percent"], 100 * tally.cancelled / tally.flights, 2)


def test_days_with_the_most_cancelled_flights(example, expected):
    (table,) = exit_value(example, "gold_daily_flights")
    worst = sorted(expected[1].items(), key=lambda item: (-item[1].cancelled, item[0]))[:5]
    assert [(row["flight_date"], row["flights"], row["cancelled"]) for row in table] == [
        (day, tally.flights, tally.cancelled) for day, tally in worst
    ]
    assert all(near(row["avg_dep_delay"], flights.mean(t.departures), 1) for row, (_, t) in zip(table, worst))


def test_one_report_for_each_of_the_largest_carriers(example, expected):
    reports = {row["carrier"]: row for (row,) in exit_value(example, "carrier_reports")}
    largest = sorted(expected[2].items(), key=lambda item: -item[1].flights)[:4]
    assert set(reports) == {carrier for carrier, _ in largest}
    for carrier, tally in largest:
        row = reports[carrier]
        assert (row["flights"], row["destinations"]) == (tally.flights, len(tally.destinations))
        assert near(row["avg_arr_delay"], flights.mean(tally.arrivals), 1)
        assert near(row["late_percent"], 100 * tally.late / len(tally.departures), 1)


def test_too_few_flights_leave_the_reports_out(example):
    folder, _ = example
    ran = lakeflow("run", "flights_medallion", "--json", "--param", "min_flights=1000000000", cwd=folder)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert '"EXCLUDED"' in ran.stdout
