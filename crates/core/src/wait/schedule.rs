//! How far apart polls are, as long as nothing is known of the job, and what is wanted once something is.

use crate::seed::Seeded;

/// The gap to the next poll is a share of the time that the run has taken so far, between a floor and a cap, so that the
/// end of a run is noticed after a delay in proportion to its length, and long runs cost few calls. Once the lengths of
/// the job's past runs are known, [`Aim`] says how the polls gather where the run is likely to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PollSchedule {
    /// Share of the elapsed time, in percent.
    pub percent: u64,
    /// No gap is shorter, in milliseconds.
    pub floor_ms: u64,
    /// No gap is longer, in milliseconds. With [`Aim::Calls`] and [`Aim::Delay`] gaps may be as long as the job's
    /// typical run, once that is known: what is asked for comes first.
    pub cap_ms: u64,
    /// Each gap is moved by up to this many percent, up or down, so that waits do not beat in time.
    pub jitter_percent: u64,
    /// What is wanted once the job's past runs are known.
    pub aim: Aim,
}

/// What polls should come to on average, once the lengths of a job's past runs are known. Before that the percentage
/// holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Aim {
    /// A delay of 1 % of the job's typical run, between half the floor and half the cap.
    #[default]
    Balanced,
    /// This many polls a run. 0 and 1 are taken as 2: one when the run begins, one that sees its end.
    Calls(u32),
    /// This many milliseconds from the end of a run to the poll that sees it.
    Delay(u64),
    /// The past is not looked at: the percentage always holds.
    Elapsed,
}

impl PollSchedule {
    /// For a workspace: 5 % of the elapsed time, from 1 s to 10 s, ±10 %.
    pub const WORKSPACE: Self =
        Self { percent: 5, floor_ms: 1000, cap_ms: 10_000, jitter_percent: 10, aim: Aim::Balanced };

    /// For an engine on the same machine, where a call costs next to nothing: from 0.2 s.
    pub const LOCAL: Self = Self { floor_ms: 200, ..Self::WORKSPACE };

    /// The same distances with another aim.
    #[must_use]
    pub const fn aiming(self, aim: Aim) -> Self {
        Self { aim, ..self }
    }

    /// Milliseconds to the next poll of a run that has taken `elapsed_ms`, without knowledge of the job and jitter.
    pub(super) fn nominal(&self, elapsed_ms: u64) -> u64 {
        let share = elapsed_ms.saturating_mul(self.percent) / 100;
        // A floor above the cap is a mistake; the cap wins, so that nothing panics.
        share.max(self.floor_ms).min(self.cap_ms)
    }

    /// The gap, moved by the jitter.
    pub(super) fn jittered(&self, gap: u64, seeded: &mut Seeded) -> u64 {
        let reach = gap.saturating_mul(self.jitter_percent.min(100)) / 100;
        gap - reach + seeded.up_to(reach.saturating_mul(2))
    }
}
