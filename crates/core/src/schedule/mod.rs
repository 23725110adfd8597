//! When a job fires: Quartz cron and periodic triggers, with time zones and daylight saving.
