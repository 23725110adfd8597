# Databricks notebook source
# What the trigger has seen is in this folder; the run looks for itself, since more may have come since.
dbutils.widgets.text("location", "")
location = dbutils.widgets.get("location")

# COMMAND ----------
import json

rows = {}
for file in dbutils.fs.ls(location):
    text = dbutils.fs.head(file.path, 1_000_000)
    rows[file.name] = len(text.splitlines())
    print(f"{file.name}: {rows[file.name]} rows")

dbutils.notebook.exit(json.dumps(rows, sort_keys=True))
