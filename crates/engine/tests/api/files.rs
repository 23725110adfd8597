//! Files of the workspace and of volumes, and faults on order (reference section 2.4).

use super::common::{Local, task};
use lakeflow_engine::{Config, Principal};
use serde_json::{Value, json};

#[tokio::test]
async fn notebooks_and_files_go_in_and_come_out() {
    let dir = tempfile::tempdir().unwrap();
    let local = Local::start(dir.path()).await;
    let folder = "/Workspace/Users/me/app";
    local.call("/api/2.0/workspace/mkdirs", json!({ "path": folder })).await;
    // "print(1)" in base64.
    let import = json!({ "path": format!("{folder}/nb"), "format": "SOURCE", "language": "PYTHON", "content": "cHJpbnQoMSk=" });
    local.call("/api/2.0/workspace/import", import.clone()).await;
    let (status, body) = local.post("/api/2.0/workspace/import", import).await;
    assert_eq!((status, &body["error_code"]), (400, &json!("RESOURCE_ALREADY_EXISTS")));
    let found = local.read(&format!("/api/2.0/workspace/get-status?path={folder}/nb")).await;
    assert_eq!((&found["object_type"], &found["language"]), (&json!("NOTEBOOK"), &json!("PYTHON")));
    let text = local.engine.paths().resolve("/Users/me/app/nb.py").unwrap();
    assert_eq!(std::fs::read_to_string(text).unwrap(), "# Databricks notebook source\nprint(1)");
    let upload = local.request("POST", "/api/2.0/workspace-files/import-file/Workspace/Users/me/app/a.txt");
    assert_eq!(local.send(upload.body("hello")).await, (200, json!({})));
    let list = local.read(&format!("/api/2.0/workspace/list?path={folder}")).await;
    let names: Vec<&Value> = list["objects"].as_array().unwrap().iter().map(|o| &o["path"]).collect();
    assert_eq!(names, [&json!(format!("{folder}/a.txt")), &json!(format!("{folder}/nb"))]);
    let export = local.read(&format!("/api/2.0/workspace/export?path={folder}/a.txt")).await;
    assert_eq!(export["content"], "aGVsbG8=");
    let raw = local.request("GET", "/api/2.0/workspace-files/Users/me/app/a.txt").send().await.unwrap();
    assert_eq!(raw.text().await.unwrap(), "hello");
    let (status, _) = local.post("/api/2.0/workspace/delete", json!({ "path": folder })).await;
    assert_eq!(status, 400, "not empty");
    local.call("/api/2.0/workspace/delete", json!({ "path": folder, "recursive": true })).await;
    let (status, body) = local.get(&format!("/api/2.0/workspace/get-status?path={folder}")).await;
    assert_eq!((status, &body["error_code"]), (404, &json!("RESOURCE_DOES_NOT_EXIST")));
}

// LOCAL[permissions] own: paths stay inside the folders that they belong to
#[tokio::test]
async fn volumes_keep_files_and_nothing_leads_out() {
    let dir = tempfile::tempdir().unwrap();
    let local = Local::start(dir.path()).await;
    let file = "/api/2.0/fs/files/Volumes/main/default/v/d/x.bin";
    let put = async |query: &str| {
        let request = local.request("PUT", &format!("{file}{query}")).body(vec![7_u8; 100_000]);
        request.send().await.unwrap().status().as_u16()
    };
    assert_eq!(put("").await, 200);
    assert_eq!(put("").await, 409, "not over what is there");
    assert_eq!(put("?overwrite=true").await, 200);
    let raw = local.request("GET", file).send().await.unwrap();
    assert_eq!(raw.headers()["content-length"], "100000");
    assert_eq!(raw.bytes().await.unwrap().len(), 100_000);
    let list = local.read("/api/2.0/fs/directories/Volumes/main/default/v/d").await;
    assert_eq!(list["contents"][0]["name"], "x.bin");
    assert_eq!(list["contents"][0]["file_size"], 100_000);
    let gone = local.request("DELETE", file).send().await.unwrap();
    assert_eq!(gone.status().as_u16(), 204);
    assert_eq!(local.get(file).await.0, 404);
    for path in ["%2e%2e/%2e%2e/token", "Volumes/..%2f..%2ftoken", "Users/..%2F..%2F..%2Ftoken"] {
        let (status, body) = local.get(&format!("/api/2.0/workspace-files/{path}")).await;
        assert!((400..500).contains(&status), "{path}: {body}");
    }
}

