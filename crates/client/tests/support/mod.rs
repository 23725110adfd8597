//! A small HTTP server on loopback for the tests of the client: a function from a request to an answer, with a record of
//! what was asked.

use std::sync::{Arc, Mutex};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// A request as the server got it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Got {
    pub(crate) method: String,
    /// As it stood in the request line: with the query, and with the host when it came to a proxy.
    pub(crate) target: String,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Got {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// Status, further headers, body.
pub(crate) type Answer = (u16, String, String);

pub(crate) fn json(body: serde_json::Value) -> Answer {
    (200, String::new(), body.to_string())
}

/// The server; it ends with the runtime of its test.
#[derive(Clone)]
pub(crate) struct Server {
    pub(crate) url: String,
    got: Arc<Mutex<Vec<Got>>>,
    connections: Arc<Mutex<usize>>,
}

impl Server {
    pub(crate) async fn start(answer: impl Fn(&Got) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let server = Self { url, got: Arc::default(), connections: Arc::default() };
        let (served, answer) = (server.clone(), Arc::new(answer));
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                *served.connections.lock().unwrap() += 1;
                let (got, answer) = (Arc::clone(&served.got), Arc::clone(&answer));
                tokio::spawn(async move {
                    while let Some(request) = read(&mut stream).await {
                        got.lock().unwrap().push(request.clone());
                        let (status, headers, body) = answer(&request);
                        let length = body.len();
                        let text = format!(
                            "HTTP/1.1 {status} Told\r\ncontent-length: {length}{headers}\r\n\r\n{body}"
                        );
                        if stream.write_all(text.as_bytes()).await.is_err() {
                            return;
                        }
                    }
                });
            }
        });
        server
    }

    pub(crate) fn got(&self) -> Vec<Got> {
        self.got.lock().unwrap().clone()
    }

    pub(crate) fn connections(&self) -> usize {
        *self.connections.lock().unwrap()
    }
}

async fn read(stream: &mut (impl AsyncRead + Unpin)) -> Option<Got> {
    let mut bytes = Vec::new();
    let head = loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break end + 4;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let text = String::from_utf8_lossy(&bytes[..head]).into_owned();
    let mut lines = text.split("\r\n");
    let mut first = lines.next()?.split(' ').map(str::to_owned);
    let (method, target) = (first.next()?, first.next()?);
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_lowercase(), value.trim().to_owned()))
        .collect();
    let length =
        headers.iter().find(|(name, _)| name == "content-length").map(|(_, value)| value.parse::<usize>());
    let length = length.transpose().ok()?.unwrap_or(0);
    while bytes.len() < head + length {
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
    let body = String::from_utf8_lossy(&bytes[head..]).into_owned();
    Some(Got { method, target, headers, body })
}
