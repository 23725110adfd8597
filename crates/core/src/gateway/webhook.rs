//! Notifications of the platform that a run started or ended (reference section 16.3): which runs they are about, and
//! whether the sender may be believed.

use super::http::{Incoming, Refusal};
use crate::error::ErrorCode;
use crate::id::{JobId, RunId};
use serde_json::{Map, Value};
use std::fmt;

/// What a sender has to know. A notification only makes waits poll at once, so the worst that a wrong one does is a call.
#[derive(Clone, PartialEq, Eq)]
pub enum WebhookSecret {
    /// User name and password of basic authentication, as a destination of the platform has them.
    Basic {
        /// Name.
        username: String,
        /// Password.
        password: String,
    },
    /// `Authorization: Bearer …`. Destinations of the platform can send basic authentication alone, so that the token is also
    /// taken as its password, under any user name.
    Bearer(String),
}

impl fmt::Debug for WebhookSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

impl WebhookSecret {
    /// What a sender without it is asked for.
    fn challenge(&self) -> &'static str {
        match self {
            Self::Basic { .. } => "Basic realm=\"webhook\", charset=\"UTF-8\"",
            Self::Bearer(_) => "Bearer realm=\"webhook\", Basic realm=\"webhook\", charset=\"UTF-8\"",
        }
    }

    /// Whether the value of the header is right.
    fn accepts(&self, given: &str) -> bool {
        match self {
            Self::Basic { username, password } => {
                let pair = format!("{username}:{password}");
                let given = of_scheme(given, "Basic").unwrap_or_default();
                same(given.as_bytes(), base64(pair.as_bytes()).as_bytes())
            }
            Self::Bearer(token) => {
                let pair = of_scheme(given, "Basic").and_then(unbase64);
                let password = pair.as_ref().and_then(|pair| {
                    let colon = pair.iter().position(|byte| *byte == b':')?;
                    pair.get(colon + 1..)
                });
                let bearer = of_scheme(given, "Bearer").map(str::as_bytes);
                bearer.or(password).is_some_and(|given| same(given, token.as_bytes()))
            }
        }
    }
}

/// The runs that a notification is about, the job run first.
pub(super) fn read(
    incoming: &Incoming,
    secret: Option<&WebhookSecret>,
) -> Result<(JobId, Vec<RunId>), Refusal> {
    let Some(secret) = secret else {
        return Err(Refusal::new(404, ErrorCode::NotFound, "Not Found"));
    };
    let given = incoming.header("authorization").unwrap_or_default();
    if !secret.accepts(given) {
        let refusal = Refusal::new(401, ErrorCode::Unauthenticated, "Unauthorized");
        return Err(Refusal { challenge: Some(secret.challenge()), ..refusal });
    }
    let body = incoming.json()?;
    let about = |name: &str| body.get(name).and_then(Value::as_object);
    let runs: Vec<RunId> = about("run")
        .into_iter()
        .flat_map(|run| ["parent_run_id", "run_id"].into_iter().filter_map(|name| id(run, name)).map(RunId))
        .collect();
    match (about("job").and_then(|job| id(job, "job_id")), runs.is_empty()) {
        (Some(job), false) => Ok((JobId(job), runs)),
        _ => Err(Refusal::invalid("The notification names no job (job.job_id) or no run (run.run_id)")),
    }
}

/// An id as a number or as text.
fn id(fields: &Map<String, Value>, name: &str) -> Option<i64> {
    let value = fields.get(name)?;
    value.as_i64().or_else(|| value.as_str().and_then(super::registry::parse_id)).filter(|id| *id > 0)
}

/// What follows the name of a scheme, which may be in any case (RFC 9110, section 11.1).
fn of_scheme<'a>(given: &'a str, name: &str) -> Option<&'a str> {
    let (scheme, rest) = given.split_once(' ')?;
    scheme.eq_ignore_ascii_case(name).then_some(rest)
}

/// Compares without telling by the time it takes where two texts differ.
fn same(a: &[u8], b: &[u8]) -> bool {
    let differing = a.iter().zip(b).fold(0, |found, (a, b)| found | (a ^ b));
    a.len() == b.len() && differing == 0
}

const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// The bytes that RFC 4648, section 4, writes so; `None` for other text.
fn unbase64(text: &str) -> Option<Vec<u8>> {
    let text = text.trim_end_matches('=');
    let mut bytes = Vec::with_capacity(text.len() * 3 / 4);
    let (mut group, mut bits) = (0_u32, 0);
    for byte in text.bytes() {
        group = (group << 6) | LETTERS.iter().position(|letter| *letter == byte)? as u32;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push((group >> bits) as u8);
            group &= (1 << bits) - 1;
        }
    }
    Some(bytes)
}

/// RFC 4648, section 4.
fn base64(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let group = chunk.iter().fold(0_u32, |group, byte| (group << 8) | u32::from(*byte));
        let group = group << (8 * (3 - chunk.len()));
        for n in 0..4 {
            let letter = LETTERS[((group >> (18 - 6 * n)) & 63) as usize];
            text.push(if n <= chunk.len() { char::from(letter) } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_sender_is_told_what_is_asked_for() {
        let basic = WebhookSecret::Basic { username: "hook".to_owned(), password: "s".to_owned() };
        for (secret, schemes) in
            [(basic, vec!["Basic"]), (WebhookSecret::Bearer("t".to_owned()), vec!["Bearer", "Basic"])]
        {
            let refusal = read(&Incoming::default(), Some(&secret)).expect_err("nothing was given");
            let reply = refusal.reply("jobs");
            assert_eq!(reply.status, 401);
            let (name, challenge) = reply.headers.first().expect("a challenge");
            assert_eq!(*name, "www-authenticate");
            let named: Vec<&str> = challenge
                .split(", ")
                .filter_map(|part| part.split_once(" realm="))
                .map(|(name, _)| name)
                .collect();
            assert_eq!(named, schemes, "{challenge}");
        }
    }

    #[test]
    fn base64_is_that_of_the_standard() {
        let known = [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("foobar", "Zm9vYmFy"),
        ];
        assert_eq!(unbase64("Zm9v YmFy"), None);
        for (text, encoded) in known {
            assert_eq!(base64(text.as_bytes()), encoded);
            assert_eq!(unbase64(encoded).as_deref(), Some(text.as_bytes()));
        }
    }
}
