//! What the core asks of its host: JavaScript's decimals, and its tables of Unicode. RegExp is asked about one character at a
//! time, which is quick whatever the pattern is.

use lakeflow_core::host::{self, Host};
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

    #[wasm_bindgen(js_name = Number)]
    fn number(text: &str) -> f64;
    #[wasm_bindgen(js_name = String)]
    fn decimal(value: f64) -> String;
}

thread_local! {
    /// The expressions by number, each kept once and for good; there are some hundreds of properties.
    static KNOWN: RefCell<Vec<(String, RegExp)>> = const { RefCell::new(Vec::new()) };
}

#[wasm_bindgen(start)]
fn start() {
    host::set(Host { number, decimal, property, has_property });
}

fn property(source: &str) -> Option<usize> {
    KNOWN.with_borrow_mut(|known| {
        for (number, (name, _)) in known.iter().enumerate() {
            if name == source {
                return Some(number);
            }
        }
        let regex = RegExp::new(source, "u").ok()?;
        known.push((source.to_owned(), regex));
        Some(known.len() - 1)
    })
}

fn has_property(number: usize, c: char) -> bool {
    KNOWN.with_borrow(|known| {
        known.get(number).is_some_and(|(_, regex)| regex.test(c.encode_utf8(&mut [0; 4])))
    })
}
