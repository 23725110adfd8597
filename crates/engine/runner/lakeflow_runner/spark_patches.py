"""What is changed on the Spark Connect client: names, paths, and the few calls Sail does not do.

Patches go on the classes once per process; they ask `_state`, set by `install`, for names and folders.
"""

import atexit
import functools
import glob
import os

from . import display, tables
from .paths import Paths
from .sql_rewrite import Replace, parameters_in, rewrite_names, rewrite_paths, rewrite_statement

_state = None


class State:
    """What the engine said about this session."""

    def __init__(self, session, answer, attempt):
        self.session = session
        self.aliases = answer.get("aliases") or {}
        self.warehouse = answer.get("warehouse")
        self.paths = Paths(attempt.request)


def install(session, answer, attempt):
    """Patch the client's classes and remember this session's settings."""
    global _state
    first, _state = _state is None, State(session, answer, attempt)
    if first:
        _patch()


def quiet_exit(session):
    """Take away the client's exit hook: with its server gone it retries for minutes."""
    try:
        atexit.unregister(session.client._on_exit)
    except AttributeError:
        pass


def _patch():
    from pyspark.sql.connect.dataframe import DataFrame
    from pyspark.sql.connect.readwriter import DataFrameReader, DataFrameWriter, DataFrameWriterV2
    from pyspark.sql.connect.session import SparkSession

    DataFrame.display = display.display
    SparkSession.sql = _sql(SparkSession.sql)
    for owner, method in ((SparkSession, "table"), (DataFrameReader, "table"), (DataFrameWriter, "insertInto")):
        setattr(owner, method, _with_name(getattr(owner, method)))
    for method in ("load", "csv", "json", "parquet", "text", "orc"):
        setattr(DataFrameReader, method, _reading(getattr(DataFrameReader, method)))
    for method in ("save", "csv", "json", "parquet", "text", "orc"):
        setattr(DataFrameWriter, method, _with_path(getattr(DataFrameWriter, method)))
    DataFrameWriter.saveAsTable = _save_as_table(DataFrameWriter.saveAsTable)
    for mode in ("create", "replace", "createOrReplace"):
        setattr(DataFrameWriterV2, mode, _write_to(getattr(DataFrameWriterV2, mode), mode))


def _sql(original):
    @functools.wraps(original)
    def sql(self, sqlQuery, args=None, **kwargs):
        values = args if isinstance(args, dict) else {}
        text = rewrite_paths(rewrite_names(sqlQuery, _state.aliases), _state.paths.for_spark)
        plan = rewrite_statement(text, values)
        if isinstance(plan, Replace):
            used = _used(plan.query, args)
            frame = original(self, plan.query, used, **kwargs)
            tables.replace(_state, frame, plan.table, plan.partition_by)
            return original(self, "SELECT CAST(NULL AS BIGINT) AS num_affected_rows WHERE false")
        result = None
        for statement in plan:
            result = original(self, statement, _used(statement, args), **kwargs)
        return result

    return sql


def _used(statement, args):
    """The arguments a statement still has a place for; a list is passed as it is."""
    if not isinstance(args, dict):
        return args
    names = parameters_in(statement)
    return {key: value for key, value in args.items() if key in names} or None


def _with_name(original):
    @functools.wraps(original)
    def method(self, tableName, *args, **kwargs):
        return original(self, _real_name(tableName), *args, **kwargs)

    return method


def _with_path(original):
    @functools.wraps(original)
    def method(self, path=None, *args, **kwargs):
        return original(self, _state.paths.for_spark(path), *args, **kwargs)

    return method


def _reading(original):
    """Sail reads a path without files as an empty table; Spark fails, and so does this."""

    @functools.wraps(original)
    def method(self, path=None, *args, **kwargs):
        local = _state.paths.for_spark(path)
        for given, one in zip(_listed(path), _listed(local)):
            _must_exist(given, one)
        return original(self, local, *args, **kwargs)

    return method


def _listed(path):
    return path if isinstance(path, (list, tuple)) else [path]


def _must_exist(given, local):
    """Local paths only, wildcards included; what Spark would say when there is nothing."""
    if not isinstance(local, str) or not local.startswith(("/", "file:/")):
        return
    plain = "/" + local[len("file:") :].lstrip("/") if local.startswith("file:") else local
    if not os.path.exists(plain) and not glob.glob(plain):
        from pyspark.errors import AnalysisException

        raise AnalysisException(f"[PATH_NOT_FOUND] Path does not exist: {given}")


def _real_name(name):
    return rewrite_names(name, _state.aliases) if isinstance(name, str) else name


def _save_as_table(original):
    @functools.wraps(original)
    def saveAsTable(self, name, format=None, mode=None, partitionBy=None, **options):
        self.mode(mode).options(**options)
        if partitionBy is not None:
            self.partitionBy(partitionBy)
        if format is not None:
            self.format(format)
        name = _real_name(name)
        if "path" in self._write.options:
            self.option("path", _state.paths.for_spark(self._write.options["path"]))
        tables.save_as_table(_state, self, name, lambda: original(self, name))

    return saveAsTable


def _write_to(original, mode):
    @functools.wraps(original)
    def write(self):
        if tables.write_to(_state, self, _real_name(self._table_name), mode):
            return
        original(self)

    return write
