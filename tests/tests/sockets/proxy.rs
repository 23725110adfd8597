//! A TCP proxy on loopback between a client and an engine that breaks what passes through it, before or after the engine
//! has seen it.
//!
//! It understands just enough of HTTP/1.1 to know where a request and an answer end.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

/// What is done to one exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The connection is reset; the engine sees nothing.
    ResetBefore,
    /// The engine answers, the client gets a reset.
    ResetAfter,
    /// The client gets the head and half of the body, then a reset.
    ResetInBody,
    /// The client gets the head and half of the body, then the connection ends in order.
    CutInBody,
    /// The body is as long as it should be and no JSON.
    Garble,
    /// A whole JSON object, and not the one that was asked for.
    OtherJson,
    /// Nothing happens until the client gives up; the engine sees nothing.
    StallBefore,
    /// The engine answers, the client gets nothing until it gives up.
    StallAfter,
    /// The client gets half of the body and then nothing until it gives up.
    StallInBody,
    /// The proxy answers in place of the engine, which sees nothing.
    Instead(u16, &'static str),
    /// The engine answers, the client gets this in its place.
    Replaced(u16, &'static str),
}

impl Fault {
    /// True when the engine has carried the request out all the same.
    pub(crate) fn is_after(self) -> bool {
        !matches!(self, Self::ResetBefore | Self::StallBefore | Self::Instead(..))
    }
}

/// Faults for requests whose path ends in a text, in order; what is left over passes.
#[derive(Default)]
struct Script {
    faults: Vec<(&'static str, VecDeque<Fault>)>,
    passed: Vec<String>,
}

/// A proxy; it ends with the runtime of its test.
#[derive(Clone)]
pub(crate) struct Proxy {
    pub(crate) url: String,
    script: Arc<Mutex<Script>>,
    changed: Arc<Notify>,
}

impl Proxy {
    /// Listens in front of `engine` (`127.0.0.1:port`).
    pub(crate) async fn start(engine: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let proxy = Self { url, script: Arc::default(), changed: Arc::default() };
        let (served, engine) = (proxy.clone(), engine.to_owned());
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (served, engine) = (served.clone(), engine.clone());
                // A connection that breaks is what this is for.
                tokio::spawn(async move { served.serve(client, &engine).await });
            }
        });
        proxy
    }

    /// Faults of the next requests to a path.
    pub(crate) fn plan(&self, path: &'static str, faults: &[Fault]) {
        self.script.lock().unwrap().faults.push((path, faults.iter().copied().collect()));
    }

    /// Returns once all faults were played.
    pub(crate) async fn played(&self) {
        loop {
            let changed = self.changed.notified();
            if self.script.lock().unwrap().faults.iter().all(|(_, faults)| faults.is_empty()) {
                return;
            }
            changed.await;
        }
    }

    /// Paths of all requests, in order.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.script.lock().unwrap().passed.clone()
    }

    fn next(&self, path: &str) -> Option<Fault> {
        let mut script = self.script.lock().unwrap();
        script.passed.push(path.to_owned());
        let planned =
            script.faults.iter_mut().find(|(end, faults)| path.ends_with(end) && !faults.is_empty());
        planned.and_then(|(_, faults)| faults.pop_front())
    }

    async fn serve(&self, mut client: TcpStream, engine: &str) -> io::Result<()> {
        let address = engine;
        let mut engine = TcpStream::connect(address).await?;
        while let Some(request) = Message::read(&mut client).await? {
            // The engine answers to its own name alone.
            let request = request.with_host(address);
            let fault = self.next(&request.path());
            let over = self.exchange(&mut client, &mut engine, &request, fault).await;
            self.changed.notify_waiters();
            if !over? {
                return Ok(());
            }
        }
        Ok(())
    }

    /// True when the connection can be used again.
    async fn exchange(
        &self,
        client: &mut TcpStream,
        engine: &mut TcpStream,
        request: &Message,
        fault: Option<Fault>,
    ) -> io::Result<bool> {
        match fault {
            Some(Fault::ResetBefore) => return reset(client),
            Some(Fault::StallBefore) => return stall(client).await,
            Some(Fault::Instead(status, rest)) => return answer(client, status, rest).await,
            _ => {}
        }
        engine.write_all(&request.bytes).await?;
        let Some(mut response) = Message::read(engine).await? else { return Ok(false) };
        let half = response.head + (response.bytes.len() - response.head) / 2;
        match fault {
            Some(Fault::ResetAfter) => reset(client),
            Some(Fault::StallAfter) => stall(client).await,
            Some(Fault::Replaced(status, rest)) => answer(client, status, rest).await,
            Some(Fault::ResetInBody) => {
                client.write_all(&response.bytes[..half]).await?;
                client.flush().await?;
                reset(client)
            }
            Some(Fault::CutInBody) => {
                client.write_all(&response.bytes[..half]).await?;
                client.shutdown().await?;
                Ok(false)
            }
            Some(Fault::StallInBody) => {
                client.write_all(&response.bytes[..half]).await?;
                stall(client).await
            }
            Some(Fault::Garble) => {
                for (n, byte) in response.bytes[response.head..].iter_mut().enumerate() {
                    *byte = b"\x00{<\xff\"garbled"[n % 12];
                }
                client.write_all(&response.bytes).await?;
                Ok(true)
            }
            Some(Fault::OtherJson) => answer(client, 200, "\r\n\r\n{\"hello\": \"world\"}").await,
            _ => {
                client.write_all(&response.bytes).await?;
                Ok(true)
            }
        }
    }
}

