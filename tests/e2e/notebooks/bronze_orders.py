# Databricks notebook source
# Orders as they come, from JSON lines.
dbutils.widgets.text("catalog", "retailhub_trainer")
dbutils.widgets.text("schema", "bronze")
dbutils.widgets.text("source_path", "")

catalog, schema = dbutils.widgets.get("catalog"), dbutils.widgets.get("schema")
source = dbutils.widgets.get("source_path")
path = source if source.rstrip("/").endswith("orders") else f"{source}/orders"

# COMMAND ----------

spark.sql(f"CREATE SCHEMA IF NOT EXISTS {catalog}.{schema}")
orders = spark.read.json(path)
orders.write.mode("overwrite").saveAsTable(f"{catalog}.{schema}.bronze_orders")
dbutils.notebook.exit(str(orders.count()))
