"""The aggregates of the medallion example, computed from the CSV files by plain Python.

Nothing here shares a line or a library with the notebooks: it reads the files with `csv` and counts.
"""

import csv
from collections import defaultdict


def rows(folder, name):
    with open(folder / f"{name}.csv", newline="", encoding="utf-8") as file:
        yield from csv.DictReader(file)


def number(text):
    return None if text == "NA" else float(text)


def date(row):
    return f"{int(row['year']):04}-{int(row['month']):02}-{int(row['day']):02}"


def kind_of_weather(hours):
    """The kind of one airport's hour, which the clock change in autumn gives twice."""

    def known(name):
        return [value for value in (number(hour[name]) for hour in hours) if value is not None]

    def at_most(values, limit):
        return bool(values) and min(values) <= limit

    visibility, precipitation, wind, temperature = (known(n) for n in ("visib", "precip", "wind_speed", "temp"))
    if visibility and min(visibility) < 3:
        return "low visibility"
    if precipitation and max(precipitation) > 0:
        return "snow or ice" if at_most(temperature, 32) else "rain"
    return "strong wind" if wind and max(wind) >= 20 else "fair"


def weather_by_hour(folder):
    hours = defaultdict(list)
    for row in rows(folder, "weather"):
        hours[row["origin"], date(row), int(row["hour"])].append(row)
    return {key: kind_of_weather(found) for key, found in hours.items()}


class Tally:
    """Counts and sums of a group of flights."""

    def __init__(self):
        self.flights = self.cancelled = self.late = 0
        self.departures, self.arrivals, self.destinations = [], [], set()

    def add(self, flight, late_minutes):
        self.flights += 1
        self.cancelled += flight["dep_time"] == "NA"
        self.destinations.add(flight["dest"])
        departure, arrival = number(flight["dep_delay"]), number(flight["arr_delay"])
        if departure is not None:
            self.departures.append(departure)
            self.late += departure > late_minutes
        if arrival is not None:
            self.arrivals.append(arrival)


def tallies(folder, late_minutes):
    """Flights by kind of weather, by day and by carrier."""
    weather = weather_by_hour(folder)
    by_kind, by_day, by_carrier = (defaultdict(Tally) for _ in range(3))
    for flight in rows(folder, "flights"):
        by_day[date(flight)].add(flight, late_minutes)
        by_carrier[flight["carrier"]].add(flight, late_minutes)
        kind = weather.get((flight["origin"], date(flight), int(flight["hour"])))
        if kind is not None:
            by_kind[kind].add(flight, late_minutes)
    return by_kind, by_day, by_carrier


def mean(values):
    return sum(values) / len(values)
