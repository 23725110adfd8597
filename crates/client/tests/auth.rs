//! Every way to authenticate, against token servers on loopback.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use base64::Engine as _;
use lakeflow_client::auth::{
    AUTH_TYPES, AzureSettings, Devops, Github, GoogleSettings, HeaderCallback, Headers, OidcSettings,
    Profiles, Secret, Settings,
};
use lakeflow_client::transport::{HttpTransport, MemoryTransport};
use lakeflow_client::{CacheOptions, Jobs, Workspace};
use lakeflow_core::error::{Error, ErrorCode};
use lakeflow_core::id::JobId;
use serde_json::json;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use support::{Answer, Got, Server, json as told};

impl Got {
    fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    /// A field of a form.
    fn form(&self, name: &str) -> Option<String> {
        let mut fields = url::form_urlencoded::parse(self.body.as_bytes());
        fields.find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    }
}

impl Server {
    /// Requests whose path ends like this.
    fn count(&self, path: &str) -> usize {
        self.got().iter().filter(|got| got.path().ends_with(path)).count()
    }
}

/// A workspace that lets in who has `want` as its authorization, and is its own token server with `token` for answer.
async fn host(want: &'static str, more: impl Fn(&Got) -> Option<Answer> + Send + Sync + 'static) -> Server {
    Server::start(move |got| {
        if let Some(answer) = more(got) {
            return answer;
        }
        let base = format!("http://{}", got.header("host").unwrap());
        match got.path() {
            "/oidc/.well-known/oauth-authorization-server" => told(
                json!({"authorization_endpoint": base, "token_endpoint": format!("{base}/oidc/v1/token")}),
            ),
            "/api/2.2/jobs/get" if got.header("authorization") == Some(want) => told(json!({"job_id": 7})),
            "/api/2.2/jobs/get" => {
                let body = json!({"error_code": "UNAUTHENTICATED", "message": "Credential was not sent"});
                (401, String::new(), body.to_string())
            }
            _ => (404, String::new(), String::new()),
        }
    })
    .await
}

fn granted(token: &str) -> Answer {
    told(json!({"access_token": token, "token_type": "Bearer", "expires_in": 3600}))
}

fn at(server: &Server) -> Settings {
    Settings { host: Some(server.url.clone()), ..Settings::default() }
}

fn jobs(settings: Settings) -> Jobs {
    Jobs::new(Workspace::new(settings).unwrap().with_cache(CacheOptions::OFF))
}

async fn works(settings: Settings, auth_type: &str) {
    let jobs = jobs(settings);
    assert_eq!(jobs.workspace().auth_type(), auth_type);
    assert_eq!(jobs.get_job(JobId(7)).await.unwrap().job_id, JobId(7));
}

#[tokio::test]
async fn a_token_is_sent_with_each_request() {
    let server = host("Bearer dapi-1", |_| None).await;
    works(Settings { token: Some(Secret::new("dapi-1")), ..at(&server) }, "pat").await;
    assert_eq!(server.got().len(), 1, "a token needs no other call");
}

#[tokio::test]
async fn client_credentials_are_exchanged_once_for_all_callers() {
    let server = host("Bearer m2m", |got| (got.path() == "/oidc/v1/token").then(|| granted("m2m"))).await;
    let settings = Settings {
        client_id: Some("id".to_owned()),
        client_secret: Some(Secret::new("s3cret")),
        ..at(&server)
    };
    let jobs = jobs(settings);
    let calls = (0..50).map(|_| jobs.get_job(JobId(7)));
    assert!(futures::future::join_all(calls).await.iter().all(Result::is_ok));
    assert_eq!((server.count("/oidc/v1/token"), server.count("/oauth-authorization-server")), (1, 1));
    let asked = server.got().into_iter().find(|got| got.path() == "/oidc/v1/token").unwrap();
    let basic = base64::engine::general_purpose::STANDARD.encode("id:s3cret");
    assert_eq!(asked.header("authorization"), Some(format!("Basic {basic}").as_str()));
    assert_eq!(asked.form("grant_type").as_deref(), Some("client_credentials"));
    assert_eq!(asked.form("scope").as_deref(), Some("all-apis"));
    assert!(server.connections() <= 51, "connections are kept");
}

