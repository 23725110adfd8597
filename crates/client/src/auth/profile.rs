//! The profile file `~/.databrickscfg`: an ini file with one section a profile.

use super::Settings;
use lakeflow_core::error::{Error, ErrorCode};
use std::collections::BTreeMap;
use std::path::PathBuf;
use url::Url;

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

    /// Reads the file that `DATABRICKS_CONFIG_FILE` names, else `~/.databrickscfg`; a file that is not there has no profiles.
    pub fn load(variable: impl Fn(&str) -> Option<String>) -> Result<Self, Error> {
        let named = variable("DATABRICKS_CONFIG_FILE").filter(|path| !path.is_empty()).map(PathBuf::from);
        let Some(path) = named.or_else(|| Some(std::env::home_dir()?.join(".databrickscfg"))) else {
            return Ok(Self::default());
        };
        match std::fs::read_to_string(&path) {
            Ok(text) => Self::parse(&text),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(e) => {
                let message = format!("the profile file {} cannot be read: {e}", path.display());
                Err(Error::new(ErrorCode::Storage, "configure", message))
            }
        }
    }

    /// The one profile for a host; `None` when there is none, or several.
    pub(crate) fn only_for(&self, host: &Url) -> Option<&BTreeMap<String, String>> {
        let same = |profile: &&BTreeMap<String, String>| {
            let settings = Settings { host: profile.get("host").cloned(), ..Settings::default() };
            settings.host_url().is_ok_and(|url| url == *host)
        };
        let mut found = self.0.values().filter(same);
        found.next().filter(|_| found.next().is_none())
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
