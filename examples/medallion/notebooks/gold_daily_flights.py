# Databricks notebook source
# MAGIC %md
# MAGIC # Gold: flights by day
# MAGIC One row for each day; the exit value holds the five days with the most cancelled flights.

# COMMAND ----------

dbutils.widgets.text("catalog", "flights")
catalog = dbutils.widgets.get("catalog")

# COMMAND ----------

from pyspark.sql import functions as F

spark.sql(f"CREATE SCHEMA IF NOT EXISTS {catalog}.gold")

daily = (
    spark.table(f"{catalog}.silver.flights")
    .groupBy("flight_date")
    .agg(
        F.count("*").alias("flights"),
        F.sum(F.col("cancelled").cast("int")).alias("cancelled"),
        F.round(F.avg("dep_delay"), 1).alias("avg_dep_delay"),
    )
)
daily.write.mode("overwrite").saveAsTable(f"{catalog}.gold.daily_flights")

# COMMAND ----------

import json

worst = spark.table(f"{catalog}.gold.daily_flights").orderBy(F.desc("cancelled"), "flight_date").limit(5).collect()
dbutils.notebook.exit(
    json.dumps(
        [
            {
                "flight_date": str(row["flight_date"]),
                "flights": row["flights"],
                "cancelled": row["cancelled"],
                "avg_dep_delay": row["avg_dep_delay"],
            }
            for row in worst
        ]
    )
)