#[tokio::test]
async fn a_wrong_secret_is_told_without_the_secret() {
    let refusal = r#"{"error":"invalid_client","error_description":"the secret s3cret-value is wrong"}"#;
    let server = host("never", move |got| {
        (got.path() == "/oidc/v1/token").then(|| (401, String::new(), refusal.to_owned()))
    })
    .await;
    let settings = Settings {
        client_id: Some("id".to_owned()),
        client_secret: Some(Secret::new("s3cret-value")),
        ..at(&server)
    };
    let error = jobs(settings).get_job(JobId(7)).await.unwrap_err();
    assert_eq!((error.code, error.operation), (ErrorCode::Unauthenticated, "authenticate"));
    assert_eq!(error.message, "the secret [redacted] is wrong");
}

#[tokio::test]
async fn azure_service_principals_send_both_tokens_and_find_their_tenant() {
    let server = host("Bearer for-2ff814a6-3304-4ab8-85cb-cd0e6f879c1d", |got| match got.path() {
        "/aad/auth" => {
            let location = "\r\nlocation: https://login.microsoftonline.com/tenant-1/oauth2/authorize?x=y";
            Some((302, location.to_owned(), String::new()))
        }
        "/tenant-1/oauth2/token" => {
            let resource = got.form("resource").unwrap();
            // Azure gives the life of a token as text.
            Some(told(json!({"access_token": format!("for-{resource}"), "expires_in": "3599"})))
        }
        _ => None,
    })
    .await;
    let azure = AzureSettings {
        client_id: Some("app".to_owned()),
        client_secret: Some(Secret::new("azure-secret")),
        workspace_resource_id: Some("/subscriptions/s/workspaces/w".to_owned()),
        authority: Some(server.url.clone()),
        ..AzureSettings::default()
    };
    works(Settings { azure, ..at(&server) }, "azure-client-secret").await;
    let call = server.got().into_iter().find(|got| got.path() == "/api/2.2/jobs/get").unwrap();
    let management = call.header("x-databricks-azure-sp-management-token");
    assert_eq!(management, Some("for-https://management.core.windows.net/"));
    assert_eq!(
        call.header("x-databricks-azure-workspace-resource-id"),
        Some("/subscriptions/s/workspaces/w")
    );
    let asked = server.got().into_iter().find(|got| got.path() == "/tenant-1/oauth2/token").unwrap();
    assert_eq!(asked.form("client_id").as_deref(), Some("app"));
    assert_eq!(asked.form("client_secret").as_deref(), Some("azure-secret"));
}

#[tokio::test]
async fn managed_identities_ask_the_machine() {
    let server = host("Bearer msi", |got| {
        (got.path() == "/metadata/identity/oauth2/token").then(|| {
            assert_eq!(got.header("metadata"), Some("true"));
            assert!(got.target.contains("resource=2ff814a6-3304-4ab8-85cb-cd0e6f879c1d"), "{}", got.target);
            granted("msi")
        })
    })
    .await;
    let identity_endpoint = Some(server.url.clone());
    let azure = AzureSettings { use_msi: true, identity_endpoint, ..AzureSettings::default() };
    works(Settings { azure, ..at(&server) }, "azure-msi").await;
}

/// The token endpoint of a workspace that federates: checks the exchange and grants `federated`.
fn exchange(got: &Got, subject: &str, client_id: Option<&str>) -> Option<Answer> {
    (got.path() == "/oidc/v1/token").then(|| {
        let exchange = "urn:ietf:params:oauth:grant-type:token-exchange";
        assert_eq!(got.form("grant_type").as_deref(), Some(exchange));
        assert_eq!(got.form("subject_token_type").as_deref(), Some("urn:ietf:params:oauth:token-type:jwt"));
        assert_eq!(got.form("subject_token").as_deref(), Some(subject));
        assert_eq!(got.form("client_id").as_deref(), client_id);
        granted("federated")
    })
}

#[tokio::test]
async fn a_job_of_github_actions_is_let_in() {
    let server = host("Bearer federated", |got| match got.path() {
        "/actions/token" => {
            assert_eq!(got.header("authorization"), Some("Bearer run-token"));
            assert!(got.target.contains("api-version=2.0&audience=http%3A%2F%2F127.0.0.1"), "{}", got.target);
            Some(told(json!({"value": "github-jwt"})))
        }
        _ => exchange(got, "github-jwt", Some("sp")),
    })
    .await;
    let url = format!("{}/actions/token?api-version=2.0", server.url);
    let github = Some(Github { url, token: Secret::new("run-token") });
    let oidc = OidcSettings { github, ..OidcSettings::default() };
    works(Settings { client_id: Some("sp".to_owned()), oidc, ..at(&server) }, "github-oidc").await;
}

