//! The peers' published schedules: gaps between polls, the first poll being made when the run begins.

use crate::stats::Random;

/// A schedule of a peer.
pub(crate) struct Policy {
    pub(crate) name: &'static str,
    /// Milliseconds from poll `n` (from 0) to the next.
    pub(crate) gap: fn(u64, &mut Random) -> u64,
}

/// In the order of the table.
pub(crate) const POLICIES: &[Policy] = &[
    Policy { name: "AppKit 0.38", gap: appkit },
    Policy { name: "Python SDK 0.162", gap: |n, random| (n + 1).min(10) * 1000 + random.within(0, 1000) },
    Policy { name: "Go SDK, CLI", gap: |n, random| (n + 1).min(10) * 1000 + random.within(50, 750) },
    Policy { name: "dagster pipes", gap: |_, _| 5000 },
    Policy { name: "prefect, dbt", gap: |_, _| 10_000 },
    Policy { name: "Airflow", gap: |_, _| 30_000 },
];

/// 5 s, growing by half up to six times that, ±20 %, never more than the sixfold.
fn appkit(n: u64, random: &mut Random) -> u64 {
    let mut delay = 5000.0;
    for _ in 0..n.min(20) {
        delay = f64::min(delay * 1.5, 30_000.0);
    }
    f64::min(delay * (random.within(800, 1200) as f64 / 1000.0), 30_000.0) as u64
}

impl Policy {
    /// Polls and delay of one run of this length.
    pub(crate) fn follow(&self, length: u64, random: &mut Random) -> (u64, u64) {
        let (mut at, mut polls) = (0, 1);
        while at < length {
            at += (self.gap)(polls - 1, random);
            polls += 1;
        }
        (polls, at - length)
    }
}
