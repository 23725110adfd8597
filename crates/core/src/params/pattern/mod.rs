//! `pattern` and `patternProperties`: regular expressions with the meaning of ECMA-262, in bounded time.
//!
//! What a finite automaton can do runs on `regex-lite`, in every language. Look-around, back-references and
//! Unicode properties need more: an engine of the host when the caller gives one (JavaScript's RegExp), else
//! `fancy-regex` with a limit of steps (feature `fancy`), else they are refused when the schema is compiled.

mod class;
mod ecma;
mod escape;
#[cfg(test)]
mod tests;

use super::check::Check;
use super::instance::quoted;
use ecma::{Needs, translate};

/// A regular expression engine of the host, for patterns that `regex-lite` cannot express.
pub trait PatternEngine {
    /// Compiles the pattern as it stands in the schema (ECMA-262), or says why it is not valid.
    fn compile(&self, source: &str) -> Result<Box<dyn PatternMatcher>, String>;
}

/// A pattern of a [`PatternEngine`]. It can be shared between threads; a host with one thread only keeps its
/// own object elsewhere and puts a number here.
pub trait PatternMatcher: Send + Sync {
    /// Whether the pattern is found anywhere in the text, or why that cannot be told.
    fn is_match(&self, text: &str) -> Result<bool, String>;
}

/// A pattern ready to match.
pub(crate) struct Pattern {
    source: Box<str>,
    engine: Engine,
    weight: u64,
}

enum Engine {
    Lite(regex_lite::Regex),
    #[cfg(feature = "fancy")]
    Unicode(fancy_regex::Regex),
    #[cfg(feature = "fancy")]
    Backtracking(fancy_regex::Regex),
    Host(Box<dyn PatternMatcher>),
}

impl std::fmt::Debug for Pattern {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Pattern({:?})", self.source)
    }
}

/// Whether a text is a regular expression of ECMA-262.
pub(crate) fn is_regex(source: &str) -> bool {
    translate(source).is_ok()
}

impl Pattern {
    /// Compiles a pattern, or says what is wrong with it.
    pub(crate) fn compile(source: &str, host: Option<&dyn PatternEngine>) -> Result<Self, String> {
        let translation = translate(source)?;
        let engine = match (translation.needs, host) {
            (Needs::Linear, _) => {
                Engine::Lite(regex_lite::Regex::new(&translation.text).map_err(|error| error.to_string())?)
            }
            (_, Some(host)) => Engine::Host(host.compile(source)?),
            (needs, None) => backtracking(&translation.text, needs)?,
        };
        Ok(Self { source: source.into(), engine, weight: translation.weight })
    }

    /// The pattern for a message.
    pub(crate) fn shown(&self) -> String {
        quoted(&self.source)
    }

    /// Whether it is found anywhere in the text, or why that cannot be told.
    pub(crate) fn is_match(&self, text: &str, check: &mut Check<'_>) -> Result<bool, String> {
        let length = text.len() as u64 + 1;
        let steps = match &self.engine {
            Engine::Lite(_) => length.saturating_mul(self.weight),
            #[cfg(feature = "fancy")]
            Engine::Unicode(_) => length.saturating_mul(self.weight),
            // These can go over the text again from every place in it.
            #[cfg(feature = "fancy")]
            Engine::Backtracking(_) => self.backtracked(length)?,
            Engine::Host(_) => self.backtracked(length)?,
        };
        if !check.spend(steps) {
            return Ok(false);
        }
        match &self.engine {
            Engine::Lite(regex) => Ok(regex.is_match(text)),
            #[cfg(feature = "fancy")]
            Engine::Unicode(regex) | Engine::Backtracking(regex) => regex
                .is_match(text)
                .map_err(|_| format!("{} takes too many steps to match {}", self.shown(), quoted(text))),
            Engine::Host(matcher) => matcher.is_match(text),
        }
    }

    fn backtracked(&self, length: u64) -> Result<u64, String> {
        use super::limits::MAX_BACKTRACKED_TEXT;
        if length > MAX_BACKTRACKED_TEXT as u64 + 1 {
            let (pattern, bytes) = (self.shown(), length - 1);
            return Err(format!(
                "a text of {bytes} bytes is too long for the pattern {pattern} with look-around or back-references, the limit is {MAX_BACKTRACKED_TEXT}"
            ));
        }
        Ok(length * length / 16 + length * self.weight)
    }
}

#[cfg(feature = "fancy")]
fn backtracking(text: &str, needs: Needs) -> Result<Engine, String> {
    let regex = fancy_regex::RegexBuilder::new(text)
        .backtrack_limit(super::limits::MAX_BACKTRACKS)
        .delegate_size_limit(1 << 22)
        .delegate_dfa_size_limit(1 << 20)
        .build()
        .map_err(|error| error.to_string())?;
    Ok(if needs == Needs::Unicode { Engine::Unicode(regex) } else { Engine::Backtracking(regex) })
}

#[cfg(not(feature = "fancy"))]
fn backtracking(_: &str, needs: Needs) -> Result<Engine, String> {
    Err(match needs {
        Needs::Unicode => "this build has no tables for Unicode properties".to_owned(),
        _ => "this build has no engine for look-around and back-references".to_owned(),
    })
}
