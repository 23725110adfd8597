# Databricks notebook source
# MAGIC %md
# MAGIC # Transform
# MAGIC Adds up the orders of each region. Fails when it is asked to, so that a repair can be tried.

# COMMAND ----------

dbutils.widgets.text("source", "../data/orders.csv")
dbutils.widgets.dropdown("currency", "EUR", ["EUR", "USD"])
dbutils.widgets.text("fail_in", "nothing")

source = dbutils.widgets.get("source")
currency = dbutils.widgets.get("currency")
expected = dbutils.jobs.taskValues.get("validate", "row_count", debugValue=40)

if dbutils.widgets.get("fail_in") == "transform":
    raise RuntimeError("asked to fail by fail_in=transform")

# COMMAND ----------

import csv
from collections import defaultdict
from decimal import Decimal

totals = defaultdict(Decimal)
rows = 0
with open(source, newline="") as file:
    for order in csv.DictReader(file):
        totals[order["region"]] += Decimal(order["amount"])
        rows += 1
if rows != expected:
    raise ValueError(f"{rows} orders, but {expected} were validated")

# COMMAND ----------

dbutils.jobs.taskValues.set("totals", {region: str(total) for region, total in sorted(totals.items())})
dbutils.jobs.taskValues.set("currency", currency)
print(f"{rows} orders in {len(totals)} regions")
