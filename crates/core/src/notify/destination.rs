//! Notification destinations of the workspace: how they are read, changed and shown. What is secret is taken in and never shown:
//! addresses of webhooks too, since whoever knows one may send to it.
//!
//! The reference names the objects and their endpoint alone (section 16.2). The fields are those that the official SDKs send
//! and read; `id` in a new destination and `signing_secret` are of the local engine alone.

use crate::params::format::is_email;
use crate::problem::Problem;
use crate::suggest::did_you_mean;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::fmt;

/// Addresses of an e-mail destination at most.
pub const MOST_ADDRESSES: usize = 100;
/// Characters of a name at most.
const LONGEST_NAME: usize = 255;
/// Bytes of an address or a secret at most.
const LONGEST_FIELD: usize = 4096;

/// What a destination is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum DestinationKind {
    /// Any receiver of HTTP.
    Webhook,
    /// An incoming webhook of Slack.
    Slack,
    /// A webhook of a Teams workflow.
    MicrosoftTeams,
    /// Mailboxes.
    Email,
}

impl DestinationKind {
    const ALL: [Self; 4] = [Self::Webhook, Self::Slack, Self::MicrosoftTeams, Self::Email];

    /// `destination_type` on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Webhook => "WEBHOOK",
            Self::Slack => "SLACK",
            Self::MicrosoftTeams => "MICROSOFT_TEAMS",
            Self::Email => "EMAIL",
        }
    }

    /// The member of `config` that describes it.
    fn block(self) -> &'static str {
        match self {
            Self::Webhook => "generic_webhook",
            Self::Slack => "slack",
            Self::MicrosoftTeams => "microsoft_teams",
            Self::Email => "email",
        }
    }

    /// What its block may hold, all of it secret.
    fn fields(self) -> &'static [&'static str] {
        match self {
            Self::Webhook => &["url", "username", "password", "signing_secret"],
            Self::Slack | Self::MicrosoftTeams => &["url"],
            Self::Email => &[],
        }
    }
}

/// A destination, checked.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Destination {
    /// For people.
    pub display_name: String,
    /// What it is.
    pub kind: DestinationKind,
    /// Its secrets by name, in the order of the wire.
    secrets: Vec<(String, String)>,
    /// Of an e-mail destination.
    addresses: Vec<String>,
}

/// A destination with its id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredDestination {
    /// Its id, as jobs name it.
    pub id: String,
    /// The destination.
    pub destination: Destination,
}

impl fmt::Debug for Destination {
    /// Without what is secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Destination({:?}, {})", self.display_name, self.kind.as_str())
    }
}

impl Destination {
    /// Reads a new destination, `{"display_name", "config"}`, with everything that is wrong with it. The second value is the
    /// `id` that it asks for, so that a job of a workspace finds its destinations here under the ids that it names.
    pub fn read(body: &Value) -> Result<(Self, Option<String>), Vec<Problem>> {
        let mut problems = Vec::new();
        let id = read_id(body, &mut problems);
        let name = read_name(body, &mut problems);
        if name.is_none() && problems.iter().all(|p| p.path != "display_name") {
            problems.push(Problem::error("missing_field", "", "required field `display_name` is missing"));
        }
        let config = read_config(body, None, &mut problems);
        if config.is_none() && problems.iter().all(|p| !p.path.starts_with("config")) {
            problems.push(Problem::error("missing_field", "", "required field `config` is missing"));
        }
        match (name, config) {
            (Some(display_name), Some(found)) if problems.is_empty() => {
                Ok((Self { display_name, ..found }, id))
            }
            _ => Err(problems),
        }
    }

