//! Notifications: who is told what, destinations as they are read and shown, and when a delivery is tried.

use super::{Answer, read, write};
use crate::error::{Error, ErrorCode};
use crate::id::{JobId, RunId};
use crate::job::{NotificationSettings, Notifications, WebhookNotifications};
use crate::notify::{
    Audience, Destination, DestinationKind, Happening, Next, Notice, TaskNotice, Tries, TriesState,
    json_body, letter, recipients,
};
use crate::run::Outcome;
use crate::time::WallTime;
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// A definition's three fields, of a job or of a task.
#[derive(Deserialize)]
struct Definition {
    email_notifications: Option<Notifications>,
    webhook_notifications: Option<WebhookNotifications>,
    notification_settings: Option<NotificationSettings>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Happened {
    Started {
        #[serde(default)]
        retry: bool,
    },
    Ended {
        outcome: Outcome,
        #[serde(default)]
        retried: bool,
        #[serde(default)]
        message: String,
    },
    OverDuration {
        seconds: i64,
    },
}

#[derive(Deserialize)]
struct About {
    workspace_id: String,
    job_id: JobId,
    job_name: String,
    run_id: RunId,
    task: Option<TaskNotice>,
    #[serde(default)]
    page: String,
    #[serde(default)]
    at: WallTime,
}

#[derive(Deserialize)]
struct Told {
    definition: Definition,
    happened: Happened,
    run: About,
    /// The kinds of destinations whose bodies are wanted.
    shapes: Vec<DestinationKind>,
}

/// `{"event", "to", "bodies"}`, with the body for each kind of destination that was asked for; `null` when nobody is told.
pub(super) fn told(input: Value) -> Answer {
    let Told { definition, happened, run, shapes } = read(input)?;
    let audience = Audience {
        email: definition.email_notifications,
        webhook: definition.webhook_notifications,
        settings: definition.notification_settings,
    };
    let (happening, outcome, message, threshold_seconds) = match happened {
        Happened::Started { retry } => (Happening::Started { retry }, None, String::new(), None),
        Happened::Ended { outcome, retried, message } => {
            (Happening::Ended { outcome: outcome.clone(), retried }, Some(outcome), message, None)
        }
        Happened::OverDuration { seconds } => (Happening::OverDuration, None, String::new(), Some(seconds)),
    };
    let Some((event, to)) = recipients(&audience, &happening) else { return Ok(Value::Null) };
    let About { workspace_id, job_id, job_name, run_id, task, page, at } = run;
    let notice = Notice {
        event,
        at,
        workspace_id,
        job_id,
        job_name,
        run_id,
        task,
        outcome,
        message,
        threshold_seconds,
    };
    let body = |kind: DestinationKind| match kind {
        DestinationKind::Email => {
            let letter = letter(&notice, &page);
            json!({ "subject": letter.subject, "text": letter.text })
        }
        kind => json_body(kind, &notice, &page),
    };
    let bodies: Map<String, Value> =
        shapes.into_iter().map(|kind| (kind.as_str().to_owned(), body(kind))).collect();
    let to: Vec<String> = to.iter().map(ToString::to_string).collect();
    Ok(json!({ "event": event.event_type(), "to": to, "bodies": bodies }))
}

#[derive(Deserialize)]
struct Changed {
    create: Value,
    update: Option<Value>,
}

/// A destination after its creation and an update, as it is shown: `{"display_name", "destination_type", "config"}`, or
/// `{"problems": [{"code", "path"}]}`.
pub(super) fn destination(input: Value) -> Answer {
    let Changed { create, update } = read(input)?;
    let read = Destination::read(&create).and_then(|(found, id)| match update {
        Some(update) => Ok((found.updated(&update)?, id)),
        None => Ok((found, id)),
    });
    Ok(match read {
        Ok((found, id)) => json!({
            "id": id,
            "display_name": found.display_name,
            "destination_type": found.kind.as_str(),
            "config": found.shown(),
        }),
        Err(problems) => {
            let problems: Vec<Value> =
                problems.iter().map(|p| json!({ "code": p.code, "path": p.path })).collect();
            json!({ "problems": problems })
        }
    })
}

#[derive(Deserialize)]
struct Step {
    at: WallTime,
    #[serde(rename = "do")]
    act: String,
    /// `Retry-After` in milliseconds.
    asked: Option<i64>,
    /// How often it is done, each time when it is due; once when missing.
    times: Option<u32>,
}

#[derive(Deserialize)]
struct Course {
    created: WallTime,
    steps: Vec<Step>,
}

/// What is due after each step, `poll`, `sent`, `failed` or `again`: `"send"`, `{"wait": TIME}`, `"sent"` or `"given_up"`.
pub(super) fn tries(input: Value) -> Answer {
    let Course { created, steps } = read(input)?;
    let mut tries = Tries::new(created);
    let mut found = Vec::new();
    for Step { at, act, asked, times } in steps {
        let mut now = at;
        for n in 0..times.unwrap_or(1) {
            if n > 0 {
                now = tries.due;
            }
            match act.as_str() {
                "poll" => {}
                "sent" => tries.sent(now),
                "failed" => tries.failed(now, asked),
                "again" => tries.again(now),
                other => {
                    let message = format!("{other:?} is no step; steps are poll, sent, failed and again");
                    return Err(Error::new(ErrorCode::InvalidArgument, "call_rule", message));
                }
            }
        }
        found.push(match (tries.poll(now), tries.state) {
            (Next::Send, _) => json!("send"),
            (Next::Wait(until), _) => json!({ "wait": until }),
            (Next::Over, TriesState::Sent) => json!("sent"),
            (Next::Over, _) => json!("given_up"),
        });
    }
    write(found)
}
