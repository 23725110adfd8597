//! The rules of the task graph that pages call.

use super::{Answer, Input, unreadable};
use crate::dag::{Assumed, JobOutcome, Sketch, levels, simulate_with};
use crate::error::{Error, ErrorCode};
use crate::json::{Listed, Object, ToJson};
use crate::layout::{Node, Options, Timed, critical_path, layout};
use crate::run::Outcome;
use crate::value::Value;

pub(super) fn job_text(job: &JobOutcome) -> String {
    match job {
        JobOutcome::Ended(outcome) => outcome.to_string(),
        JobOutcome::Skipped => "SKIPPED".to_owned(),
    }
}

/// The level of each task, by key. A cycle is an error that names it.
pub(super) fn levels_of(input: Value) -> Answer {
    let tasks = sketches(&mut Input::of(input)?)?;
    let mut told = Object::default();
    for (key, level) in levels(&tasks).map_err(|cycle| cycle_error("levels", &cycle))? {
        told.set(key, level);
    }
    Ok(told.into())
}

fn sketches(input: &mut Input) -> Result<Vec<Sketch>, Error> {
    Sketch::read_all(&input.list("tasks")?).map_err(|problem| unreadable(&problem.to_string()))
}

fn cycle_error(operation: &'static str, cycle: &[String]) -> Error {
    let mut keys = Vec::with_capacity(cycle.len());
    for key in cycle {
        keys.push(key.as_str());
    }
    let message = format!("the tasks wait for each other: {}", Listed(&keys, " → "));
    Error::new(ErrorCode::InvalidDefinition, operation, message)
}

/// How every task of a job ends when some end as assumed. A cycle is an error that names it.
pub(super) fn simulation(input: Value) -> Answer {
    let mut input = Input::of(input)?;
    let tasks = sketches(&mut input)?;
    let mut assumptions: Vec<(String, Assumed)> = Vec::new();
    if let Some(given) = input.optional("assumed") {
        for (key, assumption) in Input::of(given)?.0 {
            let mut given = Input::of(assumption)?;
            let mut assumed = Assumed::default();
            if let Some(outcome) = given.text("outcome")? {
                assumed.outcome = Outcome::from(outcome.as_str());
            }
            match given.optional("condition") {
                None => {}
                Some(Value::Bool(condition)) => assumed.condition = condition,
                Some(_) => return Err(unreadable("`condition` is neither true nor false")),
            }
            assumptions.push((key, assumed));
        }
    }
    let assumed = |key: &str| {
        let found = assumptions.iter().find(|(known, _)| known == key)?;
        Some(found.1.clone())
    };
    let simulated = simulate_with(&tasks, &assumed).map_err(|cycle| cycle_error("simulate", &cycle))?;
    let mut ends = Object::default();
    for (key, outcome) in simulated.tasks {
        ends.set(&key, outcome.as_str());
    }
    let mut told = Object::default();
    told.set("tasks", ends);
    told.set("job", job_text(&simulated.job));
    Ok(told.into())
}

/// Where the nodes and edges of a task graph are drawn; with `times` instead of nodes the longest way, as `critical`.
pub(super) fn picture(input: Value) -> Answer {
    let mut input = Input::of(input)?;
    if input.0.get("times").is_some_and(|times| !times.is_null()) {
        let mut times = Vec::new();
        for task in input.list("times")? {
            times.push(timed(task)?);
        }
        let mut told = Object::default();
        told.set("critical", critical_path(&times));
        return Ok(told.into());
    }
    let mut nodes = Vec::new();
    for given in input.list("nodes")? {
        nodes.push(node(given)?);
    }
    let mut options = Options::default();
    if let Some(given) = input.optional("options") {
        let mut given = Input::of(given)?;
        for (name, size) in [
            ("width", &mut options.width),
            ("height", &mut options.height),
            ("layer_gap", &mut options.layer_gap),
            ("row_gap", &mut options.row_gap),
            ("margin", &mut options.margin),
        ] {
            if let Some(number) = given.integer(name)? {
                *size = i32::try_from(number).map_err(|_| unreadable(&format!("`{name}` is too large")))?;
            }
        }
        if let Some(most) = given.integer("fold_above")? {
            options.fold_above =
                usize::try_from(most).map_err(|_| unreadable("`fold_above` is less than 0"))?;
        }
    }
    Ok(layout(&nodes, &options).to_json())
}

fn node(node: Value) -> Result<Node, Error> {
    let mut node = Input::of(node)?;
    Ok(Node {
        key: node.required_text("key")?,
        group: node.text("group")?.unwrap_or_default(),
        depends_on: node.texts("depends_on")?,
    })
}

fn timed(task: Value) -> Result<Timed, Error> {
    let mut task = Input::of(task)?;
    Ok(Timed {
        key: task.required_text("key")?,
        depends_on: task.texts("depends_on")?,
        end: task.integer("end")?,
    })
}
