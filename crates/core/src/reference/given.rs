//! Reads a [`Context`] that somebody wrote as JSON. What is left out or null is not known; what has the wrong type is refused.

use super::context::{
    Backfill, Context, JobContext, Named, OtherTask, OutputContext, TableUpdate, TaskContext, TriggerContext,
    WorkspaceContext,
};
use crate::job::wire::{Path, Wire, field, integer, wrong_type};
use crate::problem::Problem;
use crate::time::WallTime;
use crate::value::{Map, Value};
#[cfg(feature = "whole")]
use serde::{Deserialize, Deserializer, de};

impl Context {
    /// Reads a context.
    ///
    /// # Errors
    /// The first thing that has the wrong type.
    pub fn read(value: &Value) -> Result<Self, Problem> {
        let mut reader = Reader { problems: Vec::new() };
        let context = reader.context(value);
        reader.problems.into_iter().next().map_or(Ok(context), Err)
    }
}

#[cfg(feature = "whole")]
impl<'de> Deserialize<'de> for Context {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::read(&Value::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

#[cfg(feature = "whole")]
impl OutputContext {
    /// Reads what a SQL or alert task gave out; `None` when it has the wrong type.
    pub(crate) fn read(value: &Value) -> Option<Self> {
        let mut reader = Reader { problems: Vec::new() };
        let output = reader.output(value, &Path::Root);
        reader.problems.is_empty().then_some(output)
    }
}

#[cfg(feature = "whole")]
impl TableUpdate {
    /// Reads a list of tables that changed; `None` when it has the wrong type.
    pub(crate) fn read_all(value: &Value) -> Option<Vec<Self>> {
        let mut reader = Reader { problems: Vec::new() };
        let tables = reader.tables(value, &Path::Root);
        reader.problems.is_empty().then_some(tables)
    }
}

struct Reader {
    problems: Vec<Problem>,
}

impl Reader {
    fn context(&mut self, value: &Value) -> Context {
        let path = Path::Root;
        let known = Some(value);
        let object = self.object(known, &path);
        let get = |name: &str| object.and_then(|object| object.get(name));
        let backfill = self.object(get("backfill"), &path.key("backfill"));
        Context {
            job: self.job(get("job"), &path.key("job")),
            task: self.task(get("task"), &path.key("task")),
            tasks: self.named(get("tasks"), &path.key("tasks"), Self::other),
            input: get("input").cloned(),
            workspace: self.workspace(get("workspace"), &path.key("workspace")),
            backfill: backfill.map(|backfill| Backfill {
                time: WallTime(self.required(backfill, "time", &path.key("backfill"))),
            }),
        }
    }

    fn job(&mut self, value: Option<&Value>, path: &Path<'_>) -> JobContext {
        let Some(job) = self.object(value, path) else { return JobContext::default() };
        JobContext {
            id: self.optional(job, "id", path),
            name: self.optional(job, "name", path),
            run_id: self.optional(job, "run_id", path),
            repair_count: self.count(job, "repair_count", path).unwrap_or_default(),
            start_time: self.moment(job, "start_time", path),
            parameters: self.named(job.get("parameters"), &path.key("parameters"), Self::text),
            trigger: self.trigger(job.get("trigger"), &path.key("trigger")),
        }
    }

    fn trigger(&mut self, value: Option<&Value>, path: &Path<'_>) -> TriggerContext {
        let Some(trigger) = self.object(value, path) else { return TriggerContext::default() };
        let tables = trigger.get("table_update").filter(|tables| !tables.is_null());
        TriggerContext {
            kind: self.optional(trigger, "type", path),
            time: self.moment(trigger, "time", path),
            file_arrival_location: self.optional(trigger, "file_arrival_location", path),
            table_update: tables.map(|tables| self.tables(tables, &path.key("table_update"))),
        }
    }

    fn tables(&mut self, value: &Value, path: &Path<'_>) -> Vec<TableUpdate> {
        let mut tables = Vec::new();
        for (n, table) in self.list(value, path).iter().enumerate() {
            let path = path.index(n);
            if let Some(table) = self.object(Some(table), &path) {
                tables.push(TableUpdate {
                    name: self.required(table, "name", &path),
                    version: self.required(table, "version", &path),
                    commit_time: WallTime(self.required(table, "commit_time", &path)),
                });
            }
        }
        tables
    }

    fn task(&mut self, value: Option<&Value>, path: &Path<'_>) -> TaskContext {
        let Some(task) = self.object(value, path) else { return TaskContext::default() };
        TaskContext {
            name: self.optional(task, "name", path),
            run_id: self.optional(task, "run_id", path),
            execution_count: self.count(task, "execution_count", path),
            notebook_path: self.optional(task, "notebook_path", path),
            start_time: self.moment(task, "start_time", path),
            retry_count: self.count(task, "retry_count", path).unwrap_or_default(),
        }
    }

    fn other(&mut self, value: &Value, path: &Path<'_>) -> OtherTask {
        let Some(task) = self.object(Some(value), path) else { return OtherTask::default() };
        let output = task.get("output").filter(|output| !output.is_null());
        OtherTask {
            run_id: self.optional(task, "run_id", path),
            result_state: self.optional(task, "result_state", path),
            error_code: self.optional(task, "error_code", path),
            execution_count: self.count(task, "execution_count", path),
            notebook_path: self.optional(task, "notebook_path", path),
            values: self.named(task.get("values"), &path.key("values"), |_, value, _| value.clone()),
            output: output.map(|output| self.output(output, &path.key("output"))).unwrap_or_default(),
        }
    }

    fn output(&mut self, value: &Value, path: &Path<'_>) -> OutputContext {
        let Some(output) = self.object(Some(value), path) else { return OutputContext::default() };
        let rows = output.get("rows").filter(|rows| !rows.is_null()).map(|rows| {
            let path = path.key("rows");
            let mut read = Vec::new();
            for (n, row) in self.list(rows, &path).iter().enumerate() {
                read.extend(self.object(Some(row), &path.index(n)).cloned());
            }
            read
        });
        OutputContext { rows, alert_state: self.optional(output, "alert_state", path) }
    }

    fn workspace(&mut self, value: Option<&Value>, path: &Path<'_>) -> WorkspaceContext {
        let Some(workspace) = self.object(value, path) else { return WorkspaceContext::default() };
        WorkspaceContext {
            id: self.optional(workspace, "id", path),
            url: self.optional(workspace, "url", path),
        }
    }

    /// The fields of an object; nothing of what is absent or null.
    fn object<'a>(&mut self, value: Option<&'a Value>, path: &Path<'_>) -> Option<&'a Map<String, Value>> {
        match value? {
            Value::Null => None,
            Value::Object(fields) => Some(fields),
            other => {
                self.problems.push(wrong_type(other, path, "an object"));
                None
            }
        }
    }

    fn list<'a>(&mut self, value: &'a Value, path: &Path<'_>) -> &'a [Value] {
        match value {
            Value::Array(items) => items,
            other => {
                self.problems.push(wrong_type(other, path, "a list"));
                &[]
            }
        }
    }

    fn named<T>(
        &mut self,
        value: Option<&Value>,
        path: &Path<'_>,
        read: fn(&mut Self, &Value, &Path<'_>) -> T,
    ) -> Named<T> {
        let fields = self.object(value, path);
        let things = fields.into_iter().flatten();
        things.map(|(name, value)| (name.clone(), read(self, value, &path.key(name)))).collect()
    }

    fn text(&mut self, value: &Value, path: &Path<'_>) -> String {
        String::read(value, path, &mut self.problems).unwrap_or_default()
    }

    fn optional<T: Wire>(&mut self, fields: &Map<String, Value>, name: &str, path: &Path<'_>) -> Option<T> {
        field::<Option<T>>(fields, name, path, &mut self.problems).flatten()
    }

    fn required<T: Wire + Default>(&mut self, fields: &Map<String, Value>, name: &str, path: &Path<'_>) -> T {
        field::<T>(fields, name, path, &mut self.problems).unwrap_or_default()
    }

    fn moment(&mut self, fields: &Map<String, Value>, name: &str, path: &Path<'_>) -> Option<WallTime> {
        self.optional(fields, name, path).map(WallTime)
    }

    /// A number from 0 to 2^32 - 1.
    fn count(&mut self, fields: &Map<String, Value>, name: &str, path: &Path<'_>) -> Option<u32> {
        let value = fields.get(name).filter(|value| !value.is_null())?;
        let count = integer(value).and_then(|count| u32::try_from(count).ok());
        if count.is_none() {
            self.problems.push(wrong_type(value, &path.key(name), "a 32-bit count"));
        }
        count
    }
}
