//! What the past runs of a job say about when to look at the next one.
//!
//! Polls cost calls, and late polls cost delay. When the chance that the run ends now is h per millisecond, the least
//! delay for a given number of polls is had with polls as dense as the square root of h (the optimal inspection schedule
//! of Barlow, Hunter and Proschan). h comes from the lengths of past runs, each spread a little, with a small part kept
//! for surprises, so that a run that fails early or hangs is not out of sight. Only `+ - * /` and `sqrt` are used, which
//! give the same bits on every machine.

use super::{Aim, PollSchedule};
use std::collections::VecDeque;

/// Lengths that are remembered: the newest.
pub(super) const REMEMBERED: usize = 32;

/// With fewer lengths nothing is concluded.
const LEAST: usize = 3;

/// First boundary of the table in milliseconds; boundaries grow by a sixteenth.
const FIRST: f64 = 250.0;
const GROWTH: f64 = 1.0625;

/// Most boundaries of the table: enough for four weeks.
const MOST_CELLS: usize = 400;

/// The lengths of a job's past runs, in milliseconds, without time in the queue.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct History {
    lengths: VecDeque<u64>,
    version: u32,
}

impl History {
    /// Remembers the length of one more run; the oldest of too many is forgotten. Lengths of 0 say nothing.
    pub fn learn(&mut self, length_ms: u64) {
        if length_ms == 0 {
            return;
        }
        if self.lengths.len() == REMEMBERED {
            self.lengths.pop_front();
        }
        self.lengths.push_back(length_ms);
        self.version = self.version.wrapping_add(1);
    }

    /// Remembers the lengths of `newer` too, as newer ones.
    pub(super) fn learn_all(&mut self, newer: &Self) {
        for length in &newer.lengths {
            self.learn(*length);
        }
        self.version = self.version.max(newer.version.wrapping_add(1));
    }

    /// How many lengths are known.
    pub fn len(&self) -> usize {
        self.lengths.len()
    }

    /// True when nothing is known.
    pub fn is_empty(&self) -> bool {
        self.lengths.is_empty()
    }

    /// Changes with every length that is learned.
    pub(super) fn version(&self) -> u32 {
        self.version
    }

    /// The plan for a schedule; `None` while too little is known, or when the schedule does not want one.
    pub fn plan(&self, schedule: &PollSchedule) -> Option<Plan> {
        if self.lengths.len() < LEAST || schedule.aim == Aim::Elapsed {
            return None;
        }
        Some(Plan::new(self.lengths.iter().copied().collect(), schedule))
    }
}

/// Where polls of a job's run belong.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// At each boundary of the table: the integral of the density of polls up to it.
    density: Vec<f64>,
    /// The next poll comes when the integral has grown by this.
    stride: f64,
    floor: f64,
    cap: f64,
}

impl Plan {
    fn new(mut lengths: Vec<u64>, schedule: &PollSchedule) -> Self {
        lengths.sort_unstable();
        let typical = lengths[lengths.len() / 2] as f64;
        let longest = lengths[lengths.len() - 1] as f64;
        let left = survival(&lengths, typical, 4.0 * longest.max(FIRST));
        let (floor, cap) = (schedule.floor_ms.min(schedule.cap_ms) as f64, schedule.cap_ms as f64);
        let cap = if schedule.aim == Aim::Balanced { cap } else { cap.max(typical) };
        let mut plan =
            Self { density: densities(&left), stride: 1.0, floor: floor.max(1.0), cap: cap.max(1.0) };
        plan.stride = plan.fit(&left, schedule, typical);
        plan
    }

    /// Milliseconds from a poll after `elapsed_ms` to the next.
    pub fn gap(&self, elapsed_ms: u64) -> u64 {
        self.step(elapsed_ms as f64) as u64
    }

    fn step(&self, elapsed: f64) -> f64 {
        let target = interpolate(elapsed, &self.density) + self.stride;
        let next = invert(target, &self.density).unwrap_or(elapsed + self.cap);
        (next - elapsed).min(self.cap).max(self.floor.min(self.cap))
    }

