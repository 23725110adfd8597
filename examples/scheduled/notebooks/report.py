# Databricks notebook source
dbutils.widgets.text("landing", "")
dbutils.widgets.text("day", "")
landing, day = dbutils.widgets.get("landing"), dbutils.widgets.get("day")

# COMMAND ----------
try:
    files = len(dbutils.fs.ls(landing))
except FileNotFoundError:
    # Nothing has ever arrived.
    files = 0

dbutils.notebook.exit(f"{day}: {files} files")
