//! The door of the modules that a page loads: numbers, and places of texts in memory. `node/src/web/wasm/door.ts` is its other side
//! and the only one that calls it; wasm-bindgen's door weighs 2 kB more.
#![expect(unsafe_code, reason = "texts and schemas come and go as addresses")]

use crate::region::Chunk;
use crate::region::page::{give, keep};
use crate::rules::{self as told, Told};
use crate::schema;
use lakeflow_core::door;
use lakeflow_core::host::{self, Host};
use lakeflow_core::params::ParamSchema;
use std::mem::ManuallyDrop;

// The name of the module, so that one is not taken for the other.
#[cfg_attr(feature = "full", link(wasm_import_module = "full"))]
#[cfg_attr(not(feature = "full"), link(wasm_import_module = "params"))]
unsafe extern "C" {
    /// Takes the text of an answer; it is read before this returns.
    #[link_name = "tell"]
    fn host_tell(text: *const u8, bytes: usize);
    /// The double nearest to a number of JSON.
    #[link_name = "number"]
    fn host_number(text: *const u8, bytes: usize) -> f64;
    /// Writes a decimal of JavaScript into at least [`DECIMAL`] bytes; returns how many it has.
    #[link_name = "decimal"]
    fn host_decimal(value: f64, into: *mut u8) -> usize;
    /// The number of a property of Unicode, or -1.
    #[link_name = "property"]
    fn host_property(source: *const u8, bytes: usize) -> i32;
    /// Whether a character has the property with this number.
    #[link_name = "has"]
    fn host_has(number: usize, c: u32) -> u32;
}

/// The longest decimal of JavaScript has 25 characters.
const DECIMAL: usize = 32;

fn number(text: &str) -> f64 {
    // SAFETY: the host reads so many bytes there and keeps nothing, here and below.
    unsafe { host_number(text.as_ptr(), text.len()) }
}

fn decimal(value: f64) -> String {
    let mut bytes = Vec::with_capacity(DECIMAL);
    // SAFETY: the host writes as many bytes of ASCII as it says, which fit.
    unsafe {
        let length = host_decimal(value, bytes.as_mut_ptr());
        bytes.set_len(length);
        String::from_utf8_unchecked(bytes)
    }
}

fn property(source: &str) -> Option<usize> {
    // SAFETY: as above.
    let number = unsafe { host_property(source.as_ptr(), source.len()) };
    usize::try_from(number).ok()
}

fn has_property(number: usize, c: char) -> bool {
    // SAFETY: numbers alone.
    unsafe { host_has(number, c.into()) != 0 }
}

/// To be called once, before anything else.
#[unsafe(no_mangle)]
extern "C" fn start() {
    host::set(Host { number, decimal, property, has_property });
}

/// Room for the text of a call.
#[unsafe(no_mangle)]
extern "C" fn room(bytes: usize) -> *mut u8 {
    ManuallyDrop::new(Vec::with_capacity(bytes)).as_mut_ptr()
}

/// A text that was written into a [`room`] of so many bytes.
///
/// # Safety
/// It was, in UTF-8, and this is its only use.
unsafe fn text(place: *mut u8, bytes: usize, room: usize) -> String {
    // SAFETY: the caller's promise.
    unsafe { String::from_raw_parts(place, bytes, room) }
}

/// Tells a text, which ends the call; says whether it is the text of an error.
fn tell(answer: Told<String>) -> u32 {
    let (text, failed) = match answer {
        Ok(text) => (text, 0),
        Err(text) => (text, 1),
    };
    // SAFETY: the text lives until the host has read it; after it nothing that the call made is used.
    unsafe {
        host_tell(text.as_ptr(), text.len());
        give(keep());
    }
    failed
}

/// A schema, and all that was made with it.
struct Held {
    schema: ParamSchema,
    chunks: *mut Chunk,
}

/// Calls a rule; returns 1 when what was told is an error.
#[unsafe(no_mangle)]
unsafe extern "C" fn call(
    rule: *mut u8,
    rule_bytes: usize,
    rule_room: usize,
    input: *mut u8,
    input_bytes: usize,
    input_room: usize,
) -> u32 {
    // SAFETY: the other side hands over what it wrote.
    let (rule, input) = unsafe { (text(rule, rule_bytes, rule_room), text(input, input_bytes, input_room)) };
    tell(told::call(&rule, &input))
}

/// Compiles a schema; `resources` is null without any. Returns null when it told an error.
#[unsafe(no_mangle)]
unsafe extern "C" fn compile(
    schema: *mut u8,
    schema_bytes: usize,
    schema_room: usize,
    annotate: u32,
    resources: *mut u8,
    resources_bytes: usize,
    resources_room: usize,
) -> *mut Held {
    // SAFETY: the other side hands over what it wrote.
    let schema = unsafe { text(schema, schema_bytes, schema_room) };
    let resources = if resources.is_null() {
        None
    } else {
        // SAFETY: as above.
        Some(unsafe { text(resources, resources_bytes, resources_room) })
    };
    match schema::compile(&schema, annotate != 0, resources.as_deref()) {
        Ok(schema) => {
            let held = Box::into_raw(Box::new(Held { schema, chunks: std::ptr::null_mut() }));
            // SAFETY: it was just made.
            unsafe { (*held).chunks = keep() };
            held
        }
        Err(error) => {
            tell(Err(error));
            std::ptr::null_mut()
        }
    }
}

/// Tells the violations of a text; returns 1 when what was told is an error.
#[unsafe(no_mangle)]
unsafe extern "C" fn validate(schema: *const Held, params: *mut u8, bytes: usize, room: usize) -> u32 {
    // SAFETY: the schema came from `compile` and was not freed; the text is handed over.
    let (schema, params) = unsafe { (&(*schema).schema, text(params, bytes, room)) };
    tell(schema::validate(schema, &params))
}

/// Whether a text satisfies a schema; 2 when it told an error.
#[unsafe(no_mangle)]
unsafe extern "C" fn check(schema: *const Held, params: *mut u8, bytes: usize, room: usize) -> u32 {
    // SAFETY: as in `validate`.
    let (schema, params) = unsafe { (&(*schema).schema, text(params, bytes, room)) };
    match schema::is_valid(schema, &params) {
        Ok(valid) => {
            // SAFETY: the call has ended.
            unsafe { give(keep()) };
            valid.into()
        }
        Err(error) => tell(Err(error)) + 1,
    }
}

/// Tells what has no effect in a schema.
#[unsafe(no_mangle)]
unsafe extern "C" fn warnings(schema: *const Held) {
    // SAFETY: as in `validate`.
    tell(Ok(door::problems_text(unsafe { &(*schema).schema }.warnings())));
}

/// Tells the names of the rules that this module carries.
#[unsafe(no_mangle)]
extern "C" fn rules() {
    tell(Ok(door::names_text(told::RULES)));
}

/// Gives the memory of a schema back.
#[unsafe(no_mangle)]
unsafe extern "C" fn free(schema: *mut Held) {
    // SAFETY: it came from `compile`, and this is the end of it.
    unsafe { give((*schema).chunks) };
}
