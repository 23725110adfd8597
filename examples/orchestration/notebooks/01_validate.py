# Databricks notebook source
# MAGIC %md
# MAGIC # Validate
# MAGIC Reads the orders, refuses too few or broken ones, and tells the next task how many there are.

# COMMAND ----------

dbutils.widgets.text("source", "../data/orders.csv", "CSV file of orders")
dbutils.widgets.text("min_rows", "10", "Fewest rows that are worth a run")

source = dbutils.widgets.get("source")
min_rows = int(dbutils.widgets.get("min_rows"))

# COMMAND ----------

import csv

with open(source, newline="") as file:
    orders = list(csv.DictReader(file))

if len(orders) < min_rows:
    raise ValueError(f"{source} has {len(orders)} rows, fewer than {min_rows}")
negative = [order["order_id"] for order in orders if float(order["amount"]) < 0]
if negative:
    raise ValueError(f"orders with a negative amount: {', '.join(negative)}")

# COMMAND ----------

import json

dbutils.jobs.taskValues.set("row_count", len(orders))
dbutils.notebook.exit(json.dumps({"status": "valid", "rows": len(orders)}))
