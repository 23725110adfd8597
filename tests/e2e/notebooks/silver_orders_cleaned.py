# Databricks notebook source
# Orders that name a customer and a positive amount, each once.
dbutils.widgets.text("catalog", "retailhub_trainer")
dbutils.widgets.text("schema_bronze", "bronze")
dbutils.widgets.text("schema_silver", "silver")

catalog = dbutils.widgets.get("catalog")
bronze, silver = dbutils.widgets.get("schema_bronze"), dbutils.widgets.get("schema_silver")

# COMMAND ----------

from pyspark.sql import functions as F

spark.sql(f"CREATE SCHEMA IF NOT EXISTS {catalog}.{silver}")
orders = (
    spark.table(f"{catalog}.{bronze}.bronze_orders")
    .where("customer_id IS NOT NULL AND amount > 0")
    .withColumn("order_date", F.col("ordered_at").cast("timestamp").cast("date"))
    .select("order_id", "customer_id", "order_date", "amount")
    .dropDuplicates(["order_id"])
)
orders.write.mode("overwrite").saveAsTable(f"{catalog}.{silver}.silver_orders_cleaned")
dbutils.notebook.exit(str(orders.count()))
