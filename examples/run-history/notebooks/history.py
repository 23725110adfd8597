# Databricks notebook source
# MAGIC %md
# MAGIC The two queries of the course material, as they stand there, and the second one put right.

# COMMAND ----------

spark.sql("""
    SELECT 
        *
    FROM system.lakeflow.job_run_timeline
    ORDER BY 1 DESC
    LIMIT 20
""").display()

# COMMAND ----------

# Finds nothing, here and on the platform: the REST API says SUCCESS, the system tables say SUCCEEDED.
as_written = spark.sql("""
    SELECT 
        DATE(period_start_time) as run_date,
        run_name as job_name,
        ROUND(
            AVG(
                (UNIX_TIMESTAMP(period_end_time) - UNIX_TIMESTAMP(period_start_time)) / 60
            ), 1
        ) as avg_duration_min,
        COUNT(*) as runs
    FROM system.lakeflow.job_run_timeline
    WHERE period_start_time >= current_date() - INTERVAL 14 DAYS
        AND result_state = 'SUCCESS'
    GROUP BY run_date, job_name
    ORDER BY run_date DESC
""")
as_written.display()

# COMMAND ----------

# A run of several clock hours has a row for each, and its result only in the last one: slices are added up first,
# and runs are counted instead of rows.
corrected = spark.sql("""
    WITH runs AS (
        SELECT
            run_id,
            run_name,
            MIN(period_start_time) AS started,
            SUM(UNIX_TIMESTAMP(period_end_time) - UNIX_TIMESTAMP(period_start_time)) / 60 AS minutes,
            MAX_BY(result_state, period_end_time) AS result_state
        FROM system.lakeflow.job_run_timeline
        WHERE period_start_time >= current_date() - INTERVAL 14 DAYS
        GROUP BY run_id, run_name
    )
    SELECT
        DATE(started) AS run_date,
        run_name AS job_name,
        ROUND(AVG(minutes), 1) AS avg_duration_min,
        COUNT(*) AS runs
    FROM runs
    WHERE result_state = 'SUCCEEDED'
    GROUP BY DATE(started), run_name
    ORDER BY run_date DESC, job_name
""")
corrected.display()

# COMMAND ----------

import json

found = {"as_written": as_written.count(), "corrected": {row["job_name"]: row["runs"] for row in corrected.collect()}}
dbutils.notebook.exit(json.dumps(found))
