# Databricks notebook source
# MAGIC %md
# MAGIC # Bronze: flights and airlines
# MAGIC The CSV files as they are, every column as text, with the time of reading.
# MAGIC Passes on the number of flights and the largest carriers as task values.

# COMMAND ----------

dbutils.widgets.text("catalog", "flights")
dbutils.widgets.text("source_path", "")

catalog = dbutils.widgets.get("catalog")
source_path = dbutils.widgets.get("source_path")

# COMMAND ----------

from pyspark.sql import functions as F

spark.sql(f"CREATE SCHEMA IF NOT EXISTS {catalog}.bronze")


def ingest(name):
    raw = spark.read.option("header", True).csv(f"{source_path}/{name}.csv")
    raw.withColumn("ingested_at", F.current_timestamp()).write.mode("overwrite").saveAsTable(f"{catalog}.bronze.{name}")
    return spark.table(f"{catalog}.bronze.{name}")


flights = ingest("flights")
airlines = ingest("airlines")

# COMMAND ----------

row_count = flights.count()
largest = (
    flights.groupBy("carrier")
    .agg(F.count("*").alias("flights"))
    .join(airlines.select("carrier", "name"), "carrier")
    .orderBy(F.desc("flights"), "carrier")
    .limit(4)
    .collect()
)

dbutils.jobs.taskValues.set("row_count", row_count)
dbutils.jobs.taskValues.set("carriers", [{"carrier": row["carrier"], "name": row["name"]} for row in largest])
print(f"{row_count} flights, largest carriers: {', '.join(row['carrier'] for row in largest)}")
