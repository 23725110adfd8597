//! What the transport does on real sockets: TLS that is verified, HTTP/2 where it is offered, connections that are kept,
//! proxies of the environment, names that cannot be looked up; and the Azure CLI, which is found by the environment's path.
//!
//! The environment belongs to a process: a test that needs another one starts itself again with it.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use lakeflow_client::auth::{AzureSettings, Secret, Settings};
use lakeflow_client::transport::HttpTransport;
use lakeflow_client::{CacheOptions, Jobs, PollSchedule, WaitOptions, Workspace};
use lakeflow_core::api::retry::RetryPolicy;
use lakeflow_core::error::{Error, ErrorCode, Retry};
use lakeflow_core::id::{JobId, RunId};
use lakeflow_core::wait::Verdict;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::json;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use support::Server;
use tokio::net::TcpListener;

/// Holds the host to ask, in a test that was started again.
const CHILD: &str = "LAKEFLOW_TEST_CHILD";

/// Variables that would change what is tested.
const CLEARED: [&str; 10] = [
    "HTTP_PROXY",
    "http_proxy",
    "HTTPS_PROXY",
    "https_proxy",
    "ALL_PROXY",
    "all_proxy",
    "NO_PROXY",
    "no_proxy",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
];

/// Runs this test again with other variables, where it asks `host`.
async fn again(test: &str, host: &str, variables: &[(&str, &str)]) {
    let mut command = tokio::process::Command::new(std::env::current_exe().unwrap());
    command.args([test, "--exact", "--nocapture"]).stdin(Stdio::null()).kill_on_drop(true);
    for name in CLEARED {
        command.env_remove(name);
    }
    command.env(CHILD, host).envs(variables.iter().copied());
    let output = command.output().await.unwrap();
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
}

fn child() -> Option<String> {
    std::env::var(CHILD).ok()
}

fn jobs(host: &str) -> Jobs {
    let workspace = Workspace::new(Settings::new(host, Secret::new("dapi-x"))).unwrap();
    let once = RetryPolicy { budget_ms: 0, ..RetryPolicy::default() };
    Jobs::new(workspace.with_retry(once).with_cache(CacheOptions::OFF))
}

async fn ask(host: &str) -> Result<JobId, Error> {
    jobs(host).get_job(JobId(7)).await.map(|job| job.job_id)
}

/// A host with a certificate for `localhost` by an authority that nobody trusts. It speaks HTTP/2 alone.
struct Secure {
    url: String,
    seen: Arc<Mutex<Seen>>,
}

#[derive(Clone, Copy, Default)]
struct Seen {
    connections: usize,
    http2: usize,
    requests: usize,
}

