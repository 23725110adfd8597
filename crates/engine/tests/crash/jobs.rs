//! Jobs made from a seed: graphs with retries, conditions, loops and child runs.

use super::process::Process;
use serde_json::{Value, json};

/// Numbers that look random and are the same every time (a linear congruential generator with Knuth's constants).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len() as u64) as usize]
    }
}

pub(crate) fn command(key: &str, file: &str, depends_on: &[String]) -> Value {
    let edges: Vec<Value> = depends_on.iter().map(|key| json!({ "task_key": key })).collect();
    json!({
        "task_key": key,
        "depends_on": edges,
        "existing_cluster_id": "c",
        "spark_python_task": { "python_file": file },
    })
}

/// Three to five tasks; each depends on some of those before it.
fn graph(numbers: &mut Numbers) -> Value {
    let mut tasks: Vec<Value> = Vec::new();
    for n in 0..3 + numbers.below(3) {
        let above: Vec<String> = (0..n).filter(|_| numbers.below(2) == 0).map(|m| format!("t{m}")).collect();
        let mut task = command(&format!("t{n}"), numbers.pick(&["/ok", "/slow", "/fail", "/once"]), &above);
        task["max_retries"] = json!(numbers.below(3));
        if !above.is_empty() {
            task["run_if"] = json!(numbers.pick(&["ALL_SUCCESS", "ALL_DONE", "AT_LEAST_ONE_SUCCESS"]));
        }
        tasks.push(task);
    }
    telling(json!({ "name": "graph", "tasks": tasks }))
}

/// A job that tells of each of its runs, by letters: they are files.
fn telling(mut job: Value) -> Value {
    let to = json!(["ann@example.com"]);
    job["email_notifications"] = json!({ "on_start": to, "on_success": to, "on_failure": to });
    job
}

/// Creates the jobs of a seed. Gives each job that is to be run, as often as it is to be run.
pub(crate) async fn create(engine: &Process, seed: u64) -> Vec<i64> {
    let mut numbers = Numbers(seed);
    let graph = engine.create(graph(&mut numbers)).await;
    let check =
        json!({ "task_key": "check", "condition_task": { "op": "EQUAL_TO", "left": "1", "right": "1" } });
    let mut yes = command("yes", "/ok", &[]);
    yes["depends_on"] = json!([{ "task_key": "check", "outcome": "true" }]);
    let mut no = command("no", "/ok", &[]);
    no["depends_on"] = json!([{ "task_key": "check", "outcome": "false" }]);
    let mut item = command("item", "/slow", &[]);
    item["max_retries"] = json!(1);
    let each = json!({
        "task_key": "each",
        "depends_on": [{ "task_key": "yes" }],
        "for_each_task": { "inputs": "[1,2,3]", "concurrency": 2, "task": item },
    });
    let parts = engine.create(telling(json!({ "name": "parts", "tasks": [check, yes, no, each] }))).await;
    let inner = telling(json!({ "name": "inner", "tasks": [command("inner", "/slow", &[])] }));
    let inner = engine.create(inner).await;
    let child = json!({ "task_key": "outer", "max_retries": 1, "run_job_task": { "job_id": inner } });
    let after = command("after", "/ok", &["outer".to_owned()]);
    let parent = engine.create(telling(json!({ "name": "parent", "tasks": [child, after] }))).await;
    let mut only = command("only", "/slow", &[]);
    only["max_retries"] = json!(numbers.below(2));
    let queue =
        json!({ "name": "queue", "max_concurrent_runs": 1, "queue": { "enabled": true }, "tasks": [only] });
    let queue = engine.create(telling(queue)).await;
    vec![graph, parts, parent, queue, queue]
}
