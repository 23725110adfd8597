//! Which event something that happened is, and who wants to know of it (reference sections 16.1, 16.2 and 16.4).

use crate::job::{NotificationSettings, Notifications, Task, WebhookNotifications};
use crate::run::Outcome;
use serde::{Deserialize, Serialize};
use std::fmt;

/// An event that can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// `on_start`
    Start,
    /// `on_success`
    Success,
    /// `on_failure`
    Failure,
    /// `on_duration_warning_threshold_exceeded`
    DurationWarning,
    /// A destination is tried out.
    Test,
}

impl Event {
    /// `event_type` of the payload (reference section 16.3).
    pub fn event_type(self) -> &'static str {
        match self {
            Self::Start => "jobs.on_start",
            Self::Success => "jobs.on_success",
            Self::Failure => "jobs.on_failure",
            Self::DurationWarning => "jobs.on_duration_warning_threshold_exceeded",
            Self::Test => "jobs.test",
        }
    }
}

/// What happened to a job run or a task run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Happening {
    /// It began.
    Started {
        /// An attempt after the first.
        retry: bool,
    },
    /// It is over.
    Ended {
        /// How.
        outcome: Outcome,
        /// Another attempt follows.
        retried: bool,
    },
    /// It runs for longer than a health rule allows.
    OverDuration,
}

/// What a definition says about who is told: of a job, or of one task.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Audience {
    /// Addresses by event.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<Notifications>,
    /// Destinations by event.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub webhook: Option<WebhookNotifications>,
    /// What is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub settings: Option<NotificationSettings>,
}

impl Audience {
    /// That of one task. Mute flags of the job do not apply to it (reference section 16.1).
    pub fn of_task(task: &Task) -> Self {
        Self {
            email: task.email_notifications.clone(),
            webhook: task.webhook_notifications.clone(),
            settings: task.notification_settings.clone(),
        }
    }

    /// True when nobody is ever told.
    pub fn is_empty(&self) -> bool {
        self.email.is_none() && self.webhook.is_none()
    }

    fn on(&self, flag: impl Fn(&NotificationSettings) -> Option<bool>) -> bool {
        self.settings.as_ref().and_then(flag) == Some(true)
    }
}

/// Who is told.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Recipient {
    /// A notification destination, by its id.
    Destination(String),
    /// An e-mail address.
    Email(String),
}

impl fmt::Display for Recipient {
    /// `destination:ID` or `email:ADDRESS`; [`Recipient::parse`] reads it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Destination(id) => write!(f, "destination:{id}"),
            Self::Email(address) => write!(f, "email:{address}"),
        }
    }
}

impl Recipient {
    /// Reads what `Display` writes.
    pub fn parse(text: &str) -> Option<Self> {
        match text.split_once(':')? {
            ("destination", id) => Some(Self::Destination(id.to_owned())),
            ("email", address) => Some(Self::Email(address.to_owned())),
            _ => None,
        }
    }
}

/// How an end counts for those who are told of failures.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ending {
    Well,
    Badly,
    Canceled,
    Skipped,
    /// Nobody is told.
    Unsaid,
}

fn ending(outcome: &Outcome) -> Ending {
    match outcome {
        Outcome::Success | Outcome::SuccessWithFailures => Ending::Well,
        Outcome::Canceled => Ending::Canceled,
        Outcome::Excluded
        | Outcome::UpstreamFailed
        | Outcome::UpstreamCanceled
        | Outcome::MaximumConcurrentRunsReached => Ending::Skipped,
        Outcome::Disabled => Ending::Unsaid,
        Outcome::Failed | Outcome::TimedOut | Outcome::Other(_) => Ending::Badly,
    }
}

/// Who is told of what happened, and as which event; each only once. Destinations come before addresses, both in the order of
/// the definition.
pub fn recipients(audience: &Audience, happening: &Happening) -> Option<(Event, Vec<Recipient>)> {
    if audience.is_empty() {
        return None;
    }
    let last_only = audience.on(|settings| settings.alert_on_last_attempt);
    let skips_muted = audience.on(|settings| settings.no_alert_for_skipped_runs);
    let mut mails_muted = false;
    let event = match happening {
        Happening::Started { retry: true } | Happening::Ended { retried: true, .. } if last_only => {
            return None;
        }
        Happening::Started { .. } => Event::Start,
        Happening::OverDuration => Event::DurationWarning,
        Happening::Ended { outcome, .. } => match ending(outcome) {
            Ending::Well => Event::Success,
            Ending::Canceled if audience.on(|settings| settings.no_alert_for_canceled_runs) => return None,
            Ending::Badly | Ending::Canceled => Event::Failure,
            Ending::Skipped if skips_muted => return None,
            Ending::Skipped => {
                let flag = audience.email.as_ref().and_then(|email| email.no_alert_for_skipped_runs);
                mails_muted = flag == Some(true);
                Event::Failure
            }
            Ending::Unsaid => return None,
        },
    };
    let mut found: Vec<Recipient> = Vec::new();
    let mut add = |recipient: Recipient| {
        if !found.contains(&recipient) {
            found.push(recipient);
        }
    };
    let hooks = audience.webhook.as_ref().and_then(|hooks| match event {
        Event::Start => Some(&hooks.on_start),
        Event::Success => Some(&hooks.on_success),
        Event::Failure => Some(&hooks.on_failure),
        Event::DurationWarning => Some(&hooks.on_duration_warning_threshold_exceeded),
        Event::Test => None,
    });
    hooks.into_iter().flatten().for_each(|hook| add(Recipient::Destination(hook.id.clone())));
    let mails = audience.email.as_ref().filter(|_| !mails_muted).and_then(|mails| match event {
        Event::Start => Some(&mails.on_start),
        Event::Success => Some(&mails.on_success),
        Event::Failure => Some(&mails.on_failure),
        Event::DurationWarning => Some(&mails.on_duration_warning_threshold_exceeded),
        Event::Test => None,
    });
    mails.into_iter().flatten().for_each(|address| add(Recipient::Email(address.clone())));
    (!found.is_empty()).then_some((event, found))
}
