# Databricks notebook source
# MAGIC %md
# MAGIC # Silver: weather
# MAGIC One row for each airport and hour, with the kind of weather that matters to a departure.

# COMMAND ----------

dbutils.widgets.text("catalog", "flights")
catalog = dbutils.widgets.get("catalog")

# COMMAND ----------

from pyspark.sql import functions as F


def number(name):
    column = F.col(name)
    return F.when(column != "NA", column.cast("double")).alias(name)


spark.sql(f"CREATE SCHEMA IF NOT EXISTS {catalog}.silver")

typed = spark.table(f"{catalog}.bronze.weather").select(
    "origin",
    F.to_date(F.concat_ws("-", "year", F.lpad("month", 2, "0"), F.lpad("day", 2, "0"))).alias("flight_date"),
    F.col("hour").cast("int").alias("hour"),
    number("temp"),
    number("wind_speed"),
    number("precip"),
    number("visib"),
)
# The clocks go back once a year: the hour then stands twice, and a flight may count only once.
hourly = typed.groupBy("origin", "flight_date", "hour").agg(
    F.min("temp").alias("temp"),
    F.max("wind_speed").alias("wind_speed"),
    F.max("precip").alias("precip"),
    F.min("visib").alias("visib"),
)
silver = hourly.withColumn(
    "kind",
    F.when(F.col("visib") < 3, "low visibility")
    .when((F.col("precip") > 0) & (F.col("temp") <= 32), "snow or ice")
    .when(F.col("precip") > 0, "rain")
    .when(F.col("wind_speed") >= 20, "strong wind")
    .otherwise("fair"),
)
silver.write.mode("overwrite").saveAsTable(f"{catalog}.silver.weather")

# COMMAND ----------

# MAGIC %sql
# MAGIC SELECT kind, count(*) AS hours FROM IDENTIFIER(:catalog || '.silver.weather') GROUP BY kind ORDER BY hours DESC
