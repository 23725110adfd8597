# Databricks notebook source
# Adds the duration and the cost of a mile to each trip.
from pyspark.sql.functions import *
import json

dbutils.widgets.text("source_table", "samples.nyctaxi.trips")
dbutils.widgets.text("run_date", "")

table = dbutils.widgets.get("source_table")
run_date = dbutils.widgets.get("run_date") or str(current_date())

# COMMAND ----------

# Nobody sets this value: the default is used.
try:
    before = json.loads(dbutils.jobs.taskValues.get(taskKey="validate", key="returnValue", default="{}"))
    print(f"validated before: {before}")
except:
    print("not in a job")

# COMMAND ----------

minutes = (col("tpep_dropoff_datetime").cast("long") - col("tpep_pickup_datetime").cast("long")) / 60
per_mile = when(col("trip_distance") > 0, round(col("fare_amount") / col("trip_distance"), 2)).otherwise(0)

transformed = (
    spark.table(table)
    .withColumn("trip_duration_minutes", round(minutes, 2))
    .withColumn("cost_per_mile", per_mile)
    .withColumn("processing_date", lit(run_date))
)
rows = transformed.count()
transformed.select("trip_distance", "fare_amount", "trip_duration_minutes", "cost_per_mile").show(5)

dbutils.notebook.exit(json.dumps({"status": "SUCCESS", "rows_transformed": rows}))
