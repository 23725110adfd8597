//! Who may come in, and what clients call around the Jobs API (reference sections 2.2 to 2.5, 17 and 21.5).

use super::common::{Local, task};
use lakeflow_engine::{Config, Principal};
use serde_json::{Value, json};

// LOCAL[permissions] own: loopback alone; token, `Host` and `Origin` are checked
#[tokio::test]
async fn tokens_hosts_and_origins_are_checked() {
    let dir = tempfile::tempdir().unwrap();
    let local = Local::start(dir.path()).await;
    let path = "/api/2.2/jobs/list";
    let bare = |header: &str, value: &str| local.request("GET", path).header(header, value);
    let anonymous = reqwest::Client::new().get(format!("{}{path}", local.engine.url()));
    let (status, body) = local.send(anonymous).await;
    assert_eq!((status, &body["error_code"]), (401, &json!("UNAUTHENTICATED")));
    let (status, body) = local.client.with_token("wrong").get(path).await;
    assert_eq!(
        (status, body),
        (403, json!({ "error_code": "PERMISSION_DENIED", "message": "Invalid access token." }))
    );
    assert_eq!(local.send(bare("host", "evil.example")).await.0, 403, "DNS rebinding");
    assert_eq!(local.send(bare("host", "localhost")).await.0, 200);
    assert_eq!(
        local.send(bare("origin", "https://evil.example")).await.0,
        403,
        "a web page must not start jobs"
    );
    assert_eq!(local.send(bare("origin", "null")).await.0, 403);
    assert_eq!(local.send(bare("origin", local.engine.url())).await.0, 200);
    let token = std::fs::read_to_string(dir.path().join("token")).unwrap();
    assert_eq!(token, local.engine.token());
}

// LOCAL[rest] same: error bodies, codes and messages that clients match
#[tokio::test]
async fn bad_bodies_and_paths_get_the_platforms_errors() {
    let dir = tempfile::tempdir().unwrap();
    let local = Local::start(dir.path()).await;
    let send =
        async |body: Vec<u8>| local.send(local.request("POST", "/api/2.2/jobs/create").body(body)).await;
    for body in [b"{".to_vec(), b"\xff\xfe".to_vec(), b"{\"name\": 1e999}".to_vec(), b"[".repeat(100_000)] {
        let (status, answer) = send(body).await;
        assert_eq!((status, &answer["error_code"]), (400, &json!("MALFORMED_REQUEST")), "{answer}");
    }
    for body in [&b"[]"[..], b"null", b"\"x\"", b"{}", b""] {
        let (status, answer) = send(body.to_vec()).await;
        assert_eq!((status, &answer["error_code"]), (400, &json!("INVALID_PARAMETER_VALUE")), "{answer}");
    }
    let (status, answer) = send(vec![b' '; 20 << 20]).await;
    assert_eq!((status, &answer["error_code"]), (413, &json!("INVALID_PARAMETER_VALUE")));
    assert!(answer["message"].as_str().unwrap().contains("larger than 10 MB"));
    for path in ["/api/2.2/jobs/nothing", "/api/9.9/jobs/list", "/other", "/api/2.2/jobs/create"] {
        let (status, answer) = local.get(path).await;
        assert_eq!(status, 404, "{path}");
        assert!(answer["error_code"].is_string() && answer["message"].is_string(), "both are always sent");
    }
    assert_eq!(local.get("/api/2.2/jobs/list").await.0, 200, "the engine goes on");
}

// LOCAL[rest] own: a rate limit with `Retry-After`, as a setting
#[tokio::test]
async fn a_rate_limit_says_when_to_come_back() {
    let dir = tempfile::tempdir().unwrap();
    let config = Config { requests_per_second: Some(0), ..Config::new(dir.path()) };
    let local = Local::start_with(config).await.unwrap();
    let response = local.request("GET", "/api/2.2/jobs/list").send().await.unwrap();
    assert_eq!(response.status().as_u16(), 429);
    assert_eq!(response.headers()["retry-after"], "1");
    let body: Value = response.json().await.unwrap();
    assert_eq!(body["error_code"], "REQUEST_LIMIT_EXCEEDED");
}

