//! Long answers cross to JavaScript in pieces, so that the event loop goes on while a run of ten megabytes arrives: as text for
//! browsers, and for programs as documents that are put together again (`node/src/appkit/pieces.ts`).

use crate::stream::Form;
use lakeflow_core::door::js_text;
use serde_json::{Value, json};

/// Shorter answers cross whole, in bytes.
const WHOLE: usize = 256 << 10;

/// A piece, in bytes; one item of a list may be longer.
const PIECE: usize = 64 << 10;

/// The text of an answer, and the pieces that follow it.
pub(crate) fn of(value: Value, form: Form) -> (String, Vec<String>) {
    let text = js_text(&value);
    if text.len() <= WHOLE {
        return (text, Vec::new());
    }
    match form {
        Form::Frames => (String::new(), cut(&text)),
        Form::Objects => taken_apart(value),
    }
}

/// Cuts between characters.
fn cut(mut text: &str) -> Vec<String> {
    let mut pieces = Vec::new();
    while !text.is_empty() {
        let end = (text.len().min(PIECE)..=text.len()).find(|end| text.is_char_boundary(*end));
        let (piece, rest) = text.split_at(end.unwrap_or(text.len()));
        pieces.push(piece.to_owned());
        text = rest;
    }
    pieces
}

/// The document without the items of its lists (those of its members' lists too), and the items: `{at, items}`.
fn taken_apart(mut value: Value) -> (String, Vec<String>) {
    let mut pieces = Vec::new();
    for (name, member) in value.as_object_mut().into_iter().flatten() {
        match member {
            Value::Array(items) => slices(&[name], std::mem::take(items), &mut pieces),
            Value::Object(inner) => {
                for (list, items) in inner.iter_mut() {
                    if let Value::Array(items) = items {
                        slices(&[name, list], std::mem::take(items), &mut pieces);
                    }
                }
            }
            _ => {}
        }
    }
    (js_text(&value), pieces)
}

fn slices(at: &[&String], items: Vec<Value>, pieces: &mut Vec<String>) {
    let tell = |items: &[String]| format!("{{\"at\":{},\"items\":[{}]}}", json!(at), items.join(","));
    let (mut slice, mut size) = (Vec::new(), 0);
    for item in items {
        let text = js_text(&item);
        size += text.len();
        slice.push(text);
        if size >= PIECE {
            pieces.push(tell(&slice));
            (slice, size) = (Vec::new(), 0);
        }
    }
    if !slice.is_empty() {
        pieces.push(tell(&slice));
    }
}
