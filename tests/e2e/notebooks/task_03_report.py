# Databricks notebook source
# Totals and averages over all trips.
from pyspark.sql.functions import *
import json

dbutils.widgets.text("source_table", "samples.nyctaxi.trips")
table = dbutils.widgets.get("source_table")

report = spark.table(table).agg(
    count("*").alias("total_trips"),
    round(sum("fare_amount"), 2).alias("total_revenue"),
    round(avg("fare_amount"), 2).alias("avg_fare"),
    round(avg("trip_distance"), 2).alias("avg_distance"),
    round(max("fare_amount"), 2).alias("max_fare"),
).collect()[0]

print("=" * 30)
print(f"average fare      ${report.avg_fare:.2f}")
print(f"average distance  {report.avg_distance:.2f} miles")
print(f"highest fare      ${report.max_fare:.2f}")

dbutils.notebook.exit(
    json.dumps({
        "status": "SUCCESS",
        "total_trips": report.total_trips,
        "total_revenue": float(report.total_revenue),
    })
)
