//! Admission of runs, and which parameters a task gets.

use super::{Answer, read, write};
use crate::execution::{
    Admission, Admit, LegacyParameters, admit, apply_legacy, child_parameters, push_down,
};
use crate::job::wire::TextMap;
use crate::job::{JobParameter, Task};
use serde::Deserialize;
use serde_json::{Value, json};

/// `"start"`, `{"queue": CODE, "message": …}` or `{"skip": CODE}`.
pub(super) fn admission(input: Value) -> Answer {
    Ok(match admit(&read::<Admission>(input)?) {
        Admit::Start => json!("start"),
        Admit::Queue { code, message } => json!({ "queue": code, "message": message }),
        Admit::Skip(end) => json!({ "skip": end.code.as_str() }),
    })
}

#[derive(Deserialize)]
struct Given {
    task: Task,
    parameters: Vec<(String, String)>,
    legacy: LegacyParameters,
}

/// The task with the parameters of its run.
pub(super) fn parameters(input: Value) -> Answer {
    let Given { mut task, parameters, legacy } = read(input)?;
    apply_legacy(&mut task, &legacy);
    push_down(&mut task, &parameters);
    write(task)
}

#[derive(Deserialize)]
struct Child {
    own: TextMap,
    parent: Vec<(String, String)>,
    defined: Vec<String>,
}

/// The job parameters that a run-job task starts its run with.
pub(super) fn child(input: Value) -> Answer {
    let Child { own, parent, defined } = read(input)?;
    let parameter = |name: &String| read::<JobParameter>(json!({ "name": name, "default": "" }));
    let defined = defined.iter().map(parameter).collect::<Result<Vec<_>, _>>()?;
    write(child_parameters(&own, &parent, &defined))
}
