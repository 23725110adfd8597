# Databricks notebook source
# MAGIC %md
# MAGIC # Gold: one carrier
# MAGIC Runs once for each of the largest carriers, as iterations of a for-each task.

# COMMAND ----------

dbutils.widgets.text("catalog", "flights")
dbutils.widgets.text("carrier", "UA")
dbutils.widgets.text("carrier_name", "")
dbutils.widgets.text("late_minutes", "15")

catalog = dbutils.widgets.get("catalog")
carrier = dbutils.widgets.get("carrier")
carrier_name = dbutils.widgets.get("carrier_name")
late_minutes = int(dbutils.widgets.get("late_minutes"))

# COMMAND ----------

import json

from pyspark.sql import functions as F

report = (
    spark.table(f"{catalog}.silver.flights")
    .where(F.col("carrier") == carrier)
    .agg(
        F.count("*").alias("flights"),
        F.countDistinct("dest").alias("destinations"),
        F.round(F.avg("arr_delay"), 1).alias("avg_arr_delay"),
        F.round(100 * F.avg((F.col("dep_delay") > late_minutes).cast("int")), 1).alias("late_percent"),
    )
    .collect()[0]
)
dbutils.notebook.exit(json.dumps([{"carrier": carrier, "name": carrier_name, **report.asDict()}]))
