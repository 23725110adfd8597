//! A fake workspace without sockets: runs of one task whose end is known to the millisecond, and what `runs/get` and
//! `runs/list` say of them. Documents have the size and the fields of real ones.

use std::collections::BTreeMap;
use std::fmt::Write as _;

/// The runs, by id, with job, begin and end in milliseconds; newest last.
#[derive(Default)]
pub(crate) struct Fleet {
    pub(crate) runs: BTreeMap<u64, (u64, u64, u64)>,
    pub(crate) calls: BTreeMap<String, u64>,
}

impl Fleet {
    pub(crate) fn start(&mut self, job: u64, begin: u64, length: u64) -> u64 {
        let id = 1_000_001 + self.runs.len() as u64;
        self.runs.insert(id, (job, begin, begin + length));
        id
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

pub(crate) fn query<'a>(target: &'a str, name: &str) -> Option<&'a str> {
    let (_, query) = target.split_once('?')?;
    query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value)
}
