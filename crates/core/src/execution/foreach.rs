//! For-each tasks: the elements, and which iterations run at once (reference section 10.2).

use super::change::Change;
use super::ends;
use super::machine::Machine;
use super::state::{AttemptIx, Stage};
use crate::error::Error;
use crate::job::ForEachTask;
use crate::reference::{Mode, Reference, references_in};
use crate::run::{End, Outcome, TerminationCode};
use serde_json::Value;

/// Most characters of `inputs` that are written out in the definition.
pub const MAX_LITERAL_INPUTS: usize = 5_000;
/// Most characters of `inputs` that come through a job parameter.
pub const MAX_PARAMETER_INPUTS: usize = 10_000;
/// Most bytes of `inputs` that come through a task value or a task's output.
pub const MAX_VALUE_INPUTS: usize = 48 * 1024;

/// Iterations that may run at once: 1 to 100, 1 when missing (open point 7).
pub(super) fn concurrency(task: &ForEachTask) -> usize {
    task.concurrency.map_or(1, |n| n.clamp(1, 100) as usize)
}

/// The elements of resolved inputs: a list of strings, numbers, booleans and objects. `written` is the text before
/// references were resolved; it says which limit holds. The error is a sentence for people.
pub(super) fn elements(written: &str, resolved: &str) -> Result<Vec<Value>, String> {
    let references = references_in(written, Mode::default());
    let of_task = |reference: &Reference| matches!(reference, Reference::OtherTask { .. });
    let (size, limit, unit) = if references.iter().any(|p| p.reference.as_ref().is_ok_and(of_task)) {
        (resolved.len(), MAX_VALUE_INPUTS, "bytes")
    } else if references.is_empty() {
        (resolved.chars().count(), MAX_LITERAL_INPUTS, "characters")
    } else {
        (resolved.chars().count(), MAX_PARAMETER_INPUTS, "characters")
    };
    if size > limit {
        return Err(format!("the inputs of the for-each task have {size} {unit}, the limit is {limit}"));
    }
    let value: Value = serde_json::from_str(resolved)
        .map_err(|error| format!("the inputs of the for-each task are not JSON: {error}"))?;
    let Value::Array(elements) = value else {
        return Err("the inputs of the for-each task are not a JSON array".to_owned());
    };
    match elements.iter().position(|element| matches!(element, Value::Null | Value::Array(_))) {
        Some(index) => Err(format!(
            "element {index} of the for-each task's inputs is {}, not a string, number, boolean or object",
            elements[index]
        )),
        None => Ok(elements),
    }
}

impl Machine {
    /// Turns the inputs into iterations. In a repair of a for-each task that did not succeed, elements that succeeded
    /// keep their result, if the inputs are still the same.
    pub(super) fn expand(&mut self, ix: AttemptIx, inputs: String) -> Result<(), Error> {
        let task = self.state.attempts[ix].task.clone();
        let written = task.for_each_task.as_ref().map_or("", |block| block.inputs.0.as_str());
        let elements = match elements(written, &inputs) {
            Ok(elements) => elements,
            Err(message) => return self.end(ix, ends::invalid(message)),
        };
        let rerun = self.rerun_of(ix, &elements);
        if self.is_full(rerun.as_ref().map_or(elements.len(), Vec::len)) {
            let message = format!(
                "{} iterations would exceed the limit of {} task runs per job run",
                elements.len(),
                super::io::RUNS_PER_JOB_RUN
            );
            return self.end(ix, ends::invalid(message));
        }
        let first = self.plan.task_run_id(self.state.attempts.len());
        let run = self.plan.task_run_id(ix);
        self.record(Change::Expanded { run, at: self.now.wall, inputs, first, rerun })
    }

    /// The indices that a repair runs again; `None` when every element runs.
    fn rerun_of(&self, ix: AttemptIx, elements: &[Value]) -> Option<Vec<u32>> {
        let previous = &self.state.attempts[self.previous_run(ix)?];
        let failed = previous.end().is_some_and(|end| !end.outcome.is_success());
        let each = previous.each.as_ref().filter(|each| failed && each.inputs == elements)?;
        let succeeded =
            |run: AttemptIx| self.state.attempts[run].end().is_some_and(|end| end.outcome.is_success());
        let indices = each.iterations.iter().zip(0..).filter(|(run, _)| !succeeded(**run));
        Some(indices.map(|(_, index)| index).collect())
    }

    /// The task's newest earlier run that got as far as having iterations.
    fn previous_run(&self, ix: AttemptIx) -> Option<AttemptIx> {
        let runs = &self.state.nodes[self.state.attempts[ix].node].attempts;
        runs.iter().rev().copied().find(|run| *run < ix && self.state.attempts[*run].each.is_some())
    }

    /// The newest attempts of the elements of that earlier run.
    pub(super) fn previous_iterations(&self, ix: AttemptIx) -> &[AttemptIx] {
        let each = self.previous_run(ix).and_then(|run| self.state.attempts[run].each.as_ref());
        each.map_or(&[], |each| &each.iterations)
    }

    /// Starts iterations while there is room, and ends the for-each task after the last one. A failed iteration does
    /// not keep the others from starting (open point 7).
    pub(super) fn advance(&mut self, ix: AttemptIx) -> Result<(), Error> {
        while let Some(next) = self.next_iteration(ix) {
            self.launch(next)?;
        }
        match &self.state.attempts[ix] {
            parent if parent.stage != Stage::Expanded => Ok(()),
            parent if parent.each.as_ref().is_none_or(|each| each.is_complete()) => {
                let end = self.each_end(ix);
                self.end(ix, end)
            }
            _ => Ok(()),
        }
    }

    fn next_iteration(&self, ix: AttemptIx) -> Option<AttemptIx> {
        let parent = &self.state.attempts[ix];
        let each = parent.each.as_ref().filter(|each| each.active() < each.concurrency)?;
        if parent.stop.is_some() || self.state.stop.is_some() {
            return None;
        }
        each.unstarted.first().and_then(|index| each.iterations.get(*index as usize)).copied()
    }

    fn each_end(&self, ix: AttemptIx) -> End {
        let parent = &self.state.attempts[ix];
        let Some(each) = parent.each.as_ref().filter(|each| each.failed > 0) else {
            return End::success();
        };
        if let Some(why) = parent.stop.or(self.state.stop) {
            return ends::stopped(why);
        }
        let mut message = format!("{} of {} iterations did not succeed", each.failed, each.iterations.len());
        if let Some((error, _)) = each.stats().errors.first() {
            message = format!("{message}: {error}");
        }
        End::new(Outcome::Failed, TerminationCode::RunExecutionError, message)
    }
}
