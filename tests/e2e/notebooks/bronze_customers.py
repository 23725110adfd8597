# Databricks notebook source
# Customers as they come, from CSV.
dbutils.widgets.text("catalog", "retailhub_trainer")
dbutils.widgets.text("schema", "bronze")
dbutils.widgets.text("source_path", "")

catalog, schema = dbutils.widgets.get("catalog"), dbutils.widgets.get("schema")
source = dbutils.widgets.get("source_path")
# A job for all tasks names the folder of all data, a task of its own the file.
path = source if source.endswith(".csv") else f"{source}/customers/customers.csv"

# COMMAND ----------

spark.sql(f"CREATE SCHEMA IF NOT EXISTS {catalog}.{schema}")
customers = spark.read.option("header", True).option("inferSchema", True).csv(path)
customers.write.mode("overwrite").saveAsTable(f"{catalog}.{schema}.bronze_customers")
dbutils.notebook.exit(str(customers.count()))
