//! Identities, permissions and who is told (reference sections 4.1, 16 and 17).

use super::names::count;
use super::{Lint, Place, rules};
use crate::job::wire::Path;
use crate::job::{RunAs, WebhookNotifications};
use crate::suggest::did_you_mean;
use serde_json::Value;

const PRINCIPALS: [&str; 3] = ["user_name", "group_name", "service_principal_name"];
const LEVELS: [&str; 4] = ["CAN_VIEW", "CAN_MANAGE_RUN", "CAN_MANAGE", "IS_OWNER"];

pub(super) fn judge(lint: &mut Lint<'_>) {
    let root = Path::Root;
    if let Some(run_as) = &lint.job.run_as {
        identity(lint, &root.key("run_as"), run_as);
    }
    if let Some(Value::Array(entries)) = lint.job.unknown.get("access_control_list") {
        permissions(lint, &root.key("access_control_list"), entries);
    }
    webhooks(lint, &root, lint.job.webhook_notifications.as_ref());
    lint.each_task(|lint, path, place: Place<'_>| {
        webhooks(lint, path, place.task.webhook_notifications.as_ref());
    });
}

fn identity(lint: &mut Lint<'_>, path: &Path<'_>, run_as: &RunAs) {
    let given = [
        ("user_name", run_as.user_name.is_some()),
        ("service_principal_name", run_as.service_principal_name.is_some()),
        ("group_name", run_as.group_name.is_some()),
    ];
    let given: Vec<&str> = given.iter().filter(|(_, given)| *given).map(|(name, _)| *name).collect();
    match given.len() {
        0 => {
            let message = "`run_as` names nobody";
            lint.report(rules::RUN_AS_CHOICE, path, message);
        }
        1 => {}
        _ => {
            let message = format!("only one of {} may be given", given.join(", "));
            lint.report(rules::RUN_AS_CHOICE, path, message);
        }
    }
}

fn permissions(lint: &mut Lint<'_>, path: &Path<'_>, entries: &[Value]) {
    let mut owners = 0;
    for (n, entry) in entries.iter().enumerate() {
        let item = path.index(n);
        let named = PRINCIPALS.iter().filter(|name| entry.get(**name).is_some()).count();
        if named != 1 {
            let message =
                format!("the permission names {named} principals; exactly one of {}", PRINCIPALS.join(", "));
            lint.report(rules::PERMISSION_PRINCIPAL, &item, message);
        }
        let level = entry.get("permission_level").and_then(Value::as_str).unwrap_or_default();
        if !LEVELS.contains(&level) {
            let message = format!("`{level}` is not a known permission level");
            let hint = did_you_mean(level, LEVELS)
                .unwrap_or_else(|| format!("known levels are {}", LEVELS.join(", ")));
            lint.report_with(rules::UNKNOWN_VALUE, &item.key("permission_level"), message, Some(hint));
        }
        if level == "IS_OWNER" {
            owners += 1;
            if owners > 1 {
                lint.report(rules::SEVERAL_OWNERS, &item, "the job must have exactly one owner");
            } else if entry.get("group_name").is_some() {
                lint.report(rules::SEVERAL_OWNERS, &item, "a group cannot own a job");
            }
        }
    }
}

fn webhooks(lint: &mut Lint<'_>, path: &Path<'_>, hooks: Option<&WebhookNotifications>) {
    let Some(hooks) = hooks else { return };
    let block = path.key("webhook_notifications");
    let events = [
        ("on_start", &hooks.on_start),
        ("on_success", &hooks.on_success),
        ("on_failure", &hooks.on_failure),
        ("on_duration_warning_threshold_exceeded", &hooks.on_duration_warning_threshold_exceeded),
        ("on_streaming_backlog_exceeded", &hooks.on_streaming_backlog_exceeded),
    ];
    for (event, destinations) in events {
        count(lint, &block.key(event), "destinations", destinations.len(), 3);
    }
}
