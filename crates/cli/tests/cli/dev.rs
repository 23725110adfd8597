//! The settings of `lakeflow dev`: each does what its help says, and bad ones are told.

use crate::support::{CONDITION, Room, Served};

const LIST: &str = "/api/2.2/jobs/list";

#[test]
fn over_the_rate_limit_clients_are_told_when_to_come_back() {
    let room = Room::bundle(CONDITION);
    let served = Served::new(&room, &["--rate-limit", "20"]);
    // However slow the machine is, some second sees more than twenty of these.
    let limited = (0..2000).map(|_| served.get(LIST)).find(|(status, _)| *status != 200);
    let (status, answer) = limited.expect("one is over the limit");
    assert_eq!(status, 429, "{answer}");
    let answer = answer.to_lowercase();
    assert!(answer.contains("retry-after: 1\r\n") && answer.contains("request_limit_exceeded"), "{answer}");
}

#[test]
fn further_users_have_the_rights_that_jobs_give_them() {
    let room = Room::bundle(CONDITION);
    room.write(
        "users.json",
        r#"{"users": [{"user_name": "ann@x.example", "token": "ann-0123456789abcdef"}]}"#,
    );
    let served = Served::new(&room, &["--users", "users.json"]);
    let (status, all) = served.get(LIST);
    assert!(status == 200 && all.contains("\"etl\""), "{all}");
    let job = all.split("\"job_id\":").nth(1).and_then(|rest| rest.split(',').next()).unwrap();
    let (status, answer) =
        served.get_as("ann-0123456789abcdef", "localhost", &format!("/api/2.2/jobs/get?job_id={job}"));
    assert_eq!(status, 403, "{answer}");
    assert!(
        answer.contains("User ann@x.example does not have View or Admin or Manage Run or Owner permissions"),
        "{answer}"
    );
    let (status, answer) = served.get_as("ann-0123456789abcdef", "localhost", LIST);
    assert!(status == 200 && !answer.contains("etl"), "{answer}");
    assert_eq!(served.get_as("bob-0123456789abcdef", "localhost", LIST).0, 403);
}

#[test]
fn a_further_host_name_is_answered_only_when_it_was_named() {
    let room = Room::bundle(CONDITION);
    let served = Served::new(&room, &["--allow-host", "jobs.example"]);
    let token = room.path().join(".lakeflow/token");
    let token = std::fs::read_to_string(token).unwrap();
    assert_eq!(served.get_as(token.trim(), "jobs.example", LIST).0, 200);
    assert_eq!(served.get_as(token.trim(), "other.example", LIST).0, 403);
}

#[test]
fn faults_come_from_a_file() {
    let room = Room::bundle(CONDITION);
    room.write(
        "faults.json",
        r#"{"faults": [{"path": "/runs/list", "kind": "status", "status": 503, "count": 2}]}"#,
    );
    let served = Served::new(&room, &["--faults", "faults.json"]);
    let asked: Vec<u16> = (0..3).map(|_| served.get("/api/2.2/jobs/runs/list").0).collect();
    assert_eq!(asked, [503, 503, 200]);
}

#[test]
fn tasks_get_paths_and_the_token_only_when_that_is_asked_for() {
    let room = Room::bundle(
        "- task_key: t\n  spark_python_task: {python_file: t.py}\n- task_key: outside\n  spark_python_task: {python_file: /nowhere/t.py}",
    );
    let outside = Room::new();
    let script = "import os\nprint('token', os.environ.get('DATABRICKS_TOKEN', 'none')[:9])\n";
    room.write("t.py", script);
    let far = outside.write("t.py", script);
    let bundle = std::fs::read_to_string(room.path().join("databricks.yml")).unwrap();
    room.write("databricks.yml", bundle.replace("/nowhere/t.py", &far.display().to_string()));
    room.run(&["run", "etl"]).expect(1, &["task outside FAILED", "--allow-path"]);
    let folder = outside.path().display().to_string();
    let served = Served::new(&room, &["--share-token", "--allow-path", &folder]);
    let said = room.run(&["run", "etl"]);
    drop(served);
    said.expect(0, &["token lakeflow-", "outside"]);
}

#[test]
fn what_fires_next_is_told() {
    let room = Room::bundle(CONDITION);
    let bundle = std::fs::read_to_string(room.path().join("databricks.yml")).unwrap();
    let schedule = "      schedule: {quartz_cron_expression: 0 0 6 * * ?, timezone_id: UTC}\n      tasks:";
    room.write("databricks.yml", bundle.replace("      tasks:", schedule));
    let served = Served::new(&room, &[]);
    assert!(
        served.said.iter().any(|line| line.starts_with("next ") && line.contains("T06:00:00Z  \"etl\"")),
        "{:?}",
        served.said
    );
    let (_, told) = served.get("/api/2.0/lakeflow-local/triggers");
    assert!(told.contains("\"firing\":true"), "{told}");
    drop(served);
    let served = Served::new(&room, &["--pause-triggers"]);
    assert!(!served.said.iter().any(|line| line.starts_with("next ")), "{:?}", served.said);
    assert!(served.get("/api/2.0/lakeflow-local/triggers").1.contains("\"firing\":false"));
}

#[test]
fn bad_settings_are_told_with_the_file_and_what_is_wrong() {
    let room = Room::bundle(CONDITION);
    for (text, part) in [
        ("{", "not a list of users"),
        (r#"{"users": [{"user_name": "a", "token": "short"}]}"#, "users[0] needs a token of 16 or more"),
        (r#"{"users": [{"user_name": " ", "token": "0123456789abcdef"}]}"#, "users[0] has no user_name"),
        (
            r#"{"users": [{"user_name": "a", "token": "0123456789abcdef"}, {"user_name": "b", "token": "0123456789abcdef"}]}"#,
            "users[1] has the token of another one",
        ),
    ] {
        room.write("users.json", text);
        room.run(&["dev", "--port", "0", "--users", "users.json"]).expect(2, &["users.json", part]);
    }
    for words in [["--secrets", "none.json"], ["--faults", "none.json"], ["--allow-path", "none.json"]] {
        room.run(&[&["dev", "--port", "0"], &words[..]].concat()).expect(2, &["none.json"]);
    }
    for words in [["--rate-limit", "0"], ["--keep-days", "0"], ["--grace", "soon"]] {
        room.run(&[&["dev", "--port", "0"], &words[..]].concat()).expect(2, &[words[0]]);
    }
}
