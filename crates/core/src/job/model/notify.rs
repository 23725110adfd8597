//! Who is told what about runs (reference section 16), as it is written.

use crate::job::wire::wire_struct;

wire_struct! {
    /// E-mail addresses by event.
    pub struct Notifications {
        /// The run began.
        pub on_start: Vec<String>,
        /// It succeeded, some failures included.
        pub on_success: Vec<String>,
        /// It did not succeed.
        pub on_failure: Vec<String>,
        /// A duration rule was exceeded.
        pub on_duration_warning_threshold_exceeded: Vec<String>,
        /// A streaming rule was exceeded.
        pub on_streaming_backlog_exceeded: Vec<String>,
        /// Deprecated.
        pub no_alert_for_skipped_runs: Option<bool>,
    }
}

wire_struct! {
    /// A notification destination of the workspace.
    pub struct Webhook {
        /// Its id.
        pub id: String,
    }
}

wire_struct! {
    /// Destinations by event, at most 3 each.
    pub struct WebhookNotifications {
        /// The run began.
        pub on_start: Vec<Webhook>,
        /// It succeeded, some failures included.
        pub on_success: Vec<Webhook>,
        /// It did not succeed.
        pub on_failure: Vec<Webhook>,
        /// A duration rule was exceeded.
        pub on_duration_warning_threshold_exceeded: Vec<Webhook>,
        /// A streaming rule was exceeded.
        pub on_streaming_backlog_exceeded: Vec<Webhook>,
    }
}

wire_struct! {
    /// One health rule.
    pub struct HealthRule {
        /// What is measured, for example `RUN_DURATION_SECONDS`.
        pub metric: String,
        /// Always `GREATER_THAN`.
        pub op: String,
        /// The threshold.
        pub value: i64,
    }
}

wire_struct! {
    /// Rules that send warnings and stop nothing (reference section 16.5).
    pub struct Health {
        /// The rules.
        pub rules: Vec<HealthRule>,
    }
}

impl Health {
    /// Seconds that a run may take before those who asked are warned: the smallest of its `RUN_DURATION_SECONDS` rules.
    pub fn duration_threshold(&self) -> Option<i64> {
        let rules = self.rules.iter().filter(|rule| rule.metric == "RUN_DURATION_SECONDS");
        rules.filter(|rule| rule.op == "GREATER_THAN").map(|rule| rule.value.max(0)).min()
    }
}
