# Databricks notebook source
# MAGIC %md
# MAGIC # Silver: flights
# MAGIC Typed columns. The source writes `NA` for what did not happen: a flight without a departure time was cancelled.

# COMMAND ----------

dbutils.widgets.text("catalog", "flights")
catalog = dbutils.widgets.get("catalog")

# COMMAND ----------

from pyspark.sql import functions as F


def number(name):
    column = F.col(name)
    return F.when(column != "NA", column.cast("double")).cast("int").alias(name)


spark.sql(f"CREATE SCHEMA IF NOT EXISTS {catalog}.silver")

silver = spark.table(f"{catalog}.bronze.flights").select(
    F.to_date(F.concat_ws("-", "year", F.lpad("month", 2, "0"), F.lpad("day", 2, "0"))).alias("flight_date"),
    number("hour"),
    "carrier",
    "origin",
    "dest",
    number("dep_delay"),
    number("arr_delay"),
    number("distance"),
    (F.col("dep_time") == "NA").alias("cancelled"),
)
silver.write.mode("overwrite").saveAsTable(f"{catalog}.silver.flights")

# COMMAND ----------

display(
    spark.table(f"{catalog}.silver.flights")
    .groupBy("origin")
    .agg(F.count("*").alias("flights"), F.sum(F.col("cancelled").cast("int")).alias("cancelled"))
    .orderBy("origin")
)
