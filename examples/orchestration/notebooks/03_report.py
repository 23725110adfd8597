# Databricks notebook source
# MAGIC %md
# MAGIC # Report
# MAGIC Shows what the transformation passed on; the exit value is the report.

# COMMAND ----------

dbutils.widgets.text("run_date", "")

run_date = dbutils.widgets.get("run_date")
totals = dbutils.jobs.taskValues.get("transform", "totals", debugValue={})
currency = dbutils.jobs.taskValues.get("transform", "currency", default="EUR", debugValue="EUR")

# COMMAND ----------

import json

print(f"Orders by region on {run_date}")
dbutils.notebook.exit(
    json.dumps([{"region": region, "total": total, "currency": currency} for region, total in totals.items()])
)
