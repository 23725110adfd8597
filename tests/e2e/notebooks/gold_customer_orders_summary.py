# Databricks notebook source
# What each customer ordered.
import json

dbutils.widgets.text("catalog", "retailhub_trainer")
dbutils.widgets.text("schema_silver", "silver")
dbutils.widgets.text("schema_gold", "gold")

catalog = dbutils.widgets.get("catalog")
silver, gold = dbutils.widgets.get("schema_silver"), dbutils.widgets.get("schema_gold")

# COMMAND ----------

spark.sql(f"CREATE SCHEMA IF NOT EXISTS {catalog}.{gold}")
summary = spark.sql(f"""
    SELECT c.customer_id, c.name, count(o.order_id) AS orders, round(sum(o.amount), 2) AS total
    FROM {catalog}.{silver}.silver_customers c
    LEFT JOIN {catalog}.{silver}.silver_orders_cleaned o ON o.customer_id = c.customer_id
    GROUP BY c.customer_id, c.name
    ORDER BY c.customer_id
""")
summary.write.mode("overwrite").saveAsTable(f"{catalog}.{gold}.gold_customer_orders_summary")

# COMMAND ----------

shown = spark.table(f"{catalog}.{gold}.gold_customer_orders_summary").orderBy("customer_id").collect()
dbutils.notebook.exit(json.dumps([[row.name, row.orders, row.total] for row in shown]))
