//! The words and shapes of notices: JSON for generic webhooks, Slack and Teams, and letters.

use super::audience::Event;
use super::destination::DestinationKind;
use super::notice::Notice;
use crate::id::{JobId, RunId};
use crate::run::Outcome;
use crate::time::WallTime;
use serde_json::{Value, json};

/// Characters of a message that are told; the whole one is in the run.
const LONGEST_MESSAGE: usize = 1000;

/// An e-mail without its sender and receivers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// One line.
    pub subject: String,
    /// Plain text.
    pub text: String,
}

/// The body of a POST to a destination of a kind that takes JSON. `page`: address of the run's page.
pub fn json_body(kind: DestinationKind, notice: &Notice, page: &str) -> Value {
    match kind {
        DestinationKind::Webhook | DestinationKind::Email => notice.payload(),
        DestinationKind::Slack => slack(notice, page),
        DestinationKind::MicrosoftTeams => teams(notice, page),
    }
}

/// The notice as an e-mail.
pub fn letter(notice: &Notice, page: &str) -> Letter {
    let facts: Vec<String> = facts(notice).iter().map(|(name, value)| format!("{name}: {value}")).collect();
    // A line break in a subject would be another header.
    let subject = headline(notice).replace(|c: char| c.is_control(), " ");
    Letter { text: format!("{subject}\n\n{}\n\n{page}\n", facts.join("\n")), subject }
}

/// What is sent to try a destination out: an event of its own, about a run of a job that nobody has, so that receivers take it and
/// find nothing to do.
pub fn test_notice(workspace_id: &str, now: WallTime) -> Notice {
    Notice {
        event: Event::Test,
        at: now,
        workspace_id: workspace_id.to_owned(),
        job_id: JobId(1),
        job_name: "test of a destination".to_owned(),
        run_id: RunId(1),
        task: None,
        outcome: None,
        message: String::new(),
        threshold_seconds: None,
    }
}

/// One line: what happened.
fn headline(notice: &Notice) -> String {
    let verb = match notice.event {
        Event::Start => "started",
        Event::Success => "succeeded",
        Event::Failure => match notice.outcome {
            Some(Outcome::Canceled) => "was canceled",
            Some(
                Outcome::Excluded
                | Outcome::UpstreamFailed
                | Outcome::UpstreamCanceled
                | Outcome::MaximumConcurrentRunsReached,
            ) => "was skipped",
            Some(Outcome::TimedOut) => "timed out",
            _ => "failed",
        },
        Event::DurationWarning => "runs longer than expected",
        Event::Test => return "Notifications of lakeflow arrive here".to_owned(),
    };
    match &notice.task {
        Some(task) => format!("Task {} of job {:?} {verb}", task.task_key, notice.job_name),
        None => format!("Job {:?} {verb}", notice.job_name),
    }
}

fn facts(notice: &Notice) -> Vec<(&'static str, String)> {
    let mut facts = vec![("Job", notice.job_id.to_string()), ("Run", notice.job_run().to_string())];
    if let Some(task) = &notice.task {
        facts.push(("Task run", notice.run_id.to_string()));
        facts.push(("Attempt", (task.attempt_number + 1).to_string()));
    }
    if let Some(seconds) = notice.threshold_seconds {
        facts.push(("Expected", format!("at most {seconds} s")));
    }
    if let Some(outcome) = &notice.outcome {
        facts.push(("Result", outcome.to_string()));
    }
    if !notice.message.is_empty() {
        facts.push(("Message", cut(&notice.message)));
    }
    if let Ok(at) = jiff::Timestamp::from_millisecond(notice.at.0) {
        facts.push(("Time", at.to_string()));
    }
    facts
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(LONGEST_MESSAGE) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// An incoming webhook of Slack: `text` for the list of messages, blocks for the message itself.
fn slack(notice: &Notice, page: &str) -> Value {
    // These three are the only characters that Slack's markup takes for its own.
    let plain = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let headline = plain(&headline(notice));
    let lines: Vec<String> =
        facts(notice).iter().map(|(name, value)| format!("*{name}:* {}", plain(value))).collect();
    json!({
        "text": headline,
        "blocks": [
            { "type": "section", "text": { "type": "mrkdwn", "text": format!("*{headline}*") } },
            { "type": "section", "text": { "type": "mrkdwn", "text": lines.join("\n") } },
            { "type": "section", "text": { "type": "mrkdwn", "text": format!("<{page}|Open the run>") } },
        ],
    })
}

/// A webhook of a Teams workflow: a message with one adaptive card.
fn teams(notice: &Notice, page: &str) -> Value {
    let facts: Vec<Value> =
        facts(notice).iter().map(|(name, value)| json!({ "title": name, "value": value })).collect();
    json!({
        "type": "message",
        "attachments": [{
            "contentType": "application/vnd.microsoft.card.adaptive",
            "content": {
                "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
                "type": "AdaptiveCard",
                "version": "1.4",
                "body": [
                    { "type": "TextBlock", "size": "Medium", "weight": "Bolder", "wrap": true, "text": headline(notice) },
                    { "type": "FactSet", "facts": facts },
                ],
                "actions": [{ "type": "Action.OpenUrl", "title": "Open the run", "url": page }],
            },
        }],
    })
}
