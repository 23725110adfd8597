-- The slowest tasks of the last week that ended well, with the job as it is named now. A job has a row for each of its versions:
-- the newest one is taken.
WITH jobs AS (
    SELECT workspace_id, job_id, MAX_BY(name, change_time) AS name
    FROM system.lakeflow.jobs
    GROUP BY workspace_id, job_id
)
SELECT jobs.name AS job, task_key, COUNT(*) AS runs, MAX(execution_duration_seconds) AS slowest_seconds
FROM system.lakeflow.job_task_run_timeline AS tasks
JOIN jobs USING (workspace_id, job_id)
WHERE result_state = 'SUCCEEDED' AND period_start_time >= current_date() - INTERVAL 7 DAYS
GROUP BY jobs.name, task_key
ORDER BY slowest_seconds DESC, job, task_key
