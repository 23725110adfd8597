//! A receiver of notifications that does what a test asks for, and remembers what came.

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

/// How a path of the receiver answers.
#[derive(Clone, Debug)]
pub(crate) enum Manner {
    Status(u16),
    /// A redirect to another path of the same receiver.
    Redirect(&'static str),
    /// It never answers.
    Hang,
}

/// One request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Came {
    pub(crate) path: String,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) text: String,
}

impl Came {
    pub(crate) fn body(&self) -> Value {
        serde_json::from_str(&self.text).expect("a JSON body")
    }
}

#[derive(Default)]
struct Shared {
    manners: Mutex<BTreeMap<String, Manner>>,
    came: Mutex<Vec<Came>>,
}

/// A receiver on loopback.
pub(crate) struct Receiver {
    shared: Arc<Shared>,
    address: SocketAddr,
}

impl Receiver {
    pub(crate) async fn start() -> Self {
        let shared = Arc::new(Shared::default());
        let router = Router::new().route("/{name}", post(receive)).with_state(Arc::clone(&shared));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { shared, address }
    }

    pub(crate) fn url(&self, name: &str) -> String {
        format!("http://{}/{name}", self.address)
    }

    /// From now on a path answers so.
    pub(crate) fn set(&self, name: &str, manner: Manner) {
        self.shared.manners.lock().unwrap().insert(name.to_owned(), manner);
    }

    /// What came to a path, in order.
    pub(crate) fn came(&self, name: &str) -> Vec<Came> {
        self.shared.came.lock().unwrap().iter().filter(|came| came.path == name).cloned().collect()
    }

    /// The bodies that came to a path.
    pub(crate) fn bodies(&self, name: &str) -> Vec<Value> {
        self.came(name).iter().map(Came::body).collect()
    }
}

async fn receive(
    State(shared): State<Arc<Shared>>,
    Path(path): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let headers = headers
        .iter()
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap_or_default().to_owned()))
        .collect();
    let text = String::from_utf8_lossy(&body).into_owned();
    let manner = shared.manners.lock().unwrap().get(&path).cloned().unwrap_or(Manner::Status(200));
    shared.came.lock().unwrap().push(Came { path, headers, text });
    match manner {
        Manner::Status(status) => {
            let status = StatusCode::from_u16(status).expect("a status");
            (status, axum::Json(json!({ "said": status.as_u16() }))).into_response()
        }
        Manner::Redirect(to) => (StatusCode::FOUND, [("location", format!("/{to}"))]).into_response(),
        Manner::Hang => std::future::pending().await,
    }
}
