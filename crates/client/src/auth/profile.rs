//! The profile file `~/.databrickscfg`: an ini file with one section a profile.

use lakeflow_core::error::{Error, ErrorCode};
use std::collections::BTreeMap;

/// The profiles of a file, by name; `DEFAULT` is the one without a name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Profiles(BTreeMap<String, BTreeMap<String, String>>);

impl Profiles {
    /// Reads the text of a profile file. Comments begin with `#` or `;`; keys are compared in lower case.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let mut profiles: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
        let mut section = "DEFAULT".to_owned();
        for (n, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with(['#', ';']) {
                continue;
            }
            if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
                name.trim().clone_into(&mut section);
                profiles.entry(section.clone()).or_default();
            } else if let Some((key, value)) = line.split_once('=') {
                let keys = profiles.entry(section.clone()).or_default();
                keys.insert(key.trim().to_lowercase(), value.trim().to_owned());
            } else {
                // The line is not shown: it may hold part of a token.
                let message =
                    format!("line {} of the profile file is neither `[name]` nor `key = value`", n + 1);
                return Err(Error::new(ErrorCode::Malformed, "configure", message));
            }
        }
        Ok(Self(profiles))
    }

    /// The keys of a profile.
    pub fn get(&self, name: &str) -> Option<&BTreeMap<String, String>> {
        self.0.get(name)
    }

    /// The names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_sections_keys_and_comments() {
        let text = "; top\n[DEFAULT]\nhost = https://a\nToken=x=y\n\n[dev]\n# none\nhost=https://b\n";
        let profiles = Profiles::parse(text).unwrap();
        assert_eq!(profiles.names().collect::<Vec<_>>(), ["DEFAULT", "dev"]);
        assert_eq!(profiles.get("DEFAULT").unwrap()["token"], "x=y");
        assert_eq!(profiles.get("dev").unwrap()["host"], "https://b");
    }

    #[test]
    fn a_line_that_is_neither_is_named_by_number_alone() {
        let error = Profiles::parse("[a]\ndapi-secret").unwrap_err();
        assert!(error.message.contains("line 2"), "{error}");
        assert!(!error.message.contains("secret"), "{error}");
    }
}
