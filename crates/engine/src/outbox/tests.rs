//! How deliveries come through receivers that are down for long, servers of letters, clocks that are set, and floods. Time is
//! given; the receivers are real sockets.

use super::{Outbox, Smtp};
use crate::config::Notice as Told;
use crate::store::Store;
use crate::store::outbox::{DeliveryFilter, MOST_WAITING};
use lakeflow_core::execution::WorkspaceFacts;
use lakeflow_core::id::{JobId, RunId};
use lakeflow_core::notify::{Destination, Event, Notice, Recipient, StoredDestination, TriesState};
use lakeflow_core::run::Outcome;
use lakeflow_core::time::WallTime;
use receiver::{Manner, Receiver};
use serde_json::json;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;

#[expect(dead_code, reason = "the suite of the API uses the rest")]
#[path = "../../tests/api/receiver.rs"]
mod receiver;

const BEGIN: WallTime = WallTime(1_700_000_000_000);
const SECOND: i64 = 1000;
const HOUR: i64 = 3600 * SECOND;

struct Bench {
    store: Store,
    outbox: Outbox,
    lines: Arc<Mutex<Vec<String>>>,
    folder: tempfile::TempDir,
}

impl Bench {
    fn new(smtp: Option<&Smtp>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let lines: Arc<Mutex<Vec<String>>> = Arc::default();
        let kept = Arc::clone(&lines);
        let told = Told::new(move |line| kept.lock().unwrap().push(line.to_owned()));
        let workspace = WorkspaceFacts { id: "123".to_owned(), url: "http://127.0.0.1:8080".to_owned() };
        let outbox = Outbox::new(store.clone(), told, workspace, folder.path(), smtp).unwrap();
        Self { store, outbox, lines, folder }
    }

    async fn hook(&self, id: &str, url: &str) {
        let config = json!({ "generic_webhook": { "url": url } });
        let (destination, _) = Destination::read(&json!({ "display_name": id, "config": config })).unwrap();
        let new = StoredDestination { id: id.to_owned(), destination };
        assert!(self.store.add_destination(new, BEGIN, 10).await.unwrap());
    }

    /// Sends everything that is due at a time. How many there were.
    async fn send_due(&self, now: WallTime) -> usize {
        let due = self.store.due_deliveries(now, Vec::new(), 100).await.unwrap();
        for delivery in &due {
            let result = self.outbox.send(delivery).await;
            self.outbox.settle(delivery, &result, now).await.unwrap();
        }
        due.len()
    }

    /// The state, the number of tries and the error of the only delivery.
    async fn only(&self) -> (TriesState, u32, Option<String>) {
        let filter = DeliveryFilter { limit: 2, ..DeliveryFilter::default() };
        let all = self.store.deliveries(filter).await.unwrap();
        let [one] = all.as_slice() else { panic!("{all:?}") };
        (one.tries.state, one.tries.count, one.error.clone())
    }
}

fn notice() -> Notice {
    Notice {
        event: Event::Failure,
        at: BEGIN,
        workspace_id: "123".to_owned(),
        job_id: JobId(7),
        job_name: "nightly".to_owned(),
        run_id: RunId(1 << 20),
        task: None,
        outcome: Some(Outcome::Failed),
        message: "Zürich\nis down".to_owned(),
        threshold_seconds: None,
    }
}

fn to_hook(id: &str) -> (Recipient, Notice) {
    (Recipient::Destination(id.to_owned()), notice())
}

#[tokio::test]
async fn a_receiver_that_answers_500_for_an_hour_is_told_afterwards() {
    let (bench, receiver) = (Bench::new(None), Receiver::start().await);
    bench.hook("d", &receiver.url("hook")).await;
    receiver.set("hook", Manner::Status(500));
    bench.store.tell(RunId(1 << 20), vec![to_hook("d")]).await;
    let mut now = BEGIN;
    while bench.only().await.0 == TriesState::Waiting {
        if now.since(BEGIN) >= HOUR {
            receiver.set("hook", Manner::Status(200));
        }
        assert_eq!(bench.send_due(now).await, 1);
        if let Some(next) = bench.store.next_delivery(Vec::new()).await.unwrap() {
            assert_eq!(bench.send_due(next - 1).await, 0, "not before its time");
            now = next;
        }
    }
    assert_eq!(bench.only().await, (TriesState::Sent, 15, None));
    assert_eq!(now.since(BEGIN), 4022 * SECOND, "the first try after the hour");
    let came = receiver.came("hook");
    assert!(came.iter().all(|one| one.headers["x-lakeflow-delivery"] == "123-1"), "one delivery, sent again");
    let lines = bench.lines.lock().unwrap().clone();
    assert_eq!(lines.len(), 1, "the first failure is told, not each: {lines:?}");
}

// LOCAL[notifications] own: retries double from 2 s to 10 min for a day; a clock that is set back by two hours holds nothing
#[tokio::test]
async fn a_clock_that_jumps_back_two_hours_holds_nothing() {
    let (bench, receiver) = (Bench::new(None), Receiver::start().await);
    bench.hook("d", &receiver.url("hook")).await;
    receiver.set("hook", Manner::Status(503));
    bench.store.tell(RunId(1 << 20), vec![to_hook("d")]).await;
    assert_eq!(bench.send_due(BEGIN + 10).await, 1);
    receiver.set("hook", Manner::Status(200));
    assert_eq!(bench.send_due(BEGIN + 20).await, 0);
    assert_eq!(bench.send_due(BEGIN - 2 * HOUR).await, 1);
    assert_eq!(bench.only().await.0, TriesState::Sent);
}

