# Databricks notebook source
# The four kinds of widgets.
dbutils.widgets.text("environment", "dev", "Environment")
dbutils.widgets.dropdown("region", "EU", ["EU", "US", "APAC"], "Region")
dbutils.widgets.combobox("table", "orders", ["orders", "customers", "products"], "Table")
dbutils.widgets.multiselect("columns", "id", ["id", "name", "date", "amount"], "Columns")

# COMMAND ----------

import json

names = ["environment", "region", "table", "columns"]
values = {name: dbutils.widgets.get(name) for name in names}
for name, value in values.items():
    print(f"{name}: {value}")

# COMMAND ----------

# MAGIC %md
# MAGIC A cell in another language does nothing to the values.

# COMMAND ----------

dbutils.widgets.removeAll()

# COMMAND ----------

dbutils.notebook.exit(json.dumps(values))