#[tokio::test]
async fn a_job_of_azure_devops_is_let_in() {
    let server = host("Bearer federated", |got| match got.path() {
        "/oidctoken" => {
            assert_eq!((got.method.as_str(), got.header("authorization")), ("POST", Some("Bearer system")));
            Some(told(json!({"oidcToken": "devops-jwt"})))
        }
        _ => exchange(got, "devops-jwt", Some("sp")),
    })
    .await;
    let devops = Some(Devops { url: format!("{}/oidctoken?v=1", server.url), token: Secret::new("system") });
    let oidc = OidcSettings { devops, ..OidcSettings::default() };
    works(Settings { client_id: Some("sp".to_owned()), oidc, ..at(&server) }, "azure-devops-oidc").await;
}

#[tokio::test]
async fn tokens_of_variables_and_files_are_exchanged() {
    let server = host("Bearer federated", |got| exchange(got, "env-jwt", None)).await;
    let oidc = OidcSettings { token: Some(Secret::new("env-jwt")), ..OidcSettings::default() };
    works(Settings { oidc, ..at(&server) }, "env-oidc").await;

    let server = host("Bearer federated", |got| exchange(got, "file-jwt", Some("sp"))).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    std::fs::write(&file, "file-jwt\n").unwrap();
    let oidc = OidcSettings { token_file: Some(file), ..OidcSettings::default() };
    works(Settings { client_id: Some("sp".to_owned()), oidc, ..at(&server) }, "file-oidc").await;
}

#[tokio::test]
async fn a_job_of_github_actions_is_let_in_by_entra() {
    let server = host("Bearer entra", |got| match got.path() {
        "/actions/token" => {
            assert!(got.target.ends_with("audience=api%3A%2F%2FAzureADTokenExchange"), "{}", got.target);
            Some(told(json!({"value": "github-jwt"})))
        }
        "/tenant-2/oauth2/token" => {
            assert_eq!(got.form("client_assertion").as_deref(), Some("github-jwt"));
            assert_eq!(got.form("client_secret"), None);
            Some(granted("entra"))
        }
        _ => None,
    })
    .await;
    let azure = AzureSettings {
        client_id: Some("app".to_owned()),
        tenant_id: Some("tenant-2".to_owned()),
        authority: Some(server.url.clone()),
        ..AzureSettings::default()
    };
    let github = Some(Github { url: format!("{}/actions/token", server.url), token: Secret::new("run") });
    let oidc = OidcSettings { github, ..OidcSettings::default() };
    works(Settings { azure, oidc, ..at(&server) }, "github-oidc-azure").await;
}

/// Made for this test; nothing trusts it.
const KEY: &str = include_str!("support/service_account.pem");

/// The claims of a statement that is signed with [`KEY`].
fn claims(assertion: &str) -> serde_json::Value {
    let (signed, signature) = assertion.rsplit_once('.').unwrap();
    let decode = |text: &str| base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(text).unwrap();
    let der: String = KEY.lines().filter(|line| !line.starts_with("-----")).collect();
    let der = base64::engine::general_purpose::STANDARD.decode(der).unwrap();
    let key = ring::rsa::KeyPair::from_pkcs8(&der).unwrap();
    let algorithm = &ring::signature::RSA_PKCS1_2048_8192_SHA256;
    let public = ring::signature::UnparsedPublicKey::new(algorithm, key.public().as_ref());
    public.verify(signed.as_bytes(), &decode(signature)).unwrap();
    serde_json::from_slice(&decode(signed.split('.').nth(1).unwrap())).unwrap()
}

/// Google's token endpoint for the account.
fn google(got: &Got) -> Option<Answer> {
    (got.path() == "/google/token").then(|| {
        let claims = claims(&got.form("assertion").unwrap());
        assert_eq!(claims["iss"], "robot@project.iam.gserviceaccount.com");
        match claims["target_audience"].as_str() {
            Some(audience) => {
                assert!(audience.starts_with("http://127.0.0.1:") && !audience.ends_with('/'), "{audience}");
                told(json!({"id_token": "id-token"}))
            }
            None => granted("access-token"),
        }
    })
}

