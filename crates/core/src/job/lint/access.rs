//! Identities, permissions and who is told (reference sections 4.1, 16 and 17).

use super::names::count;
use super::{Block, Lint, Place, rules};
use crate::job::wire::Path;
use crate::json::Listed;
use crate::suggest::did_you_mean;
use crate::value::Value;

const PRINCIPALS: [&str; 3] = ["user_name", "group_name", "service_principal_name"];
const LEVELS: [&str; 4] = ["CAN_VIEW", "CAN_MANAGE_RUN", "CAN_MANAGE", "IS_OWNER"];

pub(super) fn judge(lint: &mut Lint<'_>) {
    let root = Path::Root;
    if let Some(run_as) = lint.job.block("run_as") {
        identity(lint, &root.key("run_as"), run_as);
    }
    permissions(lint, &root.key("access_control_list"), lint.job.list("access_control_list"));
    webhooks(lint, &root, lint.job);
    lint.each_task(|lint, path, place: Place<'_>| webhooks(lint, path, place.task));
}

fn identity(lint: &mut Lint<'_>, path: &Path<'_>, run_as: Block<'_>) {
    let given = run_as.given(&["user_name", "service_principal_name", "group_name"]);
    match given.len() {
        0 => {
            let message = "`run_as` names nobody";
            lint.report(rules::RUN_AS_CHOICE, path, message);
        }
        1 => {}
        _ => {
            let message = format_args!("only one of {} may be given", Listed(&given, ", "));
            lint.report(rules::RUN_AS_CHOICE, path, message);
        }
    }
}

fn permissions(lint: &mut Lint<'_>, path: &Path<'_>, entries: &[Value]) {
    let mut owners = 0;
    for (n, entry) in entries.iter().enumerate() {
        let item = path.index(n);
        let named = PRINCIPALS.iter().filter(|&&name| entry.get(name).is_some()).count();
        if named != 1 {
            let message = format_args!(
                "the permission names {named} principals; exactly one of {}",
                Listed(&PRINCIPALS, ", ")
            );
            lint.report(rules::PERMISSION_PRINCIPAL, &item, message);
        }
        let level = entry.get("permission_level").and_then(Value::as_str).unwrap_or_default();
        if !LEVELS.contains(&level) {
            let message = format_args!("`{level}` is not a known permission level");
            let hint = did_you_mean(level, LEVELS)
                .unwrap_or_else(|| format!("known levels are {}", Listed(&LEVELS, ", ")));
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

fn webhooks(lint: &mut Lint<'_>, path: &Path<'_>, holder: Block<'_>) {
    let Some(hooks) = holder.block("webhook_notifications") else { return };
    let block = path.key("webhook_notifications");
    for event in [
        "on_start",
        "on_success",
        "on_failure",
        "on_duration_warning_threshold_exceeded",
        "on_streaming_backlog_exceeded",
    ] {
        count(lint, &block.key(event), "destinations", hooks.list(event).len(), 3);
    }
}