    /// The destination after an update. What the request does not name stays as it is; a `config` of another kind replaces all.
    pub fn updated(&self, body: &Value) -> Result<Self, Vec<Problem>> {
        let mut problems = Vec::new();
        let name = read_name(body, &mut problems);
        let config = read_config(body, Some(self), &mut problems);
        if name.is_none() && config.is_none() && problems.is_empty() {
            let message = "nothing to change: neither `display_name` nor `config` is there";
            problems.push(Problem::error("missing_field", "", message));
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        let found = config.unwrap_or_else(|| self.clone());
        Ok(Self { display_name: name.unwrap_or_else(|| self.display_name.clone()), ..found })
    }

    /// One of its secrets.
    pub fn secret(&self, name: &str) -> Option<&str> {
        self.secrets.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The mailboxes of an e-mail destination.
    pub fn addresses(&self) -> &[String] {
        &self.addresses
    }

    /// The configuration as it is shown: of what is secret, whether it is set.
    pub fn shown(&self) -> Value {
        let mut block = Map::new();
        for name in self.kind.fields() {
            if self.secret(name).is_some() {
                block.insert(format!("{name}_set"), json!(true));
            }
        }
        if self.kind == DestinationKind::Email {
            block.insert("addresses".to_owned(), json!(self.addresses));
        }
        json!({ self.kind.block(): block })
    }
}

fn text<'a>(value: &'a Value, path: &str, problems: &mut Vec<Problem>) -> Option<&'a str> {
    if value.is_null() {
        return None;
    }
    let found = value.as_str();
    if found.is_none() {
        problems.push(Problem::error("wrong_type", path, "expected a string"));
    }
    found
}

fn read_id(body: &Value, problems: &mut Vec<Problem>) -> Option<String> {
    let id = text(body.get("id")?, "id", problems)?;
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if id.is_empty() || id.len() > 100 || !id.chars().all(plain) {
        let message = "an id has 1 to 100 letters, digits, `-` and `_`";
        problems.push(Problem::error("invalid_value", "id", message));
    }
    Some(id.to_owned())
}

fn read_name(body: &Value, problems: &mut Vec<Problem>) -> Option<String> {
    let name = text(body.get("display_name")?, "display_name", problems)?.trim();
    if name.is_empty() || name.chars().count() > LONGEST_NAME || name.contains(char::is_control) {
        let message = format!("a name has 1 to {LONGEST_NAME} characters in one line");
        problems.push(Problem::error("invalid_value", "display_name", message));
    }
    Some(name.to_owned())
}

/// Reads `config`. `present` is the destination that is changed.
fn read_config(
    body: &Value,
    present: Option<&Destination>,
    problems: &mut Vec<Problem>,
) -> Option<Destination> {
    let config = body.get("config").filter(|config| !config.is_null())?;
    let Some(blocks) = config.as_object() else {
        problems.push(Problem::error("wrong_type", "config", "expected an object"));
        return None;
    };
    let blocks: Vec<(&String, &Value)> = blocks.iter().filter(|(_, block)| !block.is_null()).collect();
    let [(name, block)] = blocks.as_slice() else {
        let message = format!("config has {} blocks; it must have exactly one", blocks.len());
        let hint = "a block is generic_webhook, slack, microsoft_teams or email";
        problems.push(Problem::error("several_configs", "config", message).with_hint(hint));
        return None;
    };
    let path = format!("config.{name}");
    let Some(kind) = DestinationKind::ALL.into_iter().find(|kind| kind.block() == name.as_str()) else {
        problems.push(unknown_kind(name, path));
        return None;
    };
    let Some(fields) = block.as_object() else {
        problems.push(Problem::error("wrong_type", path, "expected an object"));
        return None;
    };
    let present = present.filter(|present| present.kind == kind);
    Some(read_block(kind, fields, &path, present, problems))
}

fn unknown_kind(name: &str, path: String) -> Problem {
    if name == "pagerduty" {
        let problem = Problem::error("unsupported_destination", path, "PagerDuty is not reached from here");
        return problem.with_hint("use a generic_webhook");
    }
    let problem = Problem::error("unknown_field", path, format!("{name:?} is no kind of destination"));
    let known = DestinationKind::ALL.map(DestinationKind::block);
    match did_you_mean(name, known) {
        Some(hint) => problem.with_hint(hint),
        None => problem.with_hint(format!("kinds are {}", known.join(", "))),
    }
}

