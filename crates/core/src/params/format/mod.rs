//! `format`: the formats of JSON Schema 2020-12 (validation, section 7.3).

mod net;
mod pointer;
mod resource;
mod time;

use super::pattern::is_regex;
use crate::suggest::Nearest;

/// A format that is checked.
#[derive(Clone, Copy)]
pub(crate) struct Format(&'static Entry);

/// A format's name and its check.
type Entry = (&'static str, fn(&str) -> bool);

impl std::fmt::Debug for Format {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Format({})", self.name())
    }
}

static FORMATS: &[Entry] = &[
    ("date", time::is_date),
    ("time", time::is_time),
    ("date-time", time::is_date_time),
    ("duration", time::is_duration),
    ("email", net::is_email),
    ("idn-email", net::is_idn_email),
    ("hostname", net::is_hostname),
    ("ipv4", net::is_ipv4),
    ("ipv6", net::is_ipv6),
    ("uri", resource::is_uri),
    ("uri-reference", resource::is_uri_reference),
    ("iri", resource::is_iri),
    ("iri-reference", resource::is_iri_reference),
    ("uri-template", resource::is_uri_template),
    ("uuid", pointer::is_uuid),
    ("json-pointer", pointer::is_json_pointer),
    ("relative-json-pointer", pointer::is_relative_json_pointer),
    ("regex", is_regex),
];

#[cfg(feature = "whole")]
/// Whether a text is an e-mail address, by the rule of `format: email`.
pub(crate) fn is_email(text: &str) -> bool {
    net::is_email(text)
}

impl Format {
    /// A format of the standard that is not checked: it asks for the tables of IDNA 2008.
    pub(crate) const UNCHECKED: &'static str = "idn-hostname";

    pub(crate) fn find(name: &str) -> Option<Self> {
        FORMATS.iter().find(|(known, _)| *known == name).map(Self)
    }

    /// The format that was meant by a name that is none.
    pub(crate) fn nearest(name: &str) -> Option<String> {
        let mut nearest = Nearest::to(name);
        for (known, _) in FORMATS {
            nearest.consider(known);
        }
        nearest.hint()
    }

    pub(crate) fn name(self) -> &'static str {
        self.0.0
    }

    pub(crate) fn is_valid(self, text: &str) -> bool {
        (self.0.1)(text)
    }
}
