//! What goes wrong between the hub and the workspace: every fault of the baseline (peers section 4(e)), before and after
//! the effect.

use crate::random::Random;
use lakeflow_core::api::fault::{TransportFault, transport};
use lakeflow_core::api::{Request, Response};
use lakeflow_core::error::Error;

/// What happens to one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// An answer with this status instead of the real one.
    Status(u16),
    /// 429 or 503 with `Retry-After` in seconds.
    RetryAfter(u16, u64),
    /// 429 with `Retry-After` as a date.
    RetryDate,
    /// 429 without.
    Throttled,
    /// A status with a page of HTML.
    Html(u16),
    /// 500 whose message the official clients try again on.
    Unexpected,
    /// The connection breaks.
    Reset,
    /// No connection comes about.
    Connect,
    /// No answer within the driver's limit.
    Silence,
    /// The answer breaks off.
    Truncated,
    /// The answer is no JSON.
    Garbage,
    /// The request arrives twice.
    Duplicated,
    /// The answer is handed over twice.
    Echo,
}

const BEFORE: &[Fault] = &[
    Fault::Status(500),
    Fault::Status(503),
    Fault::Status(504),
    Fault::Status(401),
    Fault::Status(403),
    Fault::RetryAfter(429, 3),
    Fault::RetryAfter(503, 2),
    Fault::RetryAfter(429, 30),
    Fault::RetryDate,
    Fault::Throttled,
    Fault::Html(502),
    Fault::Unexpected,
    Fault::Reset,
    Fault::Connect,
    Fault::Silence,
];

const AFTER: &[Fault] = &[
    Fault::Status(500),
    Fault::Status(503),
    Fault::Html(502),
    Fault::Unexpected,
    Fault::Reset,
    Fault::Silence,
    Fault::Truncated,
    Fault::Garbage,
    Fault::Duplicated,
    Fault::Echo,
];

/// A fault, and whether it comes after the effect.
pub(crate) fn draw(random: &mut Random) -> (Fault, bool) {
    let after = random.chance(500);
    (*random.pick(if after { AFTER } else { BEFORE }), after)
}

impl Fault {
    /// What the driver hands to the hub; `real` is the workspace's own answer, if it got that far.
    pub(crate) fn play(
        self,
        request: &Request,
        real: Option<Response>,
        wall: i64,
    ) -> Result<Response, Error> {
        let broken = |kind| Err(transport(request.operation, kind, "it broke"));
        let json = |status, message: &str, headers| {
            let body = format!("{{\"error_code\":\"X\",\"message\":\"{message}\"}}").into_bytes();
            Ok(Response { status, headers, body })
        };
        let header = |value: String| vec![("Retry-After".to_owned(), value)];
        match self {
            Self::Status(status) => json(status, "it did not work", Vec::new()),
            Self::RetryAfter(status, seconds) => json(status, "later", header(seconds.to_string())),
            Self::RetryDate => json(429, "later", header(date(wall + 4000))),
            Self::Throttled => json(429, "later", Vec::new()),
            Self::Html(status) => {
                Ok(Response { status, headers: Vec::new(), body: b"<html>oops</html>".to_vec() })
            }
            Self::Unexpected => json(500, "Unexpected error", Vec::new()),
            Self::Reset => broken(TransportFault::Broken),
            Self::Connect => broken(TransportFault::Connect),
            Self::Silence => broken(TransportFault::Timeout),
            Self::Truncated => {
                let mut real = real.unwrap_or_default();
                real.body.truncate(real.body.len() / 2);
                Ok(real)
            }
            Self::Garbage => Ok(Response { body: b"\x00nonsense".to_vec(), ..real.unwrap_or_default() }),
            Self::Duplicated | Self::Echo => Ok(real.unwrap_or_default()),
        }
    }
}

/// An HTTP date of a wall time in milliseconds.
fn date(ms: i64) -> String {
    let days = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let (day, second) = (ms.div_euclid(86_400_000), ms.rem_euclid(86_400_000) / 1000);
    // Howard Hinnant's days-to-civil.
    let z = day + 719_468;
    let era = z.div_euclid(146_097);
    let of_era = z.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * of_year + 2) / 153;
    let of_month = of_year - (153 * month + 2) / 5 + 1;
    let number = if month < 10 { month + 3 } else { month - 9 };
    let year = year_of_era + era * 400 + i64::from(number <= 2);
    format!(
        "{}, {of_month:02} {} {year} {:02}:{:02}:{:02} GMT",
        days[day.rem_euclid(7) as usize],
        months[number as usize - 1],
        second / 3600,
        second / 60 % 60,
        second % 60
    )
}