// LOCAL[rest] own: fault injection by endpoint and count, before or after the effect
#[tokio::test]
async fn faults_come_when_they_are_asked_for() {
    let dir = tempfile::tempdir().unwrap();
    let bob = Principal { token: "bob-token".to_owned(), user_name: "bob".to_owned() };
    let config = Config { principals: vec![bob], ..Config::new(dir.path()) };
    let local = Local::start_with(config).await.unwrap();
    let job = local.create(json!({ "max_concurrent_runs": 9, "tasks": [task("a", "/ok", &[])] })).await;
    let order = async |fault: Value| {
        let request =
            local.request("PUT", "/api/2.0/lakeflow-local/faults").json(&json!({ "faults": [fault] }));
        assert_eq!(local.send(request).await, (200, json!({})));
    };
    let list = format!("/api/2.2/jobs/runs/list?job_id={job}");
    let runs = async || local.read(&list).await["runs"].as_array().map_or(0, Vec::len);
    let trigger = || local.request("POST", "/api/2.2/jobs/run-now").json(&json!({ "job_id": job }));
    order(json!({ "path": "/jobs/run-now", "kind": "status", "status": 503, "retry_after": 2, "skip": 1 }))
        .await;
    assert_eq!(trigger().send().await.unwrap().status().as_u16(), 200);
    let response = trigger().send().await.unwrap();
    assert_eq!(
        (response.status().as_u16(), &response.headers()["retry-after"]),
        (503, &"2".parse().unwrap())
    );
    assert_eq!(runs().await, 1, "before the effect");
    order(json!({ "path": "/jobs/run-now", "kind": "reset", "after": true })).await;
    assert!(trigger().send().await.is_err());
    assert_eq!(runs().await, 2, "after the effect");
    order(json!({ "path": "/jobs/run-now", "kind": "truncate" })).await;
    assert!(trigger().send().await.unwrap().text().await.is_err());
    order(json!({ "path": "/jobs/run-now", "kind": "delay", "ms": 1 })).await;
    assert_eq!(trigger().send().await.unwrap().status().as_u16(), 200);
    assert_eq!(local.read("/api/2.0/lakeflow-local/faults").await, json!({ "faults": [] }), "each came once");
    let other = local.client.with_token("bob-token");
    let request = other.request("PUT", "/api/2.0/lakeflow-local/faults").json(&json!({ "faults": [] }));
    assert_eq!(local.send(request).await.0, 403);
}

#[tokio::test]
async fn files_come_as_forms_too() {
    let dir = tempfile::tempdir().unwrap();
    let local = Local::start(dir.path()).await;
    let send = async |parts: &[(&str, &str)]| {
        let parts = parts.iter().map(|(name, text)| {
            format!("--line\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"{name}\"\r\n\r\n{text}\r\n")
        });
        let body = format!("{}--line--\r\n", parts.collect::<String>());
        let request = local.request("POST", "/api/2.0/workspace/import");
        local.send(request.header("content-type", "multipart/form-data; boundary=line").body(body)).await
    };
    let path = "/Workspace/Users/me/a.txt";
    let form = [("path", path), ("format", "AUTO"), ("content", "first")];
    assert_eq!(send(&form).await, (200, json!({})));
    let (status, body) = send(&form).await;
    assert_eq!((status, &body["error_code"]), (400, &json!("RESOURCE_ALREADY_EXISTS")));
    let over = [("path", path), ("format", "AUTO"), ("overwrite", "true"), ("content", "second")];
    assert_eq!(send(&over).await, (200, json!({})));
    let export = local.read(&format!("/api/2.0/workspace/export?path={path}")).await;
    assert_eq!(export["content"], "c2Vjb25k");
    let (status, body) = send(&[("path", "relative"), ("content", "x")]).await;
    assert_eq!((status, &body["error_code"]), (400, &json!("INVALID_PARAMETER_VALUE")));
    let request = local.request("POST", "/api/2.0/workspace/import").body("no form");
    let (status, body) =
        local.send(request.header("content-type", "multipart/form-data; boundary=line")).await;
    assert_eq!((status, &body["error_code"]), (400, &json!("INVALID_PARAMETER_VALUE")));
}
