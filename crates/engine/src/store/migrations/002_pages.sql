-- Version 2. Each filter of runs/list finds its rows in the order of the list, however many others there are.

CREATE INDEX runs_active_by_start ON runs (start_time, run_id) WHERE activity > 0;
CREATE INDEX runs_active_by_job ON runs (job_id, start_time, run_id) WHERE activity > 0;
CREATE INDEX runs_by_type ON runs (run_type, start_time, run_id);
CREATE INDEX runs_queued ON runs (start_time) WHERE activity = 2;