// LOCAL[permissions] same: permissions are enforced for holders of further tokens
#[tokio::test]
async fn permissions_are_stored_and_enforced_for_others() {
    let dir = tempfile::tempdir().unwrap();
    let other = Principal { token: "other-token".to_owned(), user_name: "bob@x.org".to_owned() };
    let config = Config { principals: vec![other], ..Config::new(dir.path()) };
    let local = Local::start_with(config).await.unwrap();
    let bob = local.client.with_token("other-token");
    let id = local.create(json!({ "tasks": [task("a", "/ok", &[])] })).await;
    let get = format!("/api/2.2/jobs/get?job_id={id}");
    let (status, body) = bob.get(&get).await;
    let message =
        format!("User bob@x.org does not have View or Admin or Manage Run or Owner permissions on job {id}");
    assert_eq!((status, &body["message"]), (403, &json!(message)));
    assert_eq!(bob.read("/api/2.2/jobs/list").await.get("jobs"), None);
    let path = format!("/api/2.0/permissions/jobs/{id}");
    let send = async |method: &str, body: Value| local.send(local.request(method, &path).json(&body)).await;
    let grant = |level: &str| json!({ "access_control_list": [{ "user_name": "bob@x.org", "permission_level": level }] });
    assert_eq!(send("PATCH", grant("CAN_VIEW")).await.0, 200);
    assert_eq!(bob.get(&get).await.0, 200);
    assert_eq!(bob.post("/api/2.2/jobs/run-now", json!({ "job_id": id })).await.0, 403);
    assert_eq!(send("PATCH", grant("CAN_MANAGE_RUN")).await.0, 200);
    let run = bob.run_now(id).await;
    local.ended(run).await;
    assert_eq!(local.run(run).await["creator_user_name"], "bob@x.org");
    assert_eq!(bob.post("/api/2.2/jobs/delete", json!({ "job_id": id })).await.0, 403);
    assert_eq!(bob.get(&path).await.0, 403);
    let list = local.read(&path).await;
    assert_eq!(list["object_id"], format!("/jobs/{id}"));
    let entries = list["access_control_list"].as_array().unwrap();
    let levels: Vec<&Value> =
        entries.iter().map(|entry| &entry["all_permissions"][0]["permission_level"]).collect();
    assert_eq!(levels, ["IS_OWNER", "CAN_MANAGE_RUN", "CAN_MANAGE"], "owner, bob, the inherited admins");
    assert_eq!(
        local.send(local.request("PATCH", &path)).await,
        (200, list.clone()),
        "a PATCH without body is harmless"
    );
    let (status, body) = send("PUT", grant("CAN_VIEW")).await;
    assert_eq!((status, &body["message"]), (400, &json!("The job must have exactly one owner.")));
    assert_eq!(send("PUT", grant("IS_OWNER")).await.0, 200);
    assert_eq!(bob.get(&path).await.0, 200);
    assert_eq!(
        local.read(&format!("{path}/permissionLevels")).await["permission_levels"].as_array().unwrap().len(),
        4
    );
}

#[tokio::test]
async fn pages_of_others_have_no_holes() {
    let dir = tempfile::tempdir().unwrap();
    let other = Principal { token: "other-token".to_owned(), user_name: "bob@x.org".to_owned() };
    let config = Config { principals: vec![other], ..Config::new(dir.path()) };
    let local = Local::start_with(config).await.unwrap();
    let bob = local.client.with_token("other-token");
    let viewer = json!([{ "user_name": "bob@x.org", "permission_level": "CAN_VIEW" }]);
    let (mut jobs, mut runs) = (Vec::new(), Vec::new());
    for n in 0..9 {
        let mut settings = json!({ "tasks": [task("a", "/ok", &[])] });
        if n % 4 == 0 {
            settings["access_control_list"] = viewer.clone();
        }
        let job = local.create(settings).await;
        let run = local.run_now(job).await;
        local.ended(run).await;
        if n % 4 == 0 {
            jobs.insert(0, job);
            runs.insert(0, run);
        }
    }
    for (path, list, id, expect) in
        [("/jobs/list", "jobs", "job_id", jobs.clone()), ("/jobs/runs/list", "runs", "run_id", runs.clone())]
    {
        let ids = |page: &Value| -> Vec<i64> {
            page[list].as_array().into_iter().flatten().map(|shown| shown[id].as_i64().unwrap()).collect()
        };
        let first = bob.read(&format!("/api/2.2{path}?limit=2")).await;
        assert_eq!(ids(&first), expect[..2], "{path}");
        let token = first["next_page_token"].as_str().unwrap();
        let last = bob.read(&format!("/api/2.2{path}?limit=2&page_token={token}")).await;
        assert_eq!(ids(&last), expect[2..], "{path}");
        assert!(last.get("next_page_token").is_none(), "an empty page would follow: {last}");
        let offset = bob.read(&format!("/api/2.1{path}?offset=1&limit=5")).await;
        assert_eq!(ids(&offset), expect[1..], "what cannot be seen does not count: {path}");
    }
    local.call("/api/2.2/jobs/delete", json!({ "job_id": jobs[0] })).await;
    let get = |run: i64| format!("/api/2.2/jobs/runs/get?run_id={run}");
    assert_eq!(bob.get(&get(runs[0])).await.0, 200, "runs of a deleted job keep its permissions");
    assert_eq!(bob.post("/api/2.2/jobs/runs/delete", json!({ "run_id": runs[0] })).await.0, 403);
    assert_eq!(bob.get(&get(runs[0] - 1_048_576)).await.0, 403, "of a job that bob may not see");
}

