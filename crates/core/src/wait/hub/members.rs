//! The watches of one job's runs among those of all. Decides nothing.

use super::watch::Watch;
use crate::id::RunId;
use std::collections::{BTreeMap, BTreeSet};

/// True where a job's runs are most of those that are watched. Both are then walked side by side: to look each up takes several
/// times as long, and a round of a crowd looks all of them over.
fn are_most(runs: &BTreeSet<RunId>, watches: &BTreeMap<RunId, Watch>) -> bool {
    runs.len() * 4 > watches.len()
}

/// The watches of a job's runs.
pub(super) fn watches_of<'a>(
    runs: &'a BTreeSet<RunId>,
    watches: &'a BTreeMap<RunId, Watch>,
) -> impl Iterator<Item = &'a Watch> {
    let mut all = are_most(runs, watches).then(|| watches.iter().peekable());
    runs.iter().filter_map(move |run_id| match &mut all {
        Some(all) => {
            while all.next_if(|(other, _)| *other < run_id).is_some() {}
            all.next_if(|(other, _)| *other == run_id).map(|(_, watch)| watch)
        }
        None => watches.get(run_id),
    })
}

/// Does something with each of them.
pub(super) fn each_of(
    runs: &BTreeSet<RunId>,
    watches: &mut BTreeMap<RunId, Watch>,
    mut act: impl FnMut(RunId, &mut Watch),
) {
    if !are_most(runs, watches) {
        for run_id in runs {
            watches.get_mut(run_id).into_iter().for_each(|watch| act(*run_id, watch));
        }
        return;
    }
    let mut members = runs.iter().peekable();
    for (run_id, watch) in watches {
        while members.next_if(|member| *member < run_id).is_some() {}
        if members.next_if(|member| *member == run_id).is_some() {
            act(*run_id, watch);
        }
    }
}
