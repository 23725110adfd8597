//! What the transport does on real sockets: TLS that is verified, HTTP/2 where it is offered, connections that are kept,
//! proxies of the environment.
//!
//! The environment belongs to a process: a test that needs another one starts itself again with it.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use lakeflow_client::auth::{Secret, Settings};
use lakeflow_client::{CacheOptions, Jobs, Workspace};
use lakeflow_core::api::retry::RetryPolicy;
use lakeflow_core::error::{Error, ErrorCode, Retry};
use lakeflow_core::id::JobId;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::json;
use std::path::Path;
use std::process::Stdio;
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