impl Secure {
    async fn start() -> Self {
        let pem = include_bytes!("support/server.pem");
        let chain = CertificateDer::pem_slice_iter(pem).collect::<Result<Vec<_>, _>>().unwrap();
        let key = PrivateKeyDer::from_pem_slice(pem).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder =
            rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let mut config = builder.unwrap().with_no_client_auth().with_single_cert(chain, key).unwrap();
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("https://localhost:{}", listener.local_addr().unwrap().port());
        let seen = Arc::<Mutex<Seen>>::default();
        let served = Arc::clone(&seen);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                served.lock().unwrap().connections += 1;
                let (acceptor, served) = (acceptor.clone(), Arc::clone(&served));
                tokio::spawn(async move {
                    // A client that refuses the certificate goes away here.
                    let Ok(stream) = acceptor.accept(stream).await else { return };
                    if stream.get_ref().1.alpn_protocol() == Some(b"h2") {
                        served.lock().unwrap().http2 += 1;
                    }
                    let mut connection = h2::server::handshake(stream).await.unwrap();
                    while let Some(Ok((_, mut respond))) = connection.accept().await {
                        served.lock().unwrap().requests += 1;
                        let mut body = respond.send_response(http::Response::new(()), false).unwrap();
                        body.send_data(json!({"job_id": 7}).to_string().into(), true).unwrap();
                    }
                });
            }
        });
        Self { url, seen }
    }

    fn seen(&self) -> Seen {
        *self.seen.lock().unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_nobody_trusts_is_refused() {
    if let Some(host) = child() {
        let error = ask(&host).await.unwrap_err();
        assert_eq!((error.code, error.retry), (ErrorCode::Unreachable, Retry::Never), "{error}");
        assert!(error.message.contains("certificate"), "{error}");
        return;
    }
    let secure = Secure::start().await;
    again("a_certificate_that_nobody_trusts_is_refused", &secure.url, &[]).await;
    let seen = secure.seen();
    assert_eq!((seen.connections, seen.requests), (1, 0), "no request, and so no token, was sent");
}

#[tokio::test(flavor = "multi_thread")]
async fn http2_is_used_where_it_is_offered_and_one_connection_serves_all() {
    if let Some(host) = child() {
        let jobs = jobs(&host);
        jobs.get_job(JobId(7)).await.unwrap();
        let more = futures::future::join_all((0..20).map(|_| jobs.get_job(JobId(7)))).await;
        assert!(more.iter().all(Result::is_ok));
        return;
    }
    let secure = Secure::start().await;
    let roots = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/ca.pem");
    let trusted = [("SSL_CERT_FILE", roots.to_str().unwrap())];
    again("http2_is_used_where_it_is_offered_and_one_connection_serves_all", &secure.url, &trusted).await;
    let seen = secure.seen();
    assert_eq!((seen.connections, seen.http2, seen.requests), (1, 1, 21));
}

#[tokio::test(flavor = "multi_thread")]
async fn proxies_of_the_environment_are_used() {
    if let Some(host) = child() {
        match host.as_str() {
            "http://workspace.invalid" => assert_eq!(ask(&host).await.unwrap(), JobId(7)),
            _ => assert_eq!(ask(&host).await.unwrap_err().code, ErrorCode::Unreachable),
        }
        return;
    }
    let proxy = Server::start(|got| match got.method.as_str() {
        "CONNECT" => (403, String::new(), String::new()),
        _ => support::json(json!({"job_id": 7})),
    })
    .await;
    let test = "proxies_of_the_environment_are_used";
    again(test, "http://workspace.invalid", &[("HTTP_PROXY", &proxy.url)]).await;
    assert_eq!(proxy.got()[0].target, "http://workspace.invalid/api/2.2/jobs/get?job_id=7");
    again(test, "https://workspace.invalid", &[("HTTPS_PROXY", &proxy.url)]).await;
    let tunnel = &proxy.got()[1];
    assert_eq!((tunnel.method.as_str(), tunnel.target.as_str()), ("CONNECT", "workspace.invalid:443"));
    assert_eq!(tunnel.header("authorization"), None, "the token is not for the proxy");
    let passed = [("HTTPS_PROXY", proxy.url.as_str()), ("NO_PROXY", "workspace.invalid")];
    again(test, "https://workspace.invalid", &passed).await;
    assert_eq!(proxy.got().len(), 2, "a host that is exempt is reached directly");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_on_this_machine_is_reached_without_a_proxy() {
    if let Some(host) = child() {
        assert_eq!(ask(&host).await.unwrap(), JobId(7));
        return;
    }
    let server = Server::start(|_| support::json(json!({"job_id": 7}))).await;
    let proxy = Server::start(|_| (502, String::new(), String::new())).await;
    let through = [("HTTP_PROXY", proxy.url.as_str()), ("ALL_PROXY", proxy.url.as_str())];
    again("a_host_on_this_machine_is_reached_without_a_proxy", &server.url, &through).await;
    assert_eq!((server.got().len(), proxy.got().len()), (1, 0));
}

#[tokio::test]
async fn connections_are_kept() {
    let server = Server::start(|_| support::json(json!({"job_id": 7}))).await;
    let jobs = jobs(&server.url);
    for _ in 0..20 {
        jobs.get_job(JobId(7)).await.unwrap();
    }
    assert_eq!((server.got().len(), server.connections()), (20, 1));
    assert!(server.got().iter().all(|got| got.body.is_empty()), "a read has no body");
    let agent = server.got()[0].header("user-agent").unwrap().to_owned();
    assert!(agent.starts_with("lakeflow-jobs/"), "{agent}");
}

#[tokio::test]
async fn callers_add_to_the_user_agent() {
    let server = Server::start(|_| support::json(json!({"job_id": 7}))).await;
    let workspace = Workspace::new(Settings::new(&server.url, Secret::new("x"))).unwrap();
    let jobs = Jobs::new(workspace.with_user_agent("my-app/1.2 etl/3").unwrap());
    jobs.get_job(JobId(7)).await.unwrap();
    let expected = format!("lakeflow-jobs/{} my-app/1.2 etl/3", env!("CARGO_PKG_VERSION"));
    assert_eq!(server.got()[0].header("user-agent"), Some(expected.as_str()));
}

/// A host that is not there: told at once when nothing is to be tried again, with the host's name.
#[tokio::test]
async fn a_host_that_is_not_there_is_named() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let host = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let error = ask(&host).await.unwrap_err();
    assert_eq!((error.code, error.context("host")), (ErrorCode::Unreachable, Some(host.as_str())));
    assert_eq!(error.retry, Retry::Spent);
}

/// Looks names up and fails to, as `fails` says of the n-th time.
struct Names {
    asked: AtomicUsize,
    fails: fn(usize) -> bool,
    address: SocketAddr,
}

impl Names {
    /// A workspace with this name service, whose answers and connections are not kept.
    fn jobs(server: &Server, fails: fn(usize) -> bool) -> (Arc<Self>, Jobs) {
        let address: SocketAddr = server.url.trim_start_matches("http://").parse().unwrap();
        let names = Arc::new(Self { asked: AtomicUsize::new(0), fails, address });
        let host = format!("http://workspace.test:{}", address.port());
        let transport = HttpTransport::with_resolver(&host.parse().unwrap(), names.clone()).unwrap();
        let settings = Settings::new(host, Secret::new("dapi-x"));
        let workspace = Workspace::with_transport(settings, Arc::new(transport)).unwrap();
        let soon = RetryPolicy { base_ms: 5, ..RetryPolicy::default() };
        (names, Jobs::new(workspace.with_retry(soon).with_cache(CacheOptions::OFF)))
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

impl Resolve for Names {
    fn resolve(&self, name: Name) -> Resolving {
        assert_eq!(name.as_str(), "workspace.test");
        let n = self.asked.fetch_add(1, Ordering::SeqCst);
        let found: Result<Addrs, _> = if (self.fails)(n) {
            Err("Temporary failure in name resolution".into())
        } else {
            Ok(Box::new(std::iter::once(self.address)) as Addrs)
        };
        Box::pin(std::future::ready(found))
    }
}

/// Every answer ends its connection, so that the next call looks the name up again.
async fn forgetful() -> Server {
    let runs = AtomicUsize::new(0);
    Server::start(move |got| {
        let body = match got.target.split('?').next().unwrap_or_default() {
            "/api/2.2/jobs/runs/get" if runs.fetch_add(1, Ordering::SeqCst) < 3 => {
                json!({"run_id": 9, "status": {"state": "RUNNING"}})
            }
            "/api/2.2/jobs/runs/get" => json!({"run_id": 9, "status": {
                "state": "TERMINATED", "termination_details": {"code": "SUCCESS", "type": "SUCCESS"}
            }}),
            "/api/2.2/jobs/run-now" => json!({"run_id": 9}),
            _ => json!({"job_id": 7}),
        };
        (200, "\r\nconnection: close".to_owned(), body.to_string())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_cannot_be_looked_up_is_tried_again() {
    if child().is_none() {
        // A proxy of the environment would look the name up instead.
        again("a_name_that_cannot_be_looked_up_is_tried_again", "none", &[]).await;
        return;
    }
    let server = forgetful().await;
    let (names, jobs) = Names::jobs(&server, |n| n < 2);
    assert_eq!(jobs.get_job(JobId(7)).await.unwrap().job_id, JobId(7));
    assert_eq!((names.asked(), server.got().len()), (3, 1));

    // Every call of a wait meets it: the trigger is one run, and the wait ends in the truth.
    let server = forgetful().await;
    let (names, jobs) = Names::jobs(&server, |n| n % 3 != 2);
    let schedule = Some(PollSchedule { floor_ms: 1, cap_ms: 1, ..PollSchedule::LOCAL });
    let options = WaitOptions { schedule, ..WaitOptions::default() };
    let run = jobs.job("7").run_now(&serde_json::Value::Null).await.unwrap();
    assert_eq!(run, RunId(9));
    let end = jobs.wait(run, options).finish().await;
    assert_eq!(end.verdict, Verdict::Succeeded);
    let triggers = server.got().iter().filter(|got| got.target.ends_with("/run-now")).count();
    assert_eq!((triggers, names.asked(), server.got().len()), (1, 15, 5));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_nobody_knows_is_told_with_its_host() {
    if child().is_none() {
        again("a_name_that_nobody_knows_is_told_with_its_host", "none", &[]).await;
        return;
    }
    let server = forgetful().await;
    let (names, jobs) = Names::jobs(&server, |_| true);
    let never = RetryPolicy { budget_ms: 0, ..RetryPolicy::default() };
    let jobs = Jobs::new(jobs.workspace().clone().with_retry(never));
    let error = jobs.get_job(JobId(7)).await.unwrap_err();
    assert_eq!((error.code, error.retry), (ErrorCode::Unreachable, Retry::Spent));
    assert!(error.context("host").is_some_and(|host| host.contains("workspace.test")), "{error}");
    assert!(error.message.contains("name resolution"), "{error}");
    assert_eq!((names.asked(), server.got().len()), (1, 0));
}

/// A program that stands for the Azure CLI.
#[cfg(unix)]
fn az(folder: &Path, text: &str) {
    use std::os::unix::fs::PermissionsExt as _;
    let file = folder.join("az");
    std::fs::write(&file, format!("#!/bin/sh\n{text}\n")).unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).unwrap();
}

/// Asks the host twice as somebody who has signed in with the Azure CLI.
#[cfg(unix)]
async fn ask_with_az(host: &str) -> Result<JobId, Error> {
    let azure = AzureSettings {
        cli: true,
        tenant_id: Some("tenant".to_owned()),
        workspace_resource_id: Some("/subscriptions/s/workspaces/w".to_owned()),
        ..AzureSettings::default()
    };
    let settings = Settings { host: Some(host.to_owned()), azure, ..Settings::default() };
    let jobs = Jobs::new(Workspace::new(settings).unwrap().with_cache(CacheOptions::OFF));
    assert_eq!(jobs.workspace().auth_type(), "azure-cli");
    jobs.get_job(JobId(7)).await?;
    jobs.get_job(JobId(7)).await.map(|job| job.job_id)
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn the_azure_cli_is_asked_for_its_token_once() {
    if let Some(host) = child() {
        assert_eq!(ask_with_az(&host).await.unwrap(), JobId(7));
        return;
    }
    let server = Server::start(|got| match got.header("authorization") {
        Some("Bearer az-token") => support::json(json!({"job_id": 7})),
        other => panic!("{other:?}"),
    })
    .await;
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("asked");
    // As the Azure CLI prints it: the local time without its offset is not what counts.
    let printed = json!({
        "accessToken": "az-token", "expiresOn": "2001-01-01 00:00:00.000000", "expires_on": 4_102_444_800_i64,
        "subscription": "s", "tenant": "tenant", "tokenType": "Bearer",
    });
    az(folder.path(), &format!("echo \"$@\" >> {}\necho '{printed}'", log.display()));
    let path = folder.path().display().to_string();
    again("the_azure_cli_is_asked_for_its_token_once", &server.url, &[("PATH", &path)]).await;
    assert_eq!(
        std::fs::read_to_string(log).unwrap(),
        "account get-access-token --resource 2ff814a6-3304-4ab8-85cb-cd0e6f879c1d --output json --tenant tenant\n"
    );
    let header = "x-databricks-azure-workspace-resource-id";
    let told: Vec<Option<String>> =
        server.got().iter().map(|got| got.header(header).map(str::to_owned)).collect();
    assert_eq!(told, vec![Some("/subscriptions/s/workspaces/w".to_owned()); 2]);
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn what_the_azure_cli_complains_about_is_told() {
    let test = "what_the_azure_cli_complains_about_is_told";
    if let Some(host) = child() {
        let error = ask_with_az(&host).await.unwrap_err();
        assert_eq!(error.code, ErrorCode::Unauthenticated);
        let installed = std::env::var_os("PATH").is_some_and(|path| Path::new(&path).join("az").exists());
        let said = if installed { "AADSTS70043: sign in again" } else { "az cannot be run" };
        assert!(error.message.contains(said) && error.message.contains("az login"), "{error}");
        return;
    }
    let server = Server::start(|_| support::json(json!({"job_id": 7}))).await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().display().to_string();
    again(test, &server.url, &[("PATH", &path)]).await;
    az(folder.path(), "echo 'AADSTS70043: sign in again' >&2\nexit 1");
    again(test, &server.url, &[("PATH", &path)]).await;
    assert_eq!(server.got().len(), 0, "nothing is asked without a token");
}
