//! What references see at the start of one attempt, and the task with them resolved (reference section 13).
//!
//! What a reference means is decided in `core::reference`; here is only which facts of the run it is given. They are
//! gathered for the references that are there, since most tasks name few of a thousand tasks.

use super::io::{Plan, TriggerFacts};
use super::machine::Machine;
use super::parameters::{apply_legacy, push_down, takes_job_parameters};
use super::state::{Attempt, AttemptIx, Node, NodeIx};
use crate::job::Task;
use crate::job::wire::Wire;
use crate::reference::{
    Context, JobContext, Missing, Mode, Named, OtherTask, OutputContext, Reference, Scope, TableUpdate,
    TaskContext, TriggerContext, Unresolved, WorkspaceContext, resolve, resolve_task,
};
use serde_json::Value;

/// A task ready to be executed.
pub(super) struct Resolved {
    pub(super) task: Task,
    /// Job parameters with their values.
    pub(super) parameters: Vec<(String, String)>,
}

/// A job parameter with its resolved value, or with a sentence for each reference that has none.
pub(super) type ResolvedParameter = (String, Result<String, Vec<String>>);

/// The view that references have of a job run: from inside an attempt, or from none.
struct RunScope<'a> {
    machine: &'a Machine,
    /// Everything but other tasks and job parameters.
    facts: Context,
    /// Absent while the parameters themselves are resolved: they do not refer to each other.
    parameters: Option<&'a [ResolvedParameter]>,
}

