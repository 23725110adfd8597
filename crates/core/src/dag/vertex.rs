//! What the graph needs to know of a task, and nothing else.

use crate::job::wire::{Path, field};
use crate::job::{Dependency, RunIf, Task};
use crate::problem::Problem;
use crate::value::{Map, Value};

/// A task as the graph sees it.
pub trait Vertex {
    /// Its key.
    fn key(&self) -> &str;
    /// Its edges to the tasks that it waits for.
    fn upstream(&self) -> &[Dependency];
    /// When it may run.
    fn run_if(&self) -> RunIf;
    /// It is never run.
    fn is_disabled(&self) -> bool;
    /// It compares two values, which gives its edges an outcome.
    fn is_condition(&self) -> bool;
}

impl Vertex for Task {
    fn key(&self) -> &str {
        &self.task_key
    }
    fn upstream(&self) -> &[Dependency] {
        &self.depends_on
    }
    fn run_if(&self) -> RunIf {
        self.run_if()
    }
    fn is_disabled(&self) -> bool {
        self.is_disabled()
    }
    fn is_condition(&self) -> bool {
        self.condition_task.is_some()
    }
}

/// A task of which only this much was read.
#[derive(Clone, Debug)]
pub(crate) struct Sketch {
    key: String,
    upstream: Vec<Dependency>,
    run_if: Option<RunIf>,
    disabled: bool,
    condition: bool,
}

impl Sketch {
    /// Reads tasks as a definition has them. What is not about the graph is not looked at.
    pub(crate) fn read_all(tasks: &[Value]) -> Result<Vec<Self>, Problem> {
        let mut problems = Vec::new();
        let mut sketches = Vec::new();
        let empty = Map::new();
        let root = Path::Root;
        let list = root.key("tasks");
        for (n, task) in tasks.iter().enumerate() {
            let path = list.index(n);
            let task = task.as_object().unwrap_or(&empty);
            sketches.push(Self {
                key: field(task, "task_key", &path, &mut problems).unwrap_or_default(),
                upstream: field(task, "depends_on", &path, &mut problems).unwrap_or_default(),
                run_if: field(task, "run_if", &path, &mut problems).unwrap_or_default(),
                disabled: field(task, "disabled", &path, &mut problems) == Some(Some(true)),
                condition: task.get("condition_task").is_some_and(|block| !block.is_null()),
            });
        }
        problems.into_iter().next().map_or(Ok(sketches), Err)
    }
}

impl Vertex for Sketch {
    fn key(&self) -> &str {
        &self.key
    }
    fn upstream(&self) -> &[Dependency] {
        &self.upstream
    }
    fn run_if(&self) -> RunIf {
        self.run_if.clone().unwrap_or(RunIf::AllSuccess)
    }
    fn is_disabled(&self) -> bool {
        self.disabled
    }
    fn is_condition(&self) -> bool {
        self.condition
    }
}
