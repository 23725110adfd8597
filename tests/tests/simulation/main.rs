//! The simulator: hubs against a workspace in virtual time, with everything that can go wrong, from seeds.
//!
//! `LAKEFLOW_SIMULATION_SEEDS` says how many seeds are run (a number) or which (`from..to`); `LAKEFLOW_SIMULATION_SEED`
//! replays one and tells its calls. A seed that fails is printed with what did not hold.
#![expect(clippy::panic, clippy::print_stderr, reason = "a failing seed has to be told")]

mod crowd;
mod faults;
mod random;
mod scenario;
mod world;

use scenario::{Counts, Scenario};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

/// Seeds of a run that does not say how many.
const SEEDS: u64 = 2000;

/// Every so many seeds one is run twice, to see that it does the same.
const REPEATED: u64 = 50;

fn seeds() -> std::ops::Range<u64> {
    let Ok(text) = std::env::var("LAKEFLOW_SIMULATION_SEEDS") else { return 0..SEEDS };
    let number = |text: &str| text.trim().replace('_', "").parse::<u64>().ok();
    let range = match text.split_once("..") {
        Some((from, to)) => number(from).zip(number(to)),
        None => number(&text).map(|most| (0, most)),
    };
    let Some((from, to)) = range.filter(|(from, to)| from < to) else {
        panic!("LAKEFLOW_SIMULATION_SEEDS is a number of seeds or FROM..TO, not {text:?}");
    };
    from..to
}

fn one(seed: u64, told: bool) -> Result<Counts, String> {
    let run = || std::panic::catch_unwind(|| Scenario::new(seed, told).run());
    run().unwrap_or_else(|_| Err("it panicked".to_owned()))
}

#[test]
fn one_run_an_intent_and_every_wait_ends_in_the_truth() {
    if let Ok(seed) = std::env::var("LAKEFLOW_SIMULATION_SEED") {
        let seed =
            seed.parse().unwrap_or_else(|_| panic!("LAKEFLOW_SIMULATION_SEED is a number, not {seed:?}"));
        match one(seed, true) {
            Ok(counts) => eprintln!("seed {seed} holds: {counts:?}"),
            Err(told) => panic!("seed {seed}: {told}"),
        }
        return;
    }
    let seeds = seeds();
    let (next, total, failed) =
        (AtomicU64::new(seeds.start), Mutex::new(Counts::default()), Mutex::new(Vec::new()));
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let mut mine = Counts::default();
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= seeds.end {
                        break;
                    }
                    let mut result = one(seed, false);
                    if let Ok(counts) = &result
                        && seed % REPEATED == 0
                        && one(seed, false).map(|again| again.trace) != Ok(counts.trace)
                    {
                        result = Err("run again, it went another way".to_owned());
                    }
                    match result {
                        Ok(counts) => mine.add(counts),
                        Err(told) => failed.lock().expect("no panic while it is held").push((seed, told)),
                    }
                }
                total.lock().expect("no panic while it is held").add(mine);
            });
        }
    });
    let mut failed = failed.into_inner().expect("no panic while it is held");
    failed.sort();
    for (seed, told) in failed.iter().take(20) {
        eprintln!(
            "seed {seed}: {told}\n  again: LAKEFLOW_SIMULATION_SEED={seed} cargo test -p lakeflow-tests --test simulation"
        );
    }
    let total = total.into_inner().expect("no panic while it is held");
    eprintln!("{} scenarios: {total:?}", seeds.end - seeds.start);
    assert!(failed.is_empty(), "{} of {} seeds failed", failed.len(), seeds.end - seeds.start);
    assert!(
        total.waits > 0 && total.verdicts > 0 && total.errors > 0 && total.lists > 0,
        "nothing was tried: {total:?}"
    );
}