fn account(server: &Server) -> String {
    json!({
        "type": "service_account", "client_email": "robot@project.iam.gserviceaccount.com",
        "private_key": KEY, "token_uri": format!("{}/google/token", server.url),
    })
    .to_string()
}

#[tokio::test]
async fn google_service_accounts_sign_for_themselves() {
    let server = host("Bearer id-token", google).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("key.json");
    std::fs::write(&file, account(&server)).unwrap();
    for credentials in [account(&server), file.display().to_string()] {
        let credentials = Some(Secret::new(credentials));
        let google = GoogleSettings { credentials, ..GoogleSettings::default() };
        works(Settings { google, ..at(&server) }, "google-credentials").await;
    }
    let call = server.got().into_iter().find(|got| got.path() == "/api/2.2/jobs/get").unwrap();
    assert_eq!(call.header("x-databricks-gcp-sa-access-token"), Some("access-token"));
}

#[tokio::test]
async fn google_service_accounts_are_acted_for() {
    let server = host("Bearer acted-id", |got| {
        let own = got.header("authorization");
        let known =
            [Some("Bearer access-token"), Some("Bearer person"), Some("Bearer machine")].contains(&own);
        match got.path() {
            "/iam/v1/projects/-/serviceAccounts/sa@p:generateIdToken" if known => {
                Some(told(json!({"token": "acted-id"})))
            }
            "/iam/v1/projects/-/serviceAccounts/sa@p:generateAccessToken" if known => {
                Some(told(json!({"accessToken": "acted"})))
            }
            "/person/token" => {
                assert_eq!(got.form("refresh_token").as_deref(), Some("refresh"));
                Some(granted("person"))
            }
            "/computeMetadata/v1/instance/service-accounts/default/token" => {
                assert_eq!(got.header("metadata-flavor"), Some("Google"));
                Some(granted("machine"))
            }
            _ => google(got),
        }
    })
    .await;
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: String| {
        let file = folder.path().join(name);
        std::fs::write(&file, text).unwrap();
        Some(file)
    };
    let person = json!({
        "type": "authorized_user", "client_id": "c", "client_secret": "s", "refresh_token": "refresh",
        "token_uri": format!("{}/person/token", server.url),
    });
    let defaults = [write("robot.json", account(&server)), write("person.json", person.to_string()), None];
    for default_credentials in defaults {
        let google = GoogleSettings {
            service_account: Some("sa@p".to_owned()),
            default_credentials,
            metadata_host: Some(server.url.trim_start_matches("http://").to_owned()),
            iam_endpoint: Some(format!("{}/iam", server.url)),
            ..GoogleSettings::default()
        };
        works(Settings { google, ..at(&server) }, "google-id").await;
    }
}

/// A program that stands for the Databricks CLI.
#[cfg(unix)]
fn program(folder: &Path, text: &str) -> PathBuf {
    use std::os::unix::fs::PermissionsExt as _;
    let file = folder.join("databricks");
    std::fs::write(&file, format!("#!/bin/sh\n{text}\n")).unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).unwrap();
    file
}

#[cfg(unix)]
#[tokio::test]
async fn the_databricks_cli_is_asked_for_its_token_once() {
    let server = host("Bearer cli-token", |_| None).await;
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("asked");
    let body =
        json!({"access_token": "cli-token", "token_type": "Bearer", "expiry": "2999-01-01T00:00:00.5+02:00"});
    let cli = program(folder.path(), &format!("echo \"$@\" >> {}\necho '{body}'", log.display()));
    let jobs = jobs(Settings { cli_path: Some(cli), ..at(&server) });
    assert_eq!(jobs.workspace().auth_type(), "databricks-cli");
    jobs.get_job(JobId(7)).await.unwrap();
    jobs.get_job(JobId(7)).await.unwrap();
    assert_eq!(std::fs::read_to_string(log).unwrap(), format!("auth token --host {}\n", server.url));
}

