# Databricks notebook source
# MAGIC %md
# MAGIC # Gold: delays by weather
# MAGIC How late departures are in each kind of weather. The share of flights with known weather is checked against the
# MAGIC number of flights that bronze passed on.

# COMMAND ----------

dbutils.widgets.text("catalog", "flights")
dbutils.widgets.text("late_minutes", "15")
dbutils.widgets.text("run_date", "")

catalog = dbutils.widgets.get("catalog")
late_minutes = int(dbutils.widgets.get("late_minutes"))
run_date = dbutils.widgets.get("run_date")
bronze_rows = dbutils.jobs.taskValues.get("bronze_flights", "row_count", debugValue=336776)

# COMMAND ----------

from pyspark.sql import functions as F

spark.sql(f"CREATE SCHEMA IF NOT EXISTS {catalog}.gold")

flights = spark.table(f"{catalog}.silver.flights")
weather = spark.table(f"{catalog}.silver.weather").select("origin", "flight_date", "hour", "kind")

gold = (
    flights.join(weather, ["origin", "flight_date", "hour"])
    .groupBy("kind")
    .agg(
        F.count("*").alias("flights"),
        F.round(F.avg("dep_delay"), 1).alias("avg_dep_delay"),
        F.round(100 * F.avg((F.col("dep_delay") > late_minutes).cast("int")), 1).alias("late_percent"),
        F.round(100 * F.avg(F.col("cancelled").cast("int")), 2).alias("cancelled_percent"),
    )
    .withColumn("run_date", F.lit(run_date))
)
gold.write.mode("overwrite").saveAsTable(f"{catalog}.gold.delays_by_weather")

# COMMAND ----------

import json

table = spark.table(f"{catalog}.gold.delays_by_weather").orderBy(F.desc("avg_dep_delay")).collect()
matched = sum(row["flights"] for row in table)
if matched < 0.9 * bronze_rows:
    raise ValueError(f"only {matched} of {bronze_rows} flights have weather: is a month of weather missing?")

columns = ["kind", "flights", "avg_dep_delay", "late_percent", "cancelled_percent"]
dbutils.notebook.exit(json.dumps([{name: row[name] for name in columns} for row in table]))
