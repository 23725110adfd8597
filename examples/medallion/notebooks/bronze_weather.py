# Databricks notebook source
# MAGIC %md
# MAGIC # Bronze: weather
# MAGIC Hourly observations at the three airports, every column as text.

# COMMAND ----------

dbutils.widgets.text("catalog", "flights")
dbutils.widgets.text("source_path", "")

catalog = dbutils.widgets.get("catalog")
source_path = dbutils.widgets.get("source_path")

# COMMAND ----------

from pyspark.sql import functions as F

spark.sql(f"CREATE SCHEMA IF NOT EXISTS {catalog}.bronze")

raw = spark.read.option("header", True).csv(f"{source_path}/weather.csv")
raw.withColumn("ingested_at", F.current_timestamp()).write.mode("overwrite").saveAsTable(f"{catalog}.bronze.weather")

# COMMAND ----------

row_count = spark.table(f"{catalog}.bronze.weather").count()
dbutils.jobs.taskValues.set("row_count", row_count)
print(f"{row_count} hours of weather")
