# Databricks notebook source
# Refuses a source table with too few rows.
import json

dbutils.widgets.text("source_table", "samples.nyctaxi.trips")
dbutils.widgets.text("min_rows", "100")

table = dbutils.widgets.get("source_table")
least = int(dbutils.widgets.get("min_rows"))

rows = spark.table(table).count()
if rows < least:
    raise Exception(f"{table} has {rows} rows; at least {least} are needed")

dbutils.notebook.exit(json.dumps({"status": "SUCCESS", "source_table": table, "row_count": rows}))