#[cfg(unix)]
#[tokio::test]
async fn what_the_databricks_cli_complains_about_is_told() {
    let server = host("never", |_| None).await;
    let folder = tempfile::tempdir().unwrap();
    let cli =
        program(folder.path(), "echo 'no cached token for dapi0123456789abcdef0123456789abcdef' >&2; exit 1");
    let error = jobs(Settings { cli_path: Some(cli), ..at(&server) }).get_job(JobId(7)).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::Unauthenticated);
    assert!(error.message.contains("no cached token for [redacted]"), "{error}");
    assert!(error.message.contains("databricks auth login"), "{error}");
    let missing = Settings { cli_path: Some("/nowhere/databricks".into()), ..at(&server) };
    let error = jobs(missing).get_job(JobId(7)).await.unwrap_err();
    assert!(error.message.contains("/nowhere/databricks cannot be run"), "{error}");
    assert_eq!(server.got().len(), 0);
}

#[tokio::test]
async fn a_callback_is_asked_for_each_request_and_may_give_several_headers() {
    let server = host("Bearer of-the-host", |_| None).await;
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&asked);
    let callback = move |refused: bool| {
        let n = counted.fetch_add(1, Ordering::SeqCst);
        let token = if n == 0 && !refused { "old" } else { "of-the-host" };
        let headers = vec![
            ("authorization".to_owned(), format!("Bearer {token}")),
            ("x-forwarded-user".to_owned(), "ann".to_owned()),
        ];
        Box::pin(async move { Ok(headers) }) as futures::future::BoxFuture<'static, Result<Headers, Error>>
    };
    let url = url::Url::parse(&server.url).unwrap();
    let transport = Arc::new(HttpTransport::new(&url).unwrap());
    let workspace = Workspace::with_credentials(url, Arc::new(HeaderCallback(callback)), transport);
    let jobs = Jobs::new(workspace.with_cache(CacheOptions::OFF));
    jobs.get_job(JobId(7)).await.unwrap();
    assert_eq!(asked.load(Ordering::SeqCst), 2, "refused once, asked again");
    jobs.get_job(JobId(7)).await.unwrap();
    assert_eq!(asked.load(Ordering::SeqCst), 3);
    assert_eq!(server.got().last().unwrap().header("x-forwarded-user"), Some("ann"));
}

fn full() -> Settings {
    let variable = |name: &str| {
        let value = match name {
            "DATABRICKS_HOST" => "https://host.example",
            "DATABRICKS_TOKEN" => "dapi-x",
            "DATABRICKS_CLIENT_ID" | "ARM_CLIENT_ID" => "id",
            "DATABRICKS_CLIENT_SECRET" | "ARM_CLIENT_SECRET" => "secret",
            "ARM_USE_MSI" => "true",
            "GOOGLE_CREDENTIALS" => "{}",
            "DATABRICKS_GOOGLE_SERVICE_ACCOUNT" => "sa@p",
            "DATABRICKS_OIDC_TOKEN" => "jwt",
            "DATABRICKS_OIDC_TOKEN_FILEPATH" => "/token",
            "ACTIONS_ID_TOKEN_REQUEST_URL" => "https://actions.example/token",
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN" | "SYSTEM_ACCESSTOKEN" => "run",
            "SYSTEM_TEAMFOUNDATIONCOLLECTIONURI" => "https://devops.example/",
            "SYSTEM_TEAMPROJECTID" | "SYSTEM_HOSTTYPE" | "SYSTEM_PLANID" | "SYSTEM_JOBID" => "x",
            "DATABRICKS_CLI_PATH" => "/bin/databricks",
            _ => return None,
        };
        Some(value.to_owned())
    };
    Settings::default().or_environment(variable)
}

#[tokio::test]
async fn every_way_can_be_chosen_from_variables_and_nothing_is_sent_before_a_call() {
    for auth_type in AUTH_TYPES {
        let memory = MemoryTransport::new(|_| panic!("nothing may be sent"));
        let settings = Settings { auth_type: Some(auth_type.to_owned()), ..full() };
        let workspace = Workspace::with_transport(settings, Arc::new(memory.clone())).unwrap();
        assert_eq!(workspace.auth_type(), auth_type);
        let debug = format!("{:?} {workspace:?}", full());
        assert!(
            !debug.contains("dapi-x") && !debug.contains("secret\"") && !debug.contains("jwt"),
            "{debug}"
        );
        assert_eq!(memory.requests().len(), 0);
    }
}

