//! `lakeflow destinations`: destinations are kept beside the bundle, tried out, and told of by runs.

use crate::support::{CONDITION, Room};
use std::io::{Read, Write};
use std::net::TcpListener;

/// Takes one request, answers it with a status line, and gives its text.
fn receiver(status: &'static str) -> (String, std::thread::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let thread = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut text = Vec::new();
        let mut part = [0; 4096];
        // The body is JSON of one object, so it ends with a brace; the head has none.
        while !text.ends_with(b"}") {
            let read = stream.read(&mut part).unwrap();
            text.extend_from_slice(&part[..read]);
        }
        write!(stream, "HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").unwrap();
        String::from_utf8(text).unwrap()
    });
    (url, thread)
}

#[test]
fn a_destination_is_made_tried_out_told_and_removed() {
    let room = Room::bundle(&format!(
        "{CONDITION}\n- task_key: mail\n  depends_on: [{{task_key: check}}]\n  condition_task: {{op: EQUAL_TO, left: a, right: a}}"
    ));
    let bundle = std::fs::read_to_string(room.path().join("databricks.yml")).unwrap();
    let hooks = "      webhook_notifications: {on_success: [{id: ops}]}\n      email_notifications: {on_success: [ann@example.com]}\n";
    room.write("databricks.yml", bundle.replace("      tasks:\n", &format!("{hooks}      tasks:\n")));
    room.run(&["destinations", "list"]).expect(0, &["there are no notification destinations"]);
    let (url, told) = receiver("200 OK");
    room.write("pw", "s3cret\n");
    let create =
        ["destinations", "create", "on-call", "--id", "ops", "--webhook", &url, "--username", "jobs"];
    let said = room.run(&[&create[..], &["--password-file", "pw"]].concat());
    assert_eq!((said.code, said.out.as_str()), (0, "ops\n"), "{said:?}");
    let listed = room.run(&["destinations", "list"]);
    listed.expect(0, &["ops  WEBHOOK  on-call"]);
    room.run(&["destinations", "test", "on-call"]).expect(0, &["the test has arrived"]);
    let text = told.join().unwrap();
    assert!(text.contains("authorization: Basic am9iczpzM2NyZXQ="), "printf jobs:s3cret | base64: {text}");
    let (url, told) = receiver("204 No Content");
    room.run(&["destinations", "update", "ops", "--webhook", &url]).expect(0, &[]);
    room.run(&["run", "etl"]).expect(0, &["SUCCESS"]);
    let text = told.join().unwrap();
    assert!(
        text.contains("\"event_type\":\"jobs.on_success\"") && text.contains("am9iczpzM2NyZXQ="),
        "{text}"
    );
    let said = room.run(&["destinations", "deliveries"]);
    said.expect(0, &["jobs.on_success", "destination:ops", "email:ann@example.com", "SENT"]);
    let letters: Vec<_> = std::fs::read_dir(room.path().join(".lakeflow/outbox")).unwrap().collect();
    assert_eq!(letters.len(), 1, "without an SMTP server letters are files");
    let whole = format!("{said:?}{listed:?}");
    assert!(!whole.contains("s3cret") && !whole.contains("127.0.0.1"), "{whole}");
    room.run(&["destinations", "delete", "on-call"]).expect(0, &[]);
    room.run(&["destinations", "list", "--json"]).expect(0, &[]);
}

#[test]
fn destinations_that_cannot_be() {
    let room = Room::bundle(CONDITION);
    room.run(&["destinations", "create", "x"]).expect(2, &["required field `config` is missing"]);
    room.run(&["destinations", "create", "x", "--webhook", "example.com"])
        .expect(2, &["must begin with https:// or http://"]);
    room.run(&["destinations", "create", "x", "--slack", "https://u:p@example.com"])
        .expect(2, &["must not carry a user name"]);
    room.run(&["destinations", "create", "x", "--slack", "https://a", "--teams", "https://b"])
        .expect(2, &["cannot be used with"]);
    room.run(&["destinations", "create", "x", "--email", "nobody"])
        .expect(2, &["\"nobody\" is no e-mail address"]);
    room.run(&["destinations", "create", "x", "--webhook", "https://a", "--password-file", "none"])
        .expect(2, &["none: "]);
    room.run(&["destinations", "create", "ops", "--email", "ann@example.com"]).expect(0, &[]);
    room.run(&["destinations", "test", "opps"])
        .expect(2, &["there is no notification destination \"opps\"", "did you mean `ops`?"]);
    room.run(&["destinations", "retry", "7"]).expect(2, &["Delivery 7 does not exist"]);
    let smtp =
        room.command(&["destinations", "list"]).env("LAKEFLOW_SMTP", "mail.example.com:pw").output().unwrap();
    crate::support::said(smtp).expect(2, &["the SMTP address cannot be read"]);
}

#[test]
fn a_receiver_that_refuses_is_told() {
    let room = Room::bundle(CONDITION);
    let (url, told) = receiver("403 Forbidden");
    room.run(&["destinations", "create", "shut", "--webhook", &url]).expect(0, &[]);
    room.run(&["destinations", "test", "shut"]).expect(1, &["the receiver answered 403 Forbidden"]);
    told.join().unwrap();
}
