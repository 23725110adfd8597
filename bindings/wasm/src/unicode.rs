//! Unicode properties of patterns, of which JavaScript has the tables: RegExp is asked about one character at a time, which is
//! quick whatever the pattern is.

use lakeflow_core::params::{PatternEngine, PatternMatcher};
use std::cell::RefCell;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen]
extern "C" {
    type RegExp;
    #[wasm_bindgen(constructor, catch)]
    fn new(source: &str, flags: &str) -> Result<RegExp, JsValue>;
    #[wasm_bindgen(method)]
    fn test(this: &RegExp, text: &str) -> bool;
}

thread_local! {
    /// The expressions by number: objects of JavaScript cannot be shared between threads, of which there is one. Each
    /// property is kept once and for good; there are some hundreds.
    static KNOWN: RefCell<Vec<(String, RegExp)>> = const { RefCell::new(Vec::new()) };
}

/// JavaScript's RegExp.
pub(crate) struct Host;

impl PatternEngine for Host {
    fn compile(&self, source: &str) -> Result<Box<dyn PatternMatcher>, String> {
        let known = KNOWN.with_borrow(|known| known.iter().position(|(name, _)| name == source));
        if let Some(number) = known {
            return Ok(Box::new(Property(number)));
        }
        let regex = RegExp::new(source, "u").map_err(|_| format!("{source} is not a property of Unicode"))?;
        KNOWN.with_borrow_mut(|known| {
            known.push((source.to_owned(), regex));
            Ok(Box::new(Property(known.len() - 1)) as Box<dyn PatternMatcher>)
        })
    }
}

struct Property(usize);

impl PatternMatcher for Property {
    fn is_match(&self, text: &str) -> Result<bool, String> {
        Ok(KNOWN.with_borrow(|known| known.get(self.0).is_some_and(|(_, regex)| regex.test(text))))
    }
}
