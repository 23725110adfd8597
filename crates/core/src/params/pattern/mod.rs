//! `pattern` and `patternProperties`: regular expressions with the meaning of ECMA-262, in bounded time.
//!
//! With the feature `quick` what a finite automaton can do runs on `regex-lite`; look-around, back-references and Unicode
//! properties need more and run on `fancy-regex` with a limit of steps. Without it, in the browser, all of it runs on a
//! small engine of our own ([`steps`]), which asks the host about Unicode properties. The tests hold the two to each other.

mod class;
mod ecma;
mod escape;
#[cfg(any(test, not(feature = "quick")))]
mod program;
#[cfg(any(test, not(feature = "quick")))]
mod steps;
#[cfg(test)]
mod tests;
#[cfg(any(test, feature = "quick"))]
mod text;

use super::check::Check;
use super::instance::ShownText;
use ecma::{Needs, Translation, translate};

/// A pattern ready to match.
pub(crate) struct Pattern {
    source: Box<str>,
    engine: Engine,
    weight: u64,
}

enum Engine {
    #[cfg(feature = "quick")]
    Lite(regex_lite::Regex),
    #[cfg(feature = "quick")]
    Unicode(fancy_regex::Regex),
    #[cfg(feature = "quick")]
    Backtracking(fancy_regex::Regex),
    #[cfg(not(feature = "quick"))]
    Small(program::Program, Needs),
}

impl std::fmt::Debug for Pattern {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Pattern({:?})", self.source)
    }
}

/// Whether a text is a regular expression of ECMA-262.
pub(crate) fn is_regex(source: &str) -> bool {
    translate::<Form>(source).is_ok()
}

impl Pattern {
    /// Compiles a pattern, or says what is wrong with it.
    pub(crate) fn compile(source: &str) -> Result<Self, String> {
        let Translation { sink, needs, weight } = translate::<Form>(source)?;
        Ok(Self { source: source.into(), engine: engine(sink, needs)?, weight })
    }

    /// The pattern for a message.
    pub(crate) fn shown(&self) -> ShownText<'_> {
        ShownText(&self.source)
    }

    /// Whether it is found anywhere in the text, or why that cannot be told.
    pub(crate) fn is_match(&self, text: &str, check: &mut Check<'_>) -> Result<bool, String> {
        let length = text.len() as u64 + 1;
        let steps = match &self.engine {
            #[cfg(feature = "quick")]
            Engine::Lite(_) | Engine::Unicode(_) => length * self.weight,
            // This can go over the text again from every place in it.
            #[cfg(feature = "quick")]
            Engine::Backtracking(_) => self.backtracked(length)?,
            #[cfg(not(feature = "quick"))]
            Engine::Small(_, Needs::Backtracking) => self.backtracked(length)?,
            #[cfg(not(feature = "quick"))]
            Engine::Small(..) => length * self.weight,
        };
        if !check.spend(steps) {
            return Ok(false);
        }
        match &self.engine {
            #[cfg(feature = "quick")]
            Engine::Lite(regex) => Ok(regex.is_match(text)),
            #[cfg(feature = "quick")]
            Engine::Unicode(regex) | Engine::Backtracking(regex) => {
                regex.is_match(text).map_err(|_| self.too_many_steps(text))
            }
            #[cfg(not(feature = "quick"))]
            Engine::Small(program, _) => {
                steps::is_match(program, text).map_err(|_| self.too_many_steps(text))
            }
        }
    }

    fn too_many_steps(&self, text: &str) -> String {
        format!("{} takes too many steps to match {}", self.shown(), ShownText(text))
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

/// What a pattern is read into.
#[cfg(not(feature = "quick"))]
type Form = program::Parts;

#[cfg(not(feature = "quick"))]
fn engine(parts: Form, needs: Needs) -> Result<Engine, String> {
    Ok(Engine::Small(program::Program::compile(parts)?, needs))
}

/// What a pattern is read into.
#[cfg(feature = "quick")]
type Form = text::Text;

#[cfg(feature = "quick")]
fn engine(text: Form, needs: Needs) -> Result<Engine, String> {
    let text = &text.0;
    if needs == Needs::Linear {
        return regex_lite::Regex::new(text).map(Engine::Lite).map_err(|error| error.to_string());
    }
    let regex = fancy_regex::RegexBuilder::new(text)
        .backtrack_limit(super::limits::MAX_BACKTRACKS)
        .delegate_size_limit(1 << 22)
        .delegate_dfa_size_limit(1 << 20)
        .build()
        .map_err(|error| error.to_string())?;
    Ok(if needs == Needs::Unicode { Engine::Unicode(regex) } else { Engine::Backtracking(regex) })
}