fn refusal(settings: Settings) -> Error {
    Workspace::with_transport(settings, Arc::new(MemoryTransport::new(|_| panic!("sent")))).unwrap_err()
}

#[test]
fn two_ways_at_once_are_an_error_that_names_both() {
    let token = || Some(Secret::new("dapi-x"));
    let base = || Settings { host: Some("https://h".to_owned()), token: token(), ..Settings::default() };
    let m2m = Settings { client_id: Some("i".to_owned()), client_secret: token(), ..base() };
    let azure =
        AzureSettings { client_id: Some("a".to_owned()), client_secret: token(), ..AzureSettings::default() };
    let google = GoogleSettings { credentials: token(), ..GoogleSettings::default() };
    let file = OidcSettings { token_file: Some("/t".into()), ..OidcSettings::default() };
    let cases = [
        (m2m, "oauth-m2m", "DATABRICKS_CLIENT_SECRET"),
        (Settings { azure, ..base() }, "azure-client-secret", "ARM_CLIENT_SECRET"),
        (Settings { google, ..base() }, "google-credentials", "GOOGLE_CREDENTIALS"),
        (Settings { oidc: file, ..base() }, "file-oidc", "DATABRICKS_OIDC_TOKEN_FILEPATH"),
    ];
    for (settings, name, variable) in cases {
        let chosen = Settings { auth_type: Some("pat".to_owned()), ..settings.clone() };
        assert!(
            Workspace::with_transport(chosen, Arc::new(MemoryTransport::new(|_| panic!("sent")))).is_ok()
        );
        let error = refusal(settings);
        assert_eq!(error.code, ErrorCode::InvalidArgument);
        for part in ["two ways", "pat", "DATABRICKS_TOKEN", name, variable, "DATABRICKS_AUTH_TYPE"] {
            assert!(error.message.contains(part), "{part} in {error}");
        }
    }
    let nothing = refusal(Settings { token: None, ..base() });
    assert_eq!(nothing.code, ErrorCode::Unauthenticated);
    let unknown = refusal(Settings { auth_type: Some("kerberos".to_owned()), ..base() });
    assert!(unknown.message.contains("kerberos") && unknown.message.contains("oauth-m2m"), "{unknown}");
    let unready = refusal(Settings { auth_type: Some("oauth-m2m".to_owned()), ..base() });
    assert!(unready.message.contains("DATABRICKS_CLIENT_SECRET"), "{unready}");
}

/// What a caller gives is not joined by a credential of the surroundings, and a named profile by nothing of them.
#[test]
fn layers_are_not_mixed() {
    let variables: BTreeMap<&str, &str> = BTreeMap::from([
        ("DATABRICKS_HOST", "https://env.example"),
        ("DATABRICKS_CLIENT_ID", "env-id"),
        ("DATABRICKS_CLIENT_SECRET", "env-secret"),
        ("DATABRICKS_AUTH_TYPE", "oauth-m2m"),
    ]);
    let variable = |name: &str| variables.get(name).map(|value| (*value).to_owned());
    let profiles = Profiles::parse(
        "[work]\nhost = https://office\ntoken = w\n[cli]\nhost = https://cli.example/\nauth_type = databricks-cli\n",
    )
    .unwrap();
    let way = |settings: Settings| {
        let workspace =
            Workspace::with_transport(settings, Arc::new(MemoryTransport::new(|_| panic!("sent")))).unwrap();
        (workspace.auth_type(), workspace.host().to_string())
    };
    let find = |explicit: Settings| way(explicit.or_environment(variable).or_profile(&profiles).unwrap());
    let token = Settings { token: Some(Secret::new("mine")), ..Settings::default() };
    assert_eq!(find(token), ("pat", "https://env.example/".to_owned()));
    assert_eq!(find(Settings::default()), ("oauth-m2m", "https://env.example/".to_owned()));
    let profile = |name: &str| Settings { profile: Some(name.to_owned()), ..Settings::default() };
    assert_eq!(find(profile("work")), ("pat", "https://office/".to_owned()));
    assert_eq!(find(profile("cli")), ("databricks-cli", "https://cli.example/".to_owned()));
    // A host alone takes its own profile.
    let host = Settings { host: Some("office".to_owned()), ..Settings::default() };
    assert_eq!(way(host.or_profile(&profiles).unwrap()), ("pat", "https://office/".to_owned()));
}
