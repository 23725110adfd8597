# Databricks notebook source
# One row for each customer, with a tidy name.
dbutils.widgets.text("catalog", "retailhub_trainer")
dbutils.widgets.text("schema_bronze", "bronze")
dbutils.widgets.text("schema_silver", "silver")

catalog = dbutils.widgets.get("catalog")
bronze, silver = dbutils.widgets.get("schema_bronze"), dbutils.widgets.get("schema_silver")

# COMMAND ----------

from pyspark.sql import functions as F

spark.sql(f"CREATE SCHEMA IF NOT EXISTS {catalog}.{silver}")
customers = (
    spark.table(f"{catalog}.{bronze}.bronze_customers")
    .where(F.col("customer_id").isNotNull())
    .select("customer_id", F.initcap(F.trim("name")).alias("name"), F.upper("country").alias("country"))
    .dropDuplicates(["customer_id"])
)
customers.write.mode("overwrite").saveAsTable(f"{catalog}.{silver}.silver_customers")
dbutils.notebook.exit(str(customers.count()))