#[tokio::test]
async fn one_time_runs_have_permissions_of_their_own() {
    let dir = tempfile::tempdir().unwrap();
    let principal =
        |name: &str| Principal { token: format!("{name}-token"), user_name: format!("{name}@x.org") };
    let config = Config { principals: vec![principal("bob"), principal("eve")], ..Config::new(dir.path()) };
    let local = Local::start_with(config).await.unwrap();
    let (bob, eve) = (local.client.with_token("bob-token"), local.client.with_token("eve-token"));
    let submit = |access: Value| {
        json!({
            "tasks": [task("a", "/hold", &[])],
            "access_control_list": access,
        })
    };
    let grant = json!([{ "user_name": "eve@x.org", "permission_level": "CAN_VIEW" }]);
    let run = bob.call("/api/2.2/jobs/runs/submit", submit(grant)).await["run_id"].as_i64().unwrap();
    let own = local.call("/api/2.2/jobs/runs/submit", submit(json!([]))).await["run_id"].as_i64().unwrap();
    let get = |run: i64| format!("/api/2.2/jobs/runs/get?run_id={run}");
    assert_eq!(eve.get(&get(run)).await.0, 200);
    assert_eq!(eve.post("/api/2.2/jobs/runs/cancel", json!({ "run_id": run })).await.0, 403);
    assert_eq!((bob.get(&get(own)).await.0, eve.get(&get(own)).await.0), (403, 403));
    let listed = eve.read("/api/2.2/jobs/runs/list").await;
    assert_eq!(listed["runs"].as_array().unwrap().len(), 1);
    eve.call("/api/2.2/jobs/runs/cancel-all", json!({ "all_queued_runs": true })).await;
    assert_eq!(bob.post("/api/2.2/jobs/runs/cancel", json!({ "run_id": run })).await.0, 200);
    assert_eq!(local.ended(run).await["state"]["result_state"], "CANCELED");
    let bad = submit(json!([{ "user_name": "x", "permission_level": "CAN_FLY" }]));
    assert_eq!(bob.post("/api/2.2/jobs/runs/submit", bad).await.0, 400);
}

#[tokio::test]
async fn companion_calls_answer_as_clients_need() {
    let dir = tempfile::tempdir().unwrap();
    let local = Local::start(dir.path()).await;
    let open = |path: &str| reqwest::Client::new().get(format!("{}{path}", local.engine.url()));
    let (status, config) = local.send(open("/.well-known/databricks-config")).await;
    assert_eq!(status, 200);
    assert_eq!(config["oidc_endpoint"], format!("{}/oidc", local.engine.url()));
    let response = local.request("GET", "/api/2.0/preview/scim/v2/Me").send().await.unwrap();
    assert_eq!(response.headers()["x-databricks-org-id"].to_str().unwrap(), config["workspace_id"]);
    let me: Value = response.json().await.unwrap();
    assert_eq!(me["userName"], "local@localhost");
    assert!(me["id"].is_string());
    let (_, oidc) = local.send(open("/oidc/.well-known/oauth-authorization-server")).await;
    let endpoint = oidc["token_endpoint"].as_str().unwrap();
    let ask = |secret: &str| {
        let form = format!("grant_type=client_credentials&client_secret={secret}&scope=all-apis");
        reqwest::Client::new()
            .post(endpoint)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form)
    };
    let (status, token) = local.send(ask(local.engine.token())).await;
    assert_eq!((status, &token["token_type"]), (200, &json!("Bearer")));
    assert_eq!(
        local.client.with_token(token["access_token"].as_str().unwrap()).get("/api/2.2/jobs/list").await.0,
        200
    );
    assert_eq!(local.send(ask("wrong")).await.0, 401);
    let job = local.create(json!({ "tasks": [task("a", "/ok", &[])] })).await;
    let compliance = local.read(&format!("/api/2.0/policies/jobs/get-compliance?job_id={job}")).await;
    assert_eq!(compliance["is_compliant"], true);
    for bad in [
        json!({}),
        json!({ "mounts": { "relative": "/" } }),
        json!({ "mounts": { "/Users/x": "/no/such/folder" } }),
    ] {
        assert_eq!(local.post("/api/2.0/lakeflow-local/mounts", bad).await.0, 400);
    }
}