fn reset(client: &TcpStream) -> io::Result<bool> {
    client.set_zero_linger()?;
    Ok(false)
}

/// Until the client hangs up.
async fn stall(client: &mut TcpStream) -> io::Result<bool> {
    let mut byte = [0];
    while client.read(&mut byte).await? > 0 {}
    Ok(false)
}

/// Headers and body are in `rest`, with the empty line between them.
async fn answer(client: &mut TcpStream, status: u16, rest: &str) -> io::Result<bool> {
    let (headers, body) = rest.split_once("\r\n\r\n").unwrap_or(("", rest));
    let text = format!("HTTP/1.1 {status} Fault\r\ncontent-length: {}{headers}\r\n\r\n{body}", body.len());
    client.write_all(text.as_bytes()).await?;
    Ok(true)
}

/// A request or an answer, whole.
struct Message {
    bytes: Vec<u8>,
    /// Where the body begins.
    head: usize,
}

impl Message {
    /// `None` at the end of the connection.
    async fn read(from: &mut TcpStream) -> io::Result<Option<Self>> {
        let mut bytes = Vec::new();
        let head = loop {
            if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
                break end + 4;
            }
            if from.read_buf(&mut bytes).await? == 0 {
                return Ok(None);
            }
        };
        let text = String::from_utf8_lossy(&bytes[..head]).to_lowercase();
        assert!(!text.contains("transfer-encoding"), "the proxy reads bodies with a length alone: {text}");
        let length = text.lines().find_map(|line| line.strip_prefix("content-length:"));
        let length: usize = length.map_or(0, |length| length.trim().parse().unwrap());
        while bytes.len() < head + length {
            if from.read_buf(&mut bytes).await? == 0 {
                return Ok(None);
            }
        }
        Ok(Some(Self { bytes, head }))
    }

    /// The request with another name in its `Host` header.
    fn with_host(mut self, host: &str) -> Self {
        let head = String::from_utf8_lossy(&self.bytes[..self.head]).into_owned();
        let named = |line: &str| line.to_lowercase().starts_with("host:");
        let lines = head
            .split("\r\n")
            .map(|line| if named(line) { format!("host: {host}") } else { line.to_owned() });
        let head = lines.collect::<Vec<_>>().join("\r\n").into_bytes();
        let body = self.bytes.split_off(self.head);
        Self { head: head.len(), bytes: [head, body].concat() }
    }

    /// The path of a request, without its query.
    fn path(&self) -> String {
        let line = String::from_utf8_lossy(&self.bytes[..self.head]);
        let target = line.split(' ').nth(1).unwrap_or_default();
        target.split('?').next().unwrap_or_default().to_owned()
    }
}
