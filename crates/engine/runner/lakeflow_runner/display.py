"""`display` and `displayHTML`, and the value of a cell's last line."""

import sys

from . import output

ROW_LIMIT = 1000
PRINTED_ROWS = 20
CELL_WIDTH = 40


class NoSparkContext:
    """Stands for `sc`, which Spark Connect does not have."""

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        raise RuntimeError("sc (SparkContext) is not available: the local engine's `spark` is a Spark Connect session")


def display(value=None, *_args, **_kwargs):
    """Show a DataFrame, a pandas frame or a list as a table, and anything else as text."""
    found = table_of(value)
    if found is not None:
        show_table(*found)
    elif value is not None:
        show_value(value)


def display_html(html=""):
    """Show HTML: kept with the cell, named in the log."""
    recorder = output.recorder()
    if recorder is not None:
        recorder.add({"type": "html", "html": str(html)}, len(str(html)))
    else:
        print(html)


def show_value(value):
    """The value of an expression, as text, with its HTML form kept where it has one."""
    html = getattr(value, "_repr_html_", None)
    # A Spark frame would run its query for this.
    if callable(html) and output.recorder() is not None and not is_spark_frame(value):
        text = html()
        if isinstance(text, str):
            output.recorder().add({"type": "html", "html": text}, len(text))
    print(repr(value))


def is_spark_frame(value):
    module = type(value).__module__
    return module.startswith("pyspark.sql.") and type(value).__name__ == "DataFrame"


def table_of(value):
    """`(columns, rows, truncated)` with text rows, or None for what is no table."""
    if is_spark_frame(value):
        return rows_of_frame(value, ROW_LIMIT)
    pandas = sys.modules.get("pandas")
    if pandas is not None and isinstance(value, pandas.DataFrame):
        rows = [list(row) for row in value.head(ROW_LIMIT).itertuples(index=False)]
        return _texts([str(c) for c in value.columns], rows, len(value) > ROW_LIMIT)
    if isinstance(value, list) and value:
        cut = value[:ROW_LIMIT]
        if all(isinstance(row, dict) for row in cut):
            columns = list(dict.fromkeys(str(key) for row in cut for key in row))
            rows = [[{str(k): v for k, v in row.items()}.get(c) for c in columns] for row in cut]
            return _texts(columns, rows, len(value) > ROW_LIMIT)
        if all(isinstance(row, (tuple, list)) and len(row) == len(cut[0]) for row in cut):
            columns = list(getattr(cut[0], "_fields", None) or (f"_{i + 1}" for i in range(len(cut[0]))))
            return _texts(columns, [list(row) for row in cut], len(value) > ROW_LIMIT)
    return None


def rows_of_frame(frame, limit):
    """The first rows of a Spark frame as texts."""
    rows = frame.limit(limit + 1).collect()
    return _texts(list(frame.columns), [list(row) for row in rows[:limit]], len(rows) > limit)


def _texts(columns, rows, truncated):
    return columns, [[text_of(value) for value in row] for row in rows], truncated


def text_of(value):
    """A value as SQL results show it; None stays None."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (bytes, bytearray)):
        return bytes(value).hex()
    return str(value)


def show_table(columns, rows, truncated):
    """Keep a table with the cell and print its beginning."""
    recorder = output.recorder()
    if recorder is not None:
        size = sum(len(value or "") + 4 for row in rows for value in row)
        entry = {"type": "table", "columns": columns, "rows": rows, "truncated": truncated}
        recorder.add(entry, size)
    print(_drawn(columns, rows[:PRINTED_ROWS]))
    if truncated or len(rows) > PRINTED_ROWS:
        total = f"more than {len(rows)}" if truncated else str(len(rows))
        print(f"(first {min(PRINTED_ROWS, len(rows))} of {total} rows)")


def _drawn(columns, rows):
    def short(value):
        text = "null" if value is None else value.replace("\n", " ")
        return text if len(text) <= CELL_WIDTH else text[: CELL_WIDTH - 3] + "..."

    grid = [[short(c) for c in columns], *([short(v) for v in row] for row in rows)]
    widths = [max(len(row[i]) for row in grid) for i in range(len(columns))]
    rule = "+" + "+".join("-" * (width + 2) for width in widths) + "+"
    lines = ["|" + "|".join(f" {value:<{width}} " for value, width in zip(row, widths)) + "|" for row in grid]
    return "\n".join([rule, lines[0], rule, *lines[1:], rule])
