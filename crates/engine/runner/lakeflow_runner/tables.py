"""Creating and replacing tables where Sail's Unity Catalog provider refuses to (SPARK.md sections 3 and 4)."""

import uuid

from .sql_tokens import quote_name, quote_text, split_name


def save_as_table(state, writer, name, original):
    """`DataFrameWriter.saveAsTable`: `original` does it unless the table is new, or is to be replaced."""
    write = writer._write
    if (write.source or "delta").lower() != "delta" or not state.warehouse:
        return original()
    exists = state.session.catalog.tableExists(name)
    overwrite = _mode(write) == "overwrite"
    if exists and overwrite:
        new_schema = write.options.pop("overwriteSchema", "false").lower() == "true"
        frame = _frame(writer._df, state.session)
        return replace(state, frame, name, list(write.partitioning_cols or []), new_schema, write.options)
    if not exists:
        # With a path the table is external, which is the only kind Sail can create with nullable columns.
        if "path" not in write.options:
            writer.option("path", new_location(state, name))
        if overwrite:
            writer.mode("error")
    return original()


def write_to(state, writer, name, mode):
    """`DataFrameWriterV2.create` and the like; False when Sail is to do it."""
    write = writer._write
    if (write.provider or "delta").lower() != "delta" or not state.warehouse:
        return False
    exists = state.session.catalog.tableExists(name)
    if (mode == "create" and exists) or (mode == "replace" and not exists):
        return False
    frame = _frame(writer._df, state.session)
    columns = [frame.select(column).columns[0] for column in write.partitioning_columns or []]
    if exists:
        replace(state, frame, name, columns, True, write.options)
    else:
        frame.write.format("delta").options(**write.options).partitionBy(*columns).saveAsTable(name)
    return True


def replace(state, frame, name, partition_by=(), new_schema=True, options=None):
    """Put the rows of `frame` in the place of the table `name`.

    With the same columns the data is overwritten in one Delta commit. With others, which `new_schema` must allow,
    the rows are written to a new folder first and the name is moved to it, so that `frame` may read the old table.
    """
    options = {key: value for key, value in (options or {}).items() if key.lower() != "path"}
    session = state.session
    if not session.catalog.tableExists(name):
        frame.write.format("delta").options(**options).partitionBy(*partition_by).saveAsTable(name)
        return
    details = _details(session, name)
    before = [(field.name, field.dataType.simpleString()) for field in session.table(name).schema]
    after = [(field.name, field.dataType.simpleString()) for field in frame.schema]
    names = [column for column, _ in before]
    if not new_schema and {column for column, _ in after} != set(names):
        raise _mismatch(name, names, [column for column, _ in after])
    if new_schema and (after != before or partition_by):
        _swap(state, frame, name, partition_by, options)
    elif details.get("Type", "").upper() == "MANAGED":
        frame.select(*names).write.mode("overwrite").insertInto(name)
    else:
        frame.write.format("delta").mode("overwrite").options(**options).save(details["Location"])


def _swap(state, frame, name, partition_by, options):
    location = new_location(state, name)
    frame.write.format("delta").options(**options).partitionBy(*partition_by).save(location)
    columns = ", ".join(f"{quote_name(f.name)} {f.dataType.simpleString()}" for f in frame.schema)
    partitions = f" PARTITIONED BY ({', '.join(quote_name(c) for c in partition_by)})" if partition_by else ""
    state.session.sql(f"DROP TABLE IF EXISTS {name}")
    state.session.sql(f"CREATE TABLE {name} ({columns}) USING delta{partitions} LOCATION {quote_text(location)}")


def new_location(state, name):
    """A folder of its own for a new table: a dropped table's files are never in the way."""
    parts = split_name(name)
    if len(parts) < 2:
        parts = [state.session.catalog.currentDatabase().split(".")[-1], *parts]
    if len(parts) < 3:
        parts = [state.session.catalog.currentCatalog(), *parts]
    folder = "/".join(part.lower().replace("/", "_") for part in parts[-3:])
    return f"file://{state.warehouse.rstrip('/')}/{folder}-{uuid.uuid4()}"


def _details(session, name):
    """`Type`, `Location` and the like of a table."""
    rows = session.sql(f"DESCRIBE TABLE EXTENDED {name}").collect()
    return {row[0]: row[1] for row in rows if row[0]}


def _frame(plan, session):
    from pyspark.sql.connect.dataframe import DataFrame

    return DataFrame(plan, session)


def _mode(write):
    mode = write.mode
    return (mode or "").lower() if isinstance(mode, str) or mode is None else str(mode)


def _mismatch(name, before, after):
    from pyspark.errors import AnalysisException

    return AnalysisException(
        f"A schema mismatch detected when writing to the Delta table {name}. Table columns: {', '.join(before)}. "
        f"Data columns: {', '.join(after)}. To replace the schema, use .option('overwriteSchema', 'true')."
    )
