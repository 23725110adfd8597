"""Queries for people and programs: the rows of the last statement as JSON objects (PROTOCOL.md section 3.1)."""

import base64
import datetime
import decimal
import math

from . import catalog_names, sql_task


def run(attempt, tools, _spark):
    """Statements in order; the rows of the last one, at most `limit`."""
    text = attempt.request.get("query") or ""
    limit = int(attempt.request.get("limit") or 0)
    attempt.catalogs |= catalog_names.in_sql(text)
    frame = sql_task.run_text(attempt, text, tools.widgets.getAll())
    fields = list(frame.schema.fields)
    names = _distinct([field.name for field in fields])
    rows = frame.limit(limit + 1).collect()
    kinds = [field.dataType for field in fields]
    attempt.result["rows"] = {
        "columns": [{"name": name, "type_text": kind.simpleString()} for name, kind in zip(names, kinds)],
        "rows": [
            {name: plain(value, kind) for name, value, kind in zip(names, row, kinds)} for row in rows[:limit]
        ],
        "truncated": len(rows) > limit,
    }


def _distinct(names):
    """Later columns of a name get a number: an object holds each name once."""
    seen, out = set(), []
    for name in names:
        number, one = 2, name
        while one in seen:
            one, number = f"{name}_{number}", number + 1
        seen.add(one)
        out.append(one)
    return out


def plain(value, kind):
    """A value of a row as JSON has it."""
    if value is None or isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, decimal.Decimal):
        near = float(value)
        return near if math.isfinite(near) and decimal.Decimal(repr(near)) == value else str(value)
    if isinstance(value, datetime.datetime):
        # A timestamp comes as local time without its zone, one without zone as it is.
        if type(kind).__name__ == "TimestampNTZType":
            return value.isoformat()
        return value.astimezone(datetime.timezone.utc).isoformat().replace("+00:00", "Z")
    if isinstance(value, (datetime.date, datetime.time)):
        return value.isoformat()
    if isinstance(value, (bytes, bytearray)):
        return base64.b64encode(bytes(value)).decode()
    return _nested(value, kind)


def _nested(value, kind):
    fields = getattr(kind, "fields", None)
    if fields is not None:
        return {field.name: plain(one, field.dataType) for field, one in zip(fields, value)}
    if isinstance(value, dict):
        key, inner = getattr(kind, "keyType", None), getattr(kind, "valueType", None)
        return {str(plain(k, key)): plain(v, inner) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(one, getattr(kind, "elementType", None)) for one in value]
    return str(value)