    /// The stride that meets the aim: by halving, since calls fall and delay rises with it.
    fn fit(&mut self, left: &[f64], schedule: &PollSchedule, typical: f64) -> f64 {
        let whole = self.density.last().copied().unwrap_or(1.0).max(1e-9);
        let (mut low, mut high) = (whole / 4096.0, whole);
        for _ in 0..24 {
            let middle = f64::midpoint(low, high);
            self.stride = middle;
            let (calls, delay) = self.expected(left);
            let longer = match schedule.aim {
                // Within 2 %, so that the chance of a surprise, which is never nought, does not push the last poll far away.
                Aim::Calls(wanted) => calls > f64::from(wanted.max(2)) * 1.02,
                Aim::Delay(wanted) => delay < wanted as f64,
                Aim::Balanced | Aim::Elapsed => {
                    delay < (typical / 100.0).min(self.cap / 2.0).max(self.floor / 2.0)
                }
            };
            if longer { low = middle } else { high = middle }
        }
        f64::midpoint(low, high)
    }

    /// Mean number of polls, the one at the beginning included, and mean delay in milliseconds.
    fn expected(&self, left: &[f64]) -> (f64, f64) {
        let end = boundary(left.len() - 1);
        let (mut at, mut alive, mut calls, mut delay) = (0.0, 1.0, 1.0, 0.0);
        // The bound holds for a floor far below the length of the run.
        for _ in 0..20_000 {
            if at >= end || alive < 0.001 {
                break;
            }
            let gap = self.step(at);
            at += gap;
            let then = interpolate(at, left);
            calls += alive;
            delay += (alive - then) * gap / 2.0;
            alive = then;
        }
        (calls, delay)
    }
}

/// The chance that a run is still going at each boundary: each past length spread evenly around itself, and a small part
/// that falls off as slowly as nothing known about it allows.
fn survival(lengths: &[u64], typical: f64, end: f64) -> Vec<f64> {
    let spread = if lengths.len() >= 8 { 0.1 } else { 0.25 };
    let surprise = 1.0 / (lengths.len() as f64 + 2.0);
    let mut left = Vec::new();
    for n in 0..MOST_CELLS {
        let at = boundary(n);
        let gone = |length: &u64| {
            let length = *length as f64;
            ((at - length * (1.0 - spread)) / (2.0 * spread * length)).clamp(0.0, 1.0)
        };
        let known = 1.0 - lengths.iter().map(gone).sum::<f64>() / lengths.len() as f64;
        left.push((1.0 - surprise) * known + surprise * typical / (typical + at));
        if at > end {
            break;
        }
    }
    left
}

/// The integral of the square root of the chance to end.
fn densities(left: &[f64]) -> Vec<f64> {
    let mut sum = 0.0;
    let mut densities = vec![0.0];
    for n in 1..left.len() {
        let width = boundary(n) - boundary(n - 1);
        let alive = f64::midpoint(left[n - 1], left[n]);
        let ends = ((left[n - 1] - left[n]).max(0.0) / (width * alive.max(1e-9))).sqrt();
        sum += ends * width;
        densities.push(sum);
    }
    densities
}

/// Times of the boundaries in milliseconds; boundary 0 is the beginning.
static BOUNDARIES: [f64; MOST_CELLS + 1] = {
    let mut boundaries = [0.0; MOST_CELLS + 1];
    let (mut n, mut at) = (1, FIRST);
    while n <= MOST_CELLS {
        boundaries[n] = at;
        (n, at) = (n + 1, at * GROWTH);
    }
    boundaries
};

fn boundary(n: usize) -> f64 {
    BOUNDARIES[n.min(MOST_CELLS)]
}

/// The table's value at a time; past the end its last.
fn interpolate(at: f64, table: &[f64]) -> f64 {
    let cell = BOUNDARIES[1..].partition_point(|boundary| *boundary <= at);
    match (table.get(cell), table.get(cell + 1)) {
        (Some(low), Some(high)) => {
            let from = boundary(cell);
            low + (high - low) * (at - from) / (boundary(cell + 1) - from)
        }
        _ => table.last().copied().unwrap_or(0.0),
    }
}

/// The time at which a rising table reaches a value; `None` past its end.
fn invert(value: f64, table: &[f64]) -> Option<f64> {
    let cell = table.get(1..)?.partition_point(|reached| *reached <= value);
    let (low, high) = (table[cell], *table.get(cell + 1)?);
    let (from, to) = (boundary(cell), boundary(cell + 1));
    Some(from + (to - from) * ((value - low) / (high - low)).max(0.0))
}