#[tokio::test]
async fn a_flood_is_cut_off_and_says_so() {
    let bench = Bench::new(None);
    let flood: Vec<_> = (0..=MOST_WAITING).map(|_| to_hook("d")).collect();
    bench.store.tell(RunId(1 << 20), flood).await;
    let given_up =
        DeliveryFilter { state: Some(TriesState::GivenUp), limit: 10, ..DeliveryFilter::default() };
    let found = bench.store.deliveries(given_up).await.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].error.as_deref(), Some("10000 deliveries were waiting already"));
    bench.store.prune_deliveries(BEGIN + HOUR).await.unwrap();
    let waiting = DeliveryFilter { limit: 20_000, ..DeliveryFilter::default() };
    let left = bench.store.deliveries(waiting).await.unwrap();
    assert_eq!(left.len() as i64, MOST_WAITING, "what waits is never pruned");
}

/// A server of letters: takes every one that is brought to `listener`, and keeps their text.
fn smtp_server(listener: TcpListener) -> Arc<Mutex<Vec<String>>> {
    let letters: Arc<Mutex<Vec<String>>> = Arc::default();
    let kept = Arc::clone(&letters);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let mut stream = BufReader::new(stream);
            stream.write_all(b"220 mail.example.com ESMTP\r\n").await.unwrap();
            let mut envelope = String::new();
            let mut line = String::new();
            while stream.read_line(&mut line).await.unwrap() > 0 {
                let answer = match line.split([' ', '\r']).next().unwrap_or_default() {
                    "EHLO" => "250-mail.example.com\r\n250 8BITMIME\r\n",
                    "DATA" => {
                        stream.write_all(b"354 go on\r\n").await.unwrap();
                        let mut text = Vec::new();
                        while !text.ends_with(b"\r\n.\r\n") {
                            text.push(stream.read_u8().await.unwrap());
                        }
                        let letter = format!("{envelope}{}", String::from_utf8(text).unwrap());
                        kept.lock().unwrap().push(letter);
                        "250 taken\r\n"
                    }
                    "QUIT" => "221 bye\r\n",
                    _ => {
                        envelope.push_str(&line);
                        "250 ok\r\n"
                    }
                };
                stream.write_all(answer.as_bytes()).await.unwrap();
                line.clear();
            }
        }
    });
    letters
}

// LOCAL[notifications] close: e-mail goes to an SMTP server that is set, or into files; a server that is down gets it later
#[tokio::test]
async fn letters_wait_for_an_smtp_server_that_is_down() {
    let address: SocketAddr = {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        listener.local_addr().unwrap()
    };
    let smtp = Smtp { url: format!("smtp://{address}"), sender: Some("Jobs <jobs@example.com>".to_owned()) };
    let bench = Bench::new(Some(&smtp));
    let letter = (Recipient::Email("ann@example.com".to_owned()), notice());
    bench.store.tell(RunId(1 << 20), vec![letter]).await;
    assert_eq!(bench.send_due(BEGIN).await, 1);
    let (state, tries, error) = bench.only().await;
    assert_eq!((state, tries), (TriesState::Waiting, 1));
    let error = error.unwrap();
    assert!(error.starts_with("the SMTP server has not taken the letter: "), "{error}");
    let letters = smtp_server(TcpListener::bind(address).await.unwrap());
    assert_eq!(bench.send_due(BEGIN + 2 * SECOND).await, 1);
    assert_eq!(bench.only().await, (TriesState::Sent, 2, None));
    let taken = letters.lock().unwrap().clone();
    assert_eq!(taken.len(), 1);
    for part in [
        "MAIL FROM:<jobs@example.com>",
        "RCPT TO:<ann@example.com>",
        "From: Jobs <jobs@example.com>",
        "To: ann@example.com",
        "Subject: Job \"nightly\" failed",
        "Date: Tue, 14 Nov 2023 22:13:20 +0000",
        "Message-ID: <1.123@lakeflow>",
        "Run: 1048576",
    ] {
        assert!(taken[0].contains(part), "no {part:?} in {}", taken[0]);
    }
    assert!(!bench.folder.path().join("outbox").exists());
}

#[tokio::test]
async fn without_a_server_a_letter_is_one_file_however_often_it_is_sent() {
    let bench = Bench::new(None);
    let letter = (Recipient::Email("ann@example.com".to_owned()), notice());
    bench.store.tell(RunId(1 << 20), vec![letter]).await;
    let due = bench.store.due_deliveries(BEGIN, Vec::new(), 1).await.unwrap();
    // As after a kill between the try and its record.
    bench.outbox.send(&due[0]).await.unwrap();
    assert_eq!(bench.send_due(BEGIN).await, 1);
    let files: Vec<_> = std::fs::read_dir(bench.folder.path().join("outbox")).unwrap().flatten().collect();
    assert_eq!(files.len(), 1);
    assert_eq!(files[0].file_name(), "1.eml");
    let text = std::fs::read_to_string(files[0].path()).unwrap();
    assert!(
        text.contains("Subject: Job \"nightly\" failed\r\n") && text.contains("To: ann@example.com\r\n"),
        "{text}"
    );
}

#[test]
fn a_server_that_cannot_be_is_refused_without_its_password() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    for (url, sender) in [("mail.example.com:secret", None), ("smtp://mail.example.com", Some("nobody"))] {
        let smtp = Smtp { url: url.to_owned(), sender: sender.map(str::to_owned) };
        let told = Told::new(|_| {});
        let error = Outbox::new(store.clone(), told, WorkspaceFacts::default(), folder.path(), Some(&smtp))
            .unwrap_err();
        assert!(!error.to_string().contains("secret"), "{error}");
        assert!(!format!("{smtp:?}").contains("secret"));
    }
}
