//! The fake workspace over sockets, with a count of the calls.

use crate::fleet::{Fleet, answer, query};
use std::io::Read as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

pub(crate) fn run() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        println!("{}", listener.local_addr().expect("an address").port());
        std::thread::spawn(|| {
            // Ends with whoever started it.
            let _ = std::io::stdin().read_to_end(&mut Vec::new());
            std::process::exit(0);
        });
        let fleet: Arc<Mutex<Fleet>> = Arc::default();
        loop {
            if let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, fleet.clone()));
            }
        }
    });
}

pub(crate) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64)
}

async fn serve(mut stream: TcpStream, fleet: Arc<Mutex<Fleet>>) {
    let mut buffer = Vec::new();
    loop {
        let Some(path) = next_request(&mut stream, &mut buffer).await else { return };
        let body = {
            let mut fleet = fleet.lock().unwrap_or_else(PoisonError::into_inner);
            handle(&mut fleet, &path)
        };
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        if stream.write_all(&[head.as_bytes(), body.as_bytes()].concat()).await.is_err() {
            return;
        }
    }
}

/// The target of the next request; its body is read and left.
async fn next_request(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Option<String> {
    loop {
        if let Some(end) = buffer.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&buffer[..end]).into_owned();
            let length = head
                .lines()
                .filter_map(|line| line.split_once(':'))
                .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
                .and_then(|(_, value)| value.trim().parse::<usize>().ok())
                .unwrap_or(0);
            if buffer.len() >= end + 4 + length {
                buffer.drain(..end + 4 + length);
                return head.split(' ').nth(1).map(str::to_owned);
            }
        }
        let mut part = vec![0; 16_384];
        match stream.read(&mut part).await {
            Ok(0) | Err(_) => return None,
            Ok(read) => buffer.extend_from_slice(&part[..read]),
        }
    }
}

fn handle(fleet: &mut Fleet, target: &str) -> String {
    let (path, _) = target.split_once('?').unwrap_or((target, ""));
    let number = |name| query(target, name).and_then(|text| text.parse::<u64>().ok()).unwrap_or(0);
    match path {
        // `count` runs of a job that begin now, of `length` ±20 %, after `past` runs that have ended.
        "/bench/start" => {
            let (count, length, job) = (number("count"), number("length"), number("job"));
            let mut random = crate::stats::Random::new(count ^ length ^ job);
            let mut long = || random.within(length * 8 / 10, length * 12 / 10);
            for _ in 0..number("past") {
                let length = long();
                fleet.start(job, now() - 10 * length, length);
            }
            let begin = now();
            let ids: Vec<String> = (0..count).map(|_| fleet.start(job, begin, long()).to_string()).collect();
            fleet.calls.clear();
            format!("{{\"runs\":[{}]}}", ids.join(","))
        }
        "/bench/calls" => {
            let calls: Vec<String> = fleet.calls.iter().map(|(path, n)| format!("\"{path}\":{n}")).collect();
            format!("{{{}}}", calls.join(","))
        }
        _ if path.starts_with("/api/2.2/jobs/runs/") => {
            let name = path.rsplit('/').next().unwrap_or_default().to_owned();
            *fleet.calls.entry(name).or_default() += 1;
            answer(fleet, target, now())
        }
        // What the official client asks for while it is set up.
        _ => "{}".to_owned(),
    }
}
