//! Just enough reading of Rust to measure functions: comments and literals blanked out, braces matched. Not a parser.

use std::iter::Peekable;
use std::str::Chars;

/// A function and how long it is.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Function {
    pub(crate) name: String,
    /// Line of `fn`, from 1.
    pub(crate) line: usize,
    /// Lines from `fn` to the closing brace, both counted.
    pub(crate) lines: usize,
}

/// The functions with a body, in order; nested ones too.
pub(crate) fn functions(text: &str) -> Vec<Function> {
    let code = code_only(text);
    let mut found = Vec::new();
    for (at, _) in code.match_indices("fn ") {
        let before = code[..at].chars().next_back();
        if before.is_some_and(|c| c.is_alphanumeric() || c == '_') {
            continue;
        }
        let rest = &code[at + 3..];
        let name: String = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        if let (false, Some(end)) = (name.is_empty(), body_end(rest)) {
            found.push(Function {
                name,
                line: code[..at].matches('\n').count() + 1,
                lines: rest[..end].matches('\n').count() + 1,
            });
        }
    }
    found
}

/// Where the body's brace closes; `None` for a declaration without a body.
fn body_end(code: &str) -> Option<usize> {
    let mut round = 0_usize;
    let mut depth = 0_usize;
    for (at, c) in code.char_indices() {
        match c {
            '(' | '[' if depth == 0 => round += 1,
            ')' | ']' if depth == 0 => round = round.checked_sub(1)?,
            ';' if depth == 0 && round == 0 => return None,
            '{' => depth += 1,
            '}' => {
                depth = depth.checked_sub(1)?;
                if depth == 0 && round == 0 {
                    return Some(at);
                }
            }
            _ => {}
        }
    }
    None
}

/// The text with every comment, string and character literal taken out; lines stay lines.
pub(crate) fn code_only(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    let mut previous = ' ';
    while let Some(c) = chars.next() {
        match c {
            '/' if chars.peek() == Some(&'/') => skip_line(&mut chars),
            '/' if chars.peek() == Some(&'*') => skip_comment(&mut chars, &mut code),
            '"' => skip_string(&mut chars, &mut code),
            'r' if !previous.is_alphanumeric() && previous != '_' && starts_raw(&chars) => {
                skip_raw(&mut chars, &mut code);
            }
            'b' if starts_raw_bytes(&chars) && !previous.is_alphanumeric() && previous != '_' => {}
            '\'' => skip_character(&mut chars),
            other => code.push(other),
        }
        previous = c;
    }
    code
}

fn skip_line(chars: &mut Peekable<Chars>) {
    while chars.peek().is_some_and(|c| *c != '\n') {
        chars.next();
    }
}

fn skip_comment(chars: &mut Peekable<Chars>, code: &mut String) {
    chars.next();
    let mut depth = 1;
    while depth > 0 {
        match chars.next() {
            None => return,
            Some('\n') => code.push('\n'),
            Some('/') if chars.next_if_eq(&'*').is_some() => depth += 1,
            Some('*') if chars.next_if_eq(&'/').is_some() => depth -= 1,
            Some(_) => {}
        }
    }
}

fn skip_string(chars: &mut Peekable<Chars>, code: &mut String) {
    while let Some(c) = chars.next() {
        match c {
            '"' => return,
            '\n' => code.push('\n'),
            '\\' => code.extend(chars.next().filter(|c| *c == '\n')),
            _ => {}
        }
    }
}

/// After an `r`: hashes, if any, and a quote.
fn starts_raw(chars: &Peekable<Chars>) -> bool {
    chars.clone().find(|c| *c != '#') == Some('"')
}

/// After a `b`: `r` and the start of a raw string; the `r` is then read on its own.
fn starts_raw_bytes(chars: &Peekable<Chars>) -> bool {
    let mut ahead = chars.clone();
    ahead.next() == Some('r') && starts_raw(&ahead)
}

fn skip_raw(chars: &mut Peekable<Chars>, code: &mut String) {
    let mut hashes = 0;
    while chars.next_if_eq(&'#').is_some() {
        hashes += 1;
    }
    chars.next();
    while let Some(c) = chars.next() {
        match c {
            '\n' => code.push('\n'),
            '"' => {
                let closing = (0..hashes).take_while(|_| chars.next_if_eq(&'#').is_some()).count();
                if closing == hashes {
                    return;
                }
            }
            _ => {}
        }
    }
}

/// A character literal is skipped; the quote of a lifetime is dropped, its name is harmless.
fn skip_character(chars: &mut Peekable<Chars>) {
    let mut ahead = chars.clone();
    let first = ahead.next();
    if first == Some('\\') {
        chars.next();
        chars.next();
        while chars.next().is_some_and(|c| c != '\'') {}
    } else if ahead.next() == Some('\'') {
        chars.next();
        chars.next();
    }
}

#[test]
fn functions_are_measured_past_literals_and_comments() {
    let text = "impl A {\n    fn one(x: [u8; 2]) -> char {\n        // }\n        let s = \"}\\\"\n}\";\n        let r = \
                br#\"}\"#;\n        '}'\n    }\n    fn declared<'a>(x: &'a str);\n}\nfn two() {}\n";
    let named: Vec<(String, usize, usize)> =
        functions(text).into_iter().map(|f| (f.name, f.line, f.lines)).collect();
    assert_eq!(named, [("one".to_owned(), 2, 7), ("two".to_owned(), 11, 1)]);
}
