//! The `/api/jobs` routes between requests: who comes back after a broken connection, and faults that vectors cannot tell.
//! Single requests are `tests/vectors/gateway.json`, run through `core::door`.

use lakeflow_core::api::fault;
use lakeflow_core::door::{call, job_configs};
use lakeflow_core::gateway::{
    Body, Effect, Exchange, Gateway, Incoming, Registry, Settings, Sse, StreamStart,
};
use lakeflow_core::time::Tick;
use lakeflow_core::wait::Goal;
use lakeflow_tests::vectors;
use serde_json::{Value, json};

/// The routes of one job, `etl`, with the id 11.
fn gateway() -> Gateway {
    let jobs = json!({"etl": {"id": "11"}});
    let configured = job_configs(jobs.as_object().expect("an object")).expect("it is a configuration");
    Gateway::new(Registry::discover(&[], &configured), Settings::default()).expect("schemas compile")
}

/// What an exchange that makes no calls comes to.
fn reply_or_stream(exchange: &mut Exchange) -> Result<(u16, Body), Box<StreamStart>> {
    match exchange.poll() {
        Effect::Reply(reply) => Ok((reply.status, reply.body)),
        Effect::Stream(start) => Err(start),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_words_of_the_workspace_reach_no_client() {
    let mut failures = 0;
    for case in vectors::<Value, Value>("gateway.json") {
        failures += usize::from(case.input.to_string().contains("secret text"));
        let told = call("gateway", &case.input.to_string()).expect("the vector can be driven").to_string();
        assert!(!told.contains("secret text"), "{}: {told}", case.name);
    }
    assert!(failures > 5, "there are vectors with errors of the workspace");
}

fn streaming(client: &str, nonce: &str, body: &str) -> Incoming {
    Incoming {
        method: "POST".to_owned(),
        path: "/etl/run?stream=true".to_owned(),
        headers: vec![("content-type".to_owned(), "application/json".to_owned())],
        body: body.as_bytes().to_vec(),
        client: client.to_owned(),
        nonce: nonce.to_owned(),
        program: false,
    }
}

fn token(gateway: &mut Gateway, now: u64, incoming: Incoming) -> (Option<String>, Sse) {
    let mut exchange = gateway.accept(Tick(now), incoming);
    let start = reply_or_stream(&mut exchange).expect_err("a stream");
    match start.goal {
        Goal::RunNow(request) => (request.idempotency_token, start.sse),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_client_that_was_told_nothing_comes_back_to_its_own_trigger() {
    let mut gateway = gateway();
    let (first, sse) = token(&mut gateway, 0, streaming("ada", "a", "{}"));
    gateway.abandoned(Tick(1000), sse.claim().expect("a claim").clone());
    let (other_client, _) = token(&mut gateway, 2000, streaming("bob", "b", "{}"));
    let (other_body, _) = token(&mut gateway, 2000, streaming("ada", "c", "{ }"));
    let (retry, _) = token(&mut gateway, 3000, streaming("ada", "d", "{}"));
    let (next, _) = token(&mut gateway, 3000, streaming("ada", "e", "{}"));
    assert_eq!(first.as_deref(), Some("a"));
    assert_eq!(other_client.as_deref(), Some("b"));
    assert_eq!(other_body.as_deref(), Some("c"));
    assert_eq!(retry, first, "the retry meets the run that was started");
    assert_eq!(next.as_deref(), Some("e"), "one retry is one retry");
}

#[test]
fn a_minute_later_it_is_a_new_trigger() {
    let mut gateway = gateway();
    let (_, sse) = token(&mut gateway, 0, streaming("ada", "a", "{}"));
    gateway.abandoned(Tick(0), sse.claim().expect("a claim").clone());
    let (later, _) = token(&mut gateway, 60_000, streaming("ada", "b", "{}"));
    assert_eq!(later.as_deref(), Some("b"));
}

#[test]
fn a_lost_answer_to_a_repair_is_looked_up() {
    let after = |latest: i64| {
        let mut gateway = gateway();
        let incoming = Incoming {
            method: "POST".to_owned(),
            path: "/etl/runs/70/repair".to_owned(),
            ..Incoming::default()
        };
        let mut exchange = gateway.accept(Tick(0), incoming);
        let run = |repair: i64| {
            json!({"run_id": 70, "job_id": 11, "repair_history": [{"type": "REPAIR", "id": repair}],
                   "state": {"life_cycle_state": "TERMINATED", "result_state": "FAILED"}})
        };
        let mut histories = vec![run(latest), run(4)];
        loop {
            match exchange.poll() {
                Effect::Call { call, request } => {
                    let lost = fault::transport(request.operation, fault::TransportFault::Broken, "reset");
                    let history = request.query.iter().any(|(name, _)| name == "include_history");
                    exchange.answered(
                        call,
                        match request.operation {
                            "repair_run" => Err(lost),
                            _ if history => Ok(histories.pop().expect("two histories")),
                            _ => Ok(run(4)),
                        },
                    );
                }
                Effect::Reply(reply) => return (reply.status, reply.body),
                other => panic!("{other:?}"),
            }
        }
    };
    assert_eq!(after(5), (200, Body::Json(json!({"runId": 70, "repairId": 5}))));
    let (status, _) = after(4);
    assert!(status >= 500, "a repair that was not carried out is not said to be: {status}");
}

#[test]
fn a_schema_that_is_none_is_told_with_its_job() {
    let jobs = json!({"etl": {"id": "11", "params": {"type": 7}}});
    let configured = job_configs(jobs.as_object().expect("an object")).expect("it is a configuration");
    let problems = Gateway::new(Registry::discover(&[], &configured), Settings::default()).unwrap_err();
    assert!(problems[0].path.starts_with("etl: "), "{problems:?}");
}

#[test]
fn large_bodies_are_refused() {
    let mut gateway = gateway();
    let body = format!(r#"{{"params": {{"x": "{}"}}}}"#, "y".repeat(10 << 20));
    let incoming = Incoming { path: "/etl/run".to_owned(), ..streaming("", "n", &body) };
    let (status, _) = reply_or_stream(&mut gateway.accept(Tick(0), incoming)).expect("a reply");
    assert_eq!(status, 413);
}