fn read_block(
    kind: DestinationKind,
    fields: &Map<String, Value>,
    path: &str,
    present: Option<&Destination>,
    problems: &mut Vec<Problem>,
) -> Destination {
    let mut secrets = Vec::new();
    for name in kind.fields() {
        let at = format!("{path}.{name}");
        let given = fields.get(*name).and_then(|value| text(value, &at, problems));
        if given.is_some_and(|value| value.len() > LONGEST_FIELD || value.contains(char::is_control)) {
            let message = format!("must be one line of at most {LONGEST_FIELD} bytes");
            problems.push(Problem::error("invalid_value", at.clone(), message));
        }
        let value = match given {
            Some(value) => Some(value).filter(|value| !value.is_empty()),
            None => present.and_then(|present| present.secret(name)),
        };
        if *name == "url" {
            problems.extend(check_url(value, &at));
        }
        secrets.extend(value.map(|value| ((*name).to_owned(), value.to_owned())));
    }
    let has = |name: &str| secrets.iter().any(|(key, _)| key == name);
    if has("password") && !has("username") {
        let message = "a password needs a `username`";
        problems.push(Problem::error("missing_field", path, message));
    }
    for name in fields.keys().filter(|name| !takes(kind, name)) {
        let message = format!("{name:?} is not used by destinations of kind {}", kind.block());
        problems.push(Problem::error("unknown_field", format!("{path}.{name}"), message));
    }
    let addresses = match (kind, fields.get("addresses")) {
        (DestinationKind::Email, None) => {
            present.map(|present| present.addresses.clone()).unwrap_or_default()
        }
        (DestinationKind::Email, Some(list)) => read_addresses(list, &format!("{path}.addresses"), problems),
        _ => Vec::new(),
    };
    if kind == DestinationKind::Email && addresses.is_empty() {
        problems.push(Problem::error(
            "missing_field",
            path,
            "required field `addresses` is missing or empty",
        ));
    }
    Destination { display_name: String::new(), kind, secrets, addresses }
}

/// `url_set` and the like come back from clients that change what they have read.
fn takes(kind: DestinationKind, name: &str) -> bool {
    let plain = name.strip_suffix("_set").unwrap_or(name);
    kind.fields().contains(&plain) || (kind == DestinationKind::Email && name == "addresses")
}

fn check_url(url: Option<&str>, path: &str) -> Option<Problem> {
    let Some(url) = url else {
        return Some(Problem::error("missing_field", path, "the address is missing"));
    };
    // The address is not repeated: it is a secret.
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    let Some(rest) = rest else {
        return Some(Problem::error(
            "invalid_value",
            path,
            "the address must begin with https:// or http://",
        ));
    };
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if host.contains('@') {
        let hint = "set `username` and `password` of a generic_webhook";
        let problem = Problem::error("invalid_value", path, "the address must not carry a user name");
        return Some(problem.with_hint(hint));
    }
    let port = host.rsplit_once(':').filter(|(_, port)| !port.ends_with(']')).map(|(_, port)| port);
    let bad_port = port.is_some_and(|port| port.parse::<u16>().is_err());
    let bad_host = host.is_empty() || host.starts_with(':') || url.contains(char::is_whitespace);
    (bad_host || bad_port)
        .then(|| Problem::error("invalid_value", path, "the address has no host that could be called"))
}

fn read_addresses(list: &Value, path: &str, problems: &mut Vec<Problem>) -> Vec<String> {
    let Some(items) = list.as_array() else {
        problems.push(Problem::error("wrong_type", path, "expected a list of e-mail addresses"));
        return Vec::new();
    };
    if items.len() > MOST_ADDRESSES {
        let message = format!("{} addresses; at most {MOST_ADDRESSES} are allowed", items.len());
        problems.push(Problem::error("too_many", path, message));
    }
    let mut addresses = Vec::new();
    for (n, item) in items.iter().enumerate() {
        let at = format!("{path}[{n}]");
        if let Some(address) = text(item, &at, problems) {
            if !is_email(address) {
                let message = format!("{address:?} is no e-mail address");
                problems.push(Problem::error("invalid_value", at, message));
            }
            addresses.push(address.to_owned());
        }
    }
    addresses
}
