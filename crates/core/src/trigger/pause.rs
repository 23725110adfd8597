//! Pausing and unpausing whatever starts a job by itself (reference section 15.1).

use super::triggers;
use crate::job::{JobSettings, PauseStatus};
use serde_json::{Value, json};

/// Pauses everything that starts the job by itself, or lets it go on. False when the job starts only by hand.
pub fn set_paused(settings: &mut JobSettings, paused: bool) -> bool {
    let status = if paused { PauseStatus::Paused } else { PauseStatus::Unpaused };
    let places = [
        settings.schedule.as_mut().map(|schedule| &mut schedule.pause_status),
        settings.trigger.as_mut().map(|trigger| &mut trigger.pause_status),
        settings.continuous.as_mut().map(|continuous| &mut continuous.pause_status),
    ];
    let mut found = false;
    for place in places.into_iter().flatten() {
        *place = Some(status.clone());
        found = true;
    }
    let entries = settings.triggers.as_mut().and_then(Value::as_array_mut);
    for entry in entries.into_iter().flatten().filter_map(Value::as_object_mut) {
        entry.insert("pause_status".to_owned(), json!(status.as_str()));
        found = true;
    }
    found
}

/// Whether everything that starts the job by itself is paused; `None` when it starts only by hand.
pub fn is_paused(settings: &JobSettings) -> Option<bool> {
    let all = triggers(settings);
    (!all.is_empty()).then(|| all.iter().all(|trigger| trigger.paused))
}
