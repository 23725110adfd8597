"""SQL tasks and `%sql` cells: statements in order, the rows of the last one."""

import os

from . import catalog_names, display, notebook_source
from .errors import INVALID_CONFIGURATION, TaskError
from .sql_rewrite import fill_legacy, parameters_in
from .sql_tokens import split_statements

ROW_LIMIT = 1000
BYTE_LIMIT = 48 * 1024


def run_file(attempt, tools, _spark):
    """A `.sql` file (reference section 23.3)."""
    path = notebook_source.find(attempt.request.get("path") or "", attempt.roots)
    if not attempt.request.get("cwd"):
        os.chdir(os.path.dirname(path))
    _run(attempt, notebook_source.read_text(path), tools)


def run_query(attempt, tools, _spark):
    """The text of a query."""
    _run(attempt, attempt.request.get("query") or "", tools)


def _run(attempt, text, tools):
    attempt.catalogs |= catalog_names.in_sql(text)
    frame = run_text(attempt, text, tools.widgets.getAll())
    found = ([], [], False) if frame is None else display.rows_of_frame(frame, ROW_LIMIT)
    attempt.result["sql_output"] = {
        "query_text": text,
        "statements": len(split_statements(text)),
        "query_result": query_result(*found),
    }
    if found[0]:
        display.show_table(*found)


def run_text(attempt, text, parameters):
    """Run the statements of `text`; returns the last one's frame. The first error ends it."""
    statements = split_statements(fill_legacy(text, parameters))
    if not statements:
        raise TaskError(INVALID_CONFIGURATION, "there is no SQL statement to run")
    frame = None
    for statement in statements:
        if frame is not None:
            # A query is only planned so far; its errors belong before the next statement.
            frame.limit(ROW_LIMIT).collect()
        used = parameters_in(statement)
        frame = attempt.lazy_spark.sql(statement, args={k: v for k, v in parameters.items() if k in used})
    return frame


def query_result(columns, rows, truncated):
    """Rows in the shape of `query_result` (reference section 3.10), cut to the platform's size."""
    kept, size = [], 0
    for row in rows:
        size += sum(len((value or "").encode("utf-8", "backslashreplace")) for value in row)
        if size > BYTE_LIMIT:
            truncated = True
            break
        kept.append({"values": [{"string_value": value} for value in row]})
    return {"columns": [{"name": name} for name in columns], "rows": kept, "truncated": truncated}