impl Machine {
    /// The task of an attempt as it shall be executed, or a sentence for each reference that cannot be resolved.
    ///
    /// Legacy parameters are merged in first, so that their references are resolved too; job parameters come last,
    /// since their values are resolved once and not scanned again (section 13.1).
    pub(super) fn resolve(&self, ix: AttemptIx) -> Result<Resolved, Vec<String>> {
        let parameters = self.resolved_parameters(Some(ix));
        let mut task = (*self.state.attempts[ix].task).clone();
        apply_legacy(&mut task, &self.state.legacy);
        let mut problems: Vec<String> = Vec::new();
        if takes_job_parameters(&task) {
            problems
                .extend(parameters.iter().filter_map(|(_, value)| value.as_ref().err()).flatten().cloned());
        }
        let scope = RunScope { machine: self, facts: self.facts(Some(ix)), parameters: Some(&parameters) };
        let wire = task.write();
        if may_refer(&wire) {
            match resolve_task(&wire, Mode::default(), &scope) {
                Ok(resolved) => match serde_json::from_value(resolved) {
                    Ok(resolved) => task = resolved,
                    Err(error) => problems.push(error.to_string()),
                },
                Err(unresolved) => problems.extend(unresolved.iter().map(sentence)),
            }
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        let parameters: Vec<(String, String)> =
            parameters.into_iter().filter_map(|(name, value)| Some((name, value.ok()?))).collect();
        push_down(&mut task, &parameters);
        Ok(Resolved { task, parameters })
    }

    /// Every job parameter as an attempt sees it, or as the job run does (`None`).
    pub(super) fn resolved_parameters(&self, ix: Option<AttemptIx>) -> Vec<ResolvedParameter> {
        let parameters = &self.state.parameters;
        // Gathering facts is only worth it where there is something to resolve.
        let plain = parameters.iter().all(|p| !p.value.contains("{{"));
        let facts = if plain { Context::default() } else { self.facts(ix) };
        let scope = RunScope { machine: self, facts, parameters: None };
        let value = |name: &str, value: &str| {
            resolve(value, Mode::default(), &scope).map_err(|unresolved| {
                let of = |u: &Unresolved| format!("job parameter {name:?}: {}", sentence(u));
                unresolved.iter().map(of).collect()
            })
        };
        parameters.iter().map(|p| (p.name.clone(), value(&p.name, &p.value))).collect()
    }

    fn facts(&self, ix: Option<AttemptIx>) -> Context {
        let plan = &self.plan;
        let attempt = ix.map(|ix| (ix, &self.state.attempts[ix]));
        Context {
            job: JobContext {
                id: Some(plan.job_id),
                name: Some(plan.job_name.clone()),
                run_id: Some(plan.run_id),
                repair_count: self.state.rounds.len().saturating_sub(1) as u32,
                start_time: self.state.began,
                parameters: Named::default(),
                trigger: trigger(&plan.trigger),
            },
            task: attempt.map_or_else(TaskContext::default, |(ix, attempt)| self.task_facts(ix, attempt)),
            tasks: Named::default(),
            input: attempt.and_then(|(_, attempt)| self.element(attempt)).cloned(),
            workspace: workspace(plan),
            backfill: None,
        }
    }

    fn task_facts(&self, ix: AttemptIx, attempt: &Attempt) -> TaskContext {
        TaskContext {
            name: Some(attempt.key()),
            run_id: Some(self.plan.task_run_id(ix)),
            execution_count: Some(attempt.runs_before + 1),
            notebook_path: notebook_path(&attempt.task),
            start_time: Some(self.now.wall),
            retry_count: attempt.number,
        }
    }

    fn element(&self, attempt: &Attempt) -> Option<&Value> {
        let iteration = attempt.iteration?;
        let each = self.state.attempts[iteration.parent].each.as_ref()?;
        each.inputs.get(iteration.index as usize)
    }

    /// A task by its key, or the for-each task by the key of its nested task: that key is where the values are that
    /// iterations set (section 10.2).
    fn node_of(&self, key: &str) -> Option<NodeIx> {
        let nested =
            |node: &Node| node.task.for_each_task.as_ref().is_some_and(|block| block.task.task_key == key);
        self.state.keys.get(key).copied().or_else(|| self.state.nodes.iter().position(nested))
    }

    fn other_task(&self, key: &str) -> Option<OtherTask> {
        let node = self.node_of(key)?;
        let newest = self.state.nodes[node].attempts.last().copied()?;
        let attempt = &self.state.attempts[newest];
        let end = attempt.end();
        let output = attempt.output.as_ref().and_then(OutputContext::read);
        let values = self.state.values.get(key).into_iter().flatten();
        Some(OtherTask {
            run_id: Some(self.plan.task_run_id(newest)),
            result_state: end.map(|end| end.outcome.to_string()),
            error_code: end.map(|end| end.code.to_string()),
            execution_count: Some(attempt.runs_after()),
            notebook_path: notebook_path(&attempt.task),
            values: values.map(|(name, value)| (name.clone(), value.clone())).collect(),
            output: output.unwrap_or_default(),
        })
    }
}

impl Scope for RunScope<'_> {
    fn get(&self, reference: &Reference) -> Result<Value, Missing> {
        match (reference, self.parameters) {
            (Reference::JobParameter(_), None) => {
                Err(Missing::new("nested_job_parameter", "job parameters cannot refer to each other"))
            }
            (Reference::JobParameter(name), Some(parameters)) => {
                match parameters.iter().find(|(known, _)| known == name) {
                    Some((_, Ok(value))) => Ok(Value::from(value.as_str())),
                    Some((_, Err(problems))) => {
                        Err(Missing::new("unresolved_parameter", problems.join("; ")))
                    }
                    // The plain scope has the words for a name that does not exist.
                    None => Context::default().get(reference),
                }
            }
            (Reference::OtherTask { task, .. }, _) => {
                let tasks = self.machine.other_task(task).map(|other| (task.clone(), other));
                Context { tasks: tasks.into_iter().collect(), ..Context::default() }.get(reference)
            }
            _ => self.facts.get(reference),
        }
    }
}

/// Most tasks hold no reference; these need not be read again.
fn may_refer(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains("{{"),
        Value::Array(items) => items.iter().any(may_refer),
        Value::Object(members) => members.values().any(may_refer),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

fn sentence(unresolved: &Unresolved) -> String {
    let place = if unresolved.path.is_empty() { String::new() } else { format!(" in {}", unresolved.path) };
    format!("{}{place} cannot be resolved: {}", unresolved.text, unresolved.reason)
}

fn notebook_path(task: &Task) -> Option<String> {
    task.notebook_task.as_ref().map(|block| block.notebook_path.clone())
}

fn workspace(plan: &Plan) -> WorkspaceContext {
    let url = &plan.workspace.url;
    WorkspaceContext {
        id: plan.workspace.id.parse().ok(),
        url: Some(url.clone()).filter(|url| !url.is_empty()),
    }
}

fn trigger(facts: &TriggerFacts) -> TriggerContext {
    TriggerContext {
        kind: Some(facts.kind.clone()).filter(|kind| !kind.is_empty()),
        time: Some(facts.time),
        file_arrival_location: facts.file_arrival_location.clone(),
        table_update: facts.table_update.as_ref().and_then(TableUpdate::read_all),
    }
}
