# Databricks notebook source
# Makes the sample table that the demo reads: 120 trips of a minute each, one mile longer every tenth trip.
dbutils.widgets.text("table", "samples.nyctaxi.trips")
table = dbutils.widgets.get("table")

# COMMAND ----------

from datetime import datetime, timedelta

start = datetime(2016, 2, 14, 12, 0, 0)
rows = [
    (start, start + timedelta(minutes=1 + n % 3), float(n // 10), 2.5 + n // 10, "10001")
    for n in range(120)
]
columns = "tpep_pickup_datetime timestamp, tpep_dropoff_datetime timestamp, trip_distance double, fare_amount double, pickup_zip string"
catalog, schema, _ = table.split(".")
spark.sql(f"CREATE SCHEMA IF NOT EXISTS {catalog}.{schema}")
spark.createDataFrame(rows, columns).write.mode("overwrite").saveAsTable(table)
