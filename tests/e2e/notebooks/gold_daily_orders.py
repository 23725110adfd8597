# Databricks notebook source
# Orders of each day.
import json

dbutils.widgets.text("catalog", "retailhub_trainer")
dbutils.widgets.text("schema_silver", "silver")
dbutils.widgets.text("schema_gold", "gold")

catalog = dbutils.widgets.get("catalog")
silver, gold = dbutils.widgets.get("schema_silver"), dbutils.widgets.get("schema_gold")

# COMMAND ----------

spark.sql(f"CREATE SCHEMA IF NOT EXISTS {catalog}.{gold}")
daily = (
    spark.table(f"{catalog}.{silver}.silver_orders_cleaned")
    .groupBy("order_date")
    .agg({"order_id": "count", "amount": "sum"})
    .withColumnRenamed("count(order_id)", "orders")
    .withColumnRenamed("sum(amount)", "total")
)
daily.write.mode("overwrite").saveAsTable(f"{catalog}.{gold}.gold_daily_orders")

# COMMAND ----------

shown = spark.table(f"{catalog}.{gold}.gold_daily_orders").orderBy("order_date").collect()
dbutils.notebook.exit(json.dumps([[str(row.order_date), row.orders, row.total] for row in shown]))
