//! What references see at the start of one attempt, and the task with them resolved (reference section 13).

use super::fields::rewrite;
use super::machine::Machine;
use super::parameters::{apply_legacy, push_down, takes_job_parameters};
use super::state::{Attempt, AttemptIx};
use crate::job::Task;
use crate::job::wire::scalar_text;
use serde_json::Value;

/// A task ready to be executed.
pub(super) struct Resolved {
    pub(super) task: Task,
    /// Job parameters with their values.
    pub(super) parameters: Vec<(String, String)>,
}

/// The view that references have of a job run: from inside an attempt, or from none.
pub(super) struct Scope<'a> {
    machine: &'a Machine,
    attempt: Option<(AttemptIx, &'a Attempt)>,
}

impl Machine {
    pub(super) fn scope(&self, ix: AttemptIx) -> Scope<'_> {
        Scope { machine: self, attempt: Some((ix, &self.state.attempts[ix])) }
    }

    pub(super) fn job_scope(&self) -> Scope<'_> {
        Scope { machine: self, attempt: None }
    }

    /// The task of an attempt as it shall be executed, or a sentence for each reference that cannot be resolved.
    ///
    /// Legacy parameters are merged in first, so that their references are resolved too; job parameters come last,
    /// since their values are resolved once and not scanned again (section 13.1).
    pub(super) fn resolve(&self, ix: AttemptIx) -> Result<Resolved, Vec<String>> {
        let scope = self.scope(ix);
        let mut task = (*self.state.attempts[ix].task).clone();
        let mut problems = Vec::new();
        let parameters = scope.parameters();
        if takes_job_parameters(&task) {
            problems
                .extend(parameters.iter().filter_map(|(_, value)| value.as_ref().err()).flatten().cloned());
        }
        apply_legacy(&mut task, &self.state.legacy);
        rewrite(&mut task, &mut |text| scope.resolve_text(text, true, &mut problems));
        if !problems.is_empty() {
            problems.dedup();
            return Err(problems);
        }
        let parameters: Vec<(String, String)> =
            parameters.into_iter().filter_map(|(name, value)| Some((name, value.ok()?))).collect();
        push_down(&mut task, &parameters);
        Ok(Resolved { task, parameters })
    }
}

impl Scope<'_> {
    /// Every job parameter with its resolved value, or with what cannot be resolved in it.
    pub(super) fn parameters(&self) -> Vec<(String, Result<String, Vec<String>>)> {
        let parameters = self.machine.state.parameters.iter();
        parameters.map(|p| (p.name.clone(), self.parameter(&p.value))).collect()
    }

    /// The same as a person sees them: where a value cannot be resolved, it is shown as written.
    pub(super) fn shown_parameters(&self) -> Vec<String> {
        let parameters = self.machine.state.parameters.iter();
        parameters.map(|p| self.parameter(&p.value).unwrap_or_else(|_| p.value.clone())).collect()
    }

    fn parameter(&self, value: &str) -> Result<String, Vec<String>> {
        let mut problems = Vec::new();
        let text = self.resolve_text(value, false, &mut problems);
        if problems.is_empty() { Ok(text) } else { Err(problems) }
    }

    fn resolve_text(&self, text: &str, with_parameters: bool, problems: &mut Vec<String>) -> String {
        let mut out = String::new();
        let mut rest = text;
        while let Some(start) = rest.find("{{") {
            let Some(length) = rest[start..].find("}}") else { break };
            let path = rest[start + 2..start + length].trim();
            out.push_str(&rest[..start]);
            match self.lookup(path, with_parameters) {
                Some(Ok(value)) => out.push_str(&value),
                Some(Err(problem)) => problems.push(format!("{{{{{path}}}}}: {problem}")),
                None => out.push_str(&rest[start..start + length + 2]),
            }
            rest = &rest[start + length + 2..];
        }
        out.push_str(rest);
        out
    }

    fn lookup(&self, path: &str, with_parameters: bool) -> Option<Result<String, String>> {
        let plan = &self.machine.plan;
        let segments: Vec<&str> = path.split('.').collect();
        let run = self.attempt.map(|(ix, _)| plan.task_run_id(ix).to_string());
        Some(match segments.as_slice() {
            ["job", "id"] => Ok(plan.job_id.to_string()),
            ["job", "run_id"] => Ok(plan.run_id.to_string()),
            ["job", "parameters", ..] if with_parameters => {
                let name = &path["job.parameters.".len()..];
                let parameter = self.machine.state.parameters.iter().find(|p| p.name == name);
                match parameter {
                    Some(parameter) => {
                        self.parameter(&parameter.value).map_err(|problems| problems.join("; "))
                    }
                    None => Err("there is no such job parameter".to_owned()),
                }
            }
            ["task", "run_id"] => run.ok_or_else(|| "there is no task here".to_owned()),
            ["tasks", key, "values", name] => {
                let value = self.machine.state.values.get(*key).and_then(|values| values.get(*name));
                value.map(text_of).ok_or_else(|| "this task value was never set".to_owned())
            }
            ["input"] => self.input().map(text_of).ok_or_else(|| "there is no element here".to_owned()),
            ["job" | "task" | "tasks" | "input", ..] => Err("unknown reference".to_owned()),
            _ => return None,
        })
    }

    fn input(&self) -> Option<&Value> {
        let iteration = self.attempt.and_then(|(_, attempt)| attempt.iteration)?;
        let each = self.machine.state.attempts[iteration.parent].each.as_ref()?;
        each.inputs.get(iteration.index as usize)
    }
}

/// The paths of the references in a text.
pub(super) fn reference_paths(text: &str) -> Vec<&str> {
    text.split("{{").skip(1).filter_map(|rest| rest.split_once("}}").map(|(path, _)| path.trim())).collect()
}

fn text_of(value: &Value) -> String {
    scalar_text(value).unwrap_or_else(|| value.to_string())
}
