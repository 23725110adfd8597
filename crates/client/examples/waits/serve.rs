//! A fake workspace: runs of one task whose end is known to the millisecond, and a count of the calls. Documents have the
//! size and the fields of real ones.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Read as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// The runs, by id, with job, begin and end in milliseconds; newest last.
#[derive(Default)]
pub(crate) struct Fleet {
    runs: BTreeMap<u64, (u64, u64, u64)>,
    calls: BTreeMap<String, u64>,
}

impl Fleet {
    pub(crate) fn start(&mut self, job: u64, begin: u64, length: u64) -> u64 {
        let id = 1_000_001 + self.runs.len() as u64;
        self.runs.insert(id, (job, begin, begin + length));
        id
    }
}

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

/// The answer to `runs/get` or `runs/list` at a time.
pub(crate) fn answer(fleet: &Fleet, target: &str, at: u64) -> String {
    let number = |name| query(target, name).and_then(|text| text.parse::<u64>().ok());
    let flag = |name| query(target, name) == Some("true");
    let mut out = String::new();
    if let Some(id) = number("run_id") {
        write_run(&mut out, fleet, id, at, true);
        return out;
    }
    let limit = number("limit").unwrap_or(20) as usize;
    // A page goes on after the last run of the one before, whatever began or ended meanwhile.
    let after = query(target, "page_token").and_then(|token| token.split_once('.'));
    let after = after.and_then(|(begin, id)| Some((begin.parse::<u64>().ok()?, id.parse::<u64>().ok()?)));
    let bounds = number("start_time_from").unwrap_or(0)..=number("start_time_to").unwrap_or(u64::MAX);
    let job = number("job_id").unwrap_or(0);
    let mut runs: Vec<(u64, u64)> = fleet
        .runs
        .iter()
        .filter(|(_, (its, begin, _))| *its == job && *begin <= at && bounds.contains(begin))
        .filter(|(_, (_, _, end))| {
            !(flag("active_only") && *end <= at || flag("completed_only") && *end > at)
        })
        .map(|(id, (_, begin, _))| (*begin, *id))
        .filter(|key| after.is_none_or(|after| *key < after))
        .collect();
    runs.sort_unstable_by(|a, b| b.cmp(a));
    out.push_str("{\"runs\":[");
    for (n, (_, id)) in runs.iter().take(limit).enumerate() {
        if n > 0 {
            out.push(',');
        }
        write_run(&mut out, fleet, *id, at, flag("expand_tasks"));
    }
    out.push(']');
    if let Some((begin, id)) = runs.get(limit - 1).filter(|_| runs.len() > limit) {
        let _ = write!(out, ",\"next_page_token\":\"{begin}.{id}\",\"has_more\":true");
    }
    out.push('}');
    out
}

fn write_run(out: &mut String, fleet: &Fleet, id: u64, at: u64, tasks: bool) {
    let Some((job, begin, end)) = fleet.runs.get(&id) else {
        out.push_str("{}");
        return;
    };
    let over = at >= *end;
    let (state, end_time) = if over {
        (
            "\"state\":{\"life_cycle_state\":\"TERMINATED\",\"result_state\":\"SUCCESS\",\"state_message\":\"\",\
             \"user_cancelled_or_timedout\":false},\"status\":{\"state\":\"TERMINATED\",\"termination_details\":\
             {\"code\":\"SUCCESS\",\"type\":\"SUCCESS\",\"message\":\"\"}}",
            *end,
        )
    } else {
        (
            "\"state\":{\"life_cycle_state\":\"RUNNING\",\"state_message\":\"In run\",\
             \"user_cancelled_or_timedout\":false},\"status\":{\"state\":\"RUNNING\"}",
            0,
        )
    };
    let _ = write!(
        out,
        "{{\"job_id\":{job},\"run_id\":{id},\"number_in_job\":{id},\"original_attempt_run_id\":{id},{state},\
         \"start_time\":{begin},\"setup_duration\":0,\"execution_duration\":0,\"cleanup_duration\":0,\
         \"end_time\":{end_time},\"trigger\":\"ONE_TIME\",\"creator_user_name\":\"someone@example.com\",\
         \"run_name\":\"nightly\",\"run_page_url\":\"https://example.com/?o=1#job/{job}/run/{id}\",\
         \"run_type\":\"JOB_RUN\",\"format\":\"MULTI_TASK\""
    );
    if tasks {
        let task = id + 500_000_000;
        let _ = write!(
            out,
            ",\"tasks\":[{{\"run_id\":{task},\"task_key\":\"main\",\"run_if\":\"ALL_SUCCESS\",\"notebook_task\":\
             {{\"notebook_path\":\"/Workspace/Users/someone@example.com/nightly\",\"source\":\"WORKSPACE\"}},{state},\
             \"run_page_url\":\"https://example.com/?o=1#job/{job}/run/{task}\",\"start_time\":{begin},\
             \"setup_duration\":0,\"execution_duration\":0,\"cleanup_duration\":0,\"end_time\":{end_time},\
             \"attempt_number\":0}}]"
        );
    }
    out.push('}');
}

fn query<'a>(target: &'a str, name: &str) -> Option<&'a str> {
    let (_, query) = target.split_once('?')?;
    query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value)
}
