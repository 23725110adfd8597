//! How far apart polls are.

use crate::seed::Seeded;

/// The gap to the next poll is a share of the time that the run has taken so far, between a floor and a cap, so that the
/// end of a run is noticed after a delay in proportion to its length, and long runs cost few calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PollSchedule {
    /// Share of the elapsed time, in percent.
    pub percent: u64,
    /// No gap is shorter, in milliseconds.
    pub floor_ms: u64,
    /// No gap is longer, in milliseconds.
    pub cap_ms: u64,
    /// Each gap is moved by up to this many percent, up or down, so that waits do not beat in time.
    pub jitter_percent: u64,
}

impl PollSchedule {
    /// For a workspace: 5 % of the elapsed time, from 1 s to 10 s, ±10 %.
    pub const WORKSPACE: Self = Self { percent: 5, floor_ms: 1000, cap_ms: 10_000, jitter_percent: 10 };

    /// For an engine on the same machine, where a call costs next to nothing: from 0.2 s.
    pub const LOCAL: Self = Self { floor_ms: 200, ..Self::WORKSPACE };

    /// Milliseconds to the next poll of a run that has taken `elapsed_ms`.
    pub(super) fn gap(&self, elapsed_ms: u64, seeded: &mut Seeded) -> u64 {
        let share = elapsed_ms.saturating_mul(self.percent) / 100;
        // A floor above the cap is a mistake; the cap wins, so that nothing panics.
        let gap = share.max(self.floor_ms).min(self.cap_ms);
        let reach = gap.saturating_mul(self.jitter_percent.min(100)) / 100;
        gap - reach + seeded.up_to(reach.saturating_mul(2))
    }
}
