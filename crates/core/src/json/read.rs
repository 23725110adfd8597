//! The small reader: JSON text to a value, with the words and the places that `serde_json` has for errors.

use super::Broken;
#[cfg(feature = "whole")]
use super::exact::parse as number;
#[cfg(not(feature = "whole"))]
use crate::host::number;
use crate::value::{Map, Number, Value};

/// Lists and objects inside one another are fewer than this.
const DEPTH: usize = 128;

const EARLY_VALUE: &str = "EOF while parsing a value";
const EARLY_STRING: &str = "EOF while parsing a string";

/// What was read; nothing when the reader is broken.
type Read<T> = Option<T>;

/// Reads a text.
pub(crate) fn read(text: &str) -> Result<Value, Broken> {
    let mut reader = Reader { text, at: 0, left: DEPTH, broken: None };
    let mut value = reader.value();
    if value.is_some() && reader.skip().is_some() {
        value = reader.ahead("trailing characters");
    }
    value.ok_or_else(|| {
        let (at, said) = reader.broken.unwrap_or_default();
        let (mut line, mut column) = (1, 0);
        for byte in text.as_bytes().iter().take(at) {
            column += 1;
            if *byte == b'\n' {
                (line, column) = (line + 1, 0);
            }
        }
        Broken { said: said.into(), line, column, cut_off: said.starts_with("EOF") }
    })
}

struct Reader<'a> {
    text: &'a str,
    /// The next byte.
    at: usize,
    /// So many more lists and objects may be open.
    left: usize,
    /// Up to where it was read when it broke, and why.
    broken: Option<(usize, &'static str)>,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn next(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;
        Some(byte)
    }

    /// The next byte that is no blank, which stays.
    fn skip(&mut self) -> Option<u8> {
        while let Some(b' ' | b'\n' | b'\t' | b'\r') = self.peek() {
            self.at += 1;
        }
        self.peek()
    }

    /// An error at what was read last.
    fn behind<T>(&mut self, said: &'static str) -> Read<T> {
        self.breaks(self.at, said);
        None
    }

    /// An error at what comes next.
    fn ahead<T>(&mut self, said: &'static str) -> Read<T> {
        self.breaks(self.at + 1, said);
        None
    }

    #[cold]
    #[inline(never)]
    fn breaks(&mut self, at: usize, said: &'static str) {
        self.broken = Some((at, said));
    }

    fn value(&mut self) -> Read<Value> {
        let Some(byte) = self.skip() else { return self.ahead(EARLY_VALUE) };
        match byte {
            b'n' => self.word("null", Value::Null),
            b't' => self.word("true", Value::Bool(true)),
            b'f' => self.word("false", Value::Bool(false)),
            b'"' => {
                self.at += 1;
                self.string().map(Value::String)
            }
            b'-' | b'0'..=b'9' => self.number().map(Value::Number),
            b'[' | b'{' => {
                self.left -= 1;
                if self.left == 0 {
                    return self.ahead("recursion limit exceeded");
                }
                self.at += 1;
                let value = if byte == b'[' { self.list() } else { self.object() };
                self.left += 1;
                value
            }
            _ => self.ahead("expected value"),
        }
    }

    fn word(&mut self, word: &str, value: Value) -> Read<Value> {
        for byte in word.as_bytes() {
            match self.next() {
                Some(next) if next == *byte => {}
                Some(_) => return self.behind("expected ident"),
                None => return self.behind(EARLY_VALUE),
            }
        }
        Some(value)
    }

    fn list(&mut self) -> Read<Value> {
        let mut items = Vec::new();
        while self.more(b']', items.is_empty())? {
            items.push(self.value()?);
        }
        Some(Value::Array(items))
    }

    fn object(&mut self) -> Read<Value> {
        let mut members = Vec::new();
        let mut first = true;
        while self.more(b'}', first)? {
            first = false;
            self.at += 1;
            let name = self.string()?;
            match self.skip() {
                Some(b':') => self.at += 1,
                Some(_) => return self.ahead("expected `:`"),
                None => return self.ahead("EOF while parsing an object"),
            }
            let value = self.value()?;
            members.push((name, value));
        }
        Some(Value::Object(Map::from_iter(members)))
    }

    /// Whether one more item or member comes; at its first byte then, else behind the bracket.
    fn more(&mut self, close: u8, first: bool) -> Read<bool> {
        let object = close == b'}';
        let mut next = self.skip();
        if next == Some(close) {
            self.at += 1;
            return Some(false);
        }
        if next.is_none() {
            let early = if object { "EOF while parsing an object" } else { "EOF while parsing a list" };
            return self.ahead(early);
        }
        if !first {
            if next != Some(b',') {
                let said = if object { "expected `,` or `}`" } else { "expected `,` or `]`" };
                return self.ahead(said);
            }
            self.at += 1;
            next = self.skip();
        }
        match next {
            None => self.ahead(EARLY_VALUE),
            Some(byte) if byte == close => self.ahead("trailing comma"),
            Some(byte) if object && byte != b'"' => self.ahead("key must be a string"),
            Some(_) => Some(true),
        }
    }

    /// The rest of a string, behind its first quote.
    fn string(&mut self) -> Read<String> {
        let mut out = String::new();
        let mut from = self.at;
        loop {
            let byte = self.peek();
            match byte {
                Some(b'"' | b'\\') => out.push_str(&self.text[from..self.at]),
                Some(b' '..) => {
                    self.at += 1;
                    continue;
                }
                Some(_) => {
                    self.at += 1;
                    return self.behind("control character (\\u0000-\\u001F) found while parsing a string");
                }
                None => return self.behind(EARLY_STRING),
            }
            self.at += 1;
            if byte == Some(b'"') {
                return Some(out);
            }
            out.push(self.escape()?);
            from = self.at;
        }
    }

    /// What an escape stands for, behind its `\`.
    fn escape(&mut self) -> Read<char> {
        let Some(byte) = self.next() else { return self.behind(EARLY_STRING) };
        Some(match byte {
            b'"' | b'\\' | b'/' => char::from(byte),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let lone = "lone leading surrogate in hex escape";
                let first = self.hex()?;
                if !(0xd800..0xdc00).contains(&first) {
                    return char::from_u32(first).or_else(|| self.behind(lone));
                }
                for wanted in b"\\u" {
                    match self.next() {
                        Some(byte) if byte == *wanted => {}
                        Some(_) => return self.behind("unexpected end of hex escape"),
                        None => return self.behind(EARLY_STRING),
                    }
                }
                let second = self.hex()?;
                if !(0xdc00..0xe000).contains(&second) {
                    return self.behind(lone);
                }
                let code = 0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00);
                char::from_u32(code).unwrap_or_default()
            }
            _ => return self.behind("invalid escape"),
        })
    }

    fn hex(&mut self) -> Read<u32> {
        let Some(digits) = self.text.as_bytes().get(self.at..self.at + 4) else {
            self.at = self.text.len();
            return self.behind(EARLY_STRING);
        };
        self.at += 4;
        let mut code = 0;
        for digit in digits {
            let Some(digit) = char::from(*digit).to_digit(16) else {
                return self.behind("invalid escape");
            };
            code = code * 16 + digit;
        }
        Some(code)
    }

    fn digits(&mut self) -> bool {
        let from = self.at;
        while let Some(b'0'..=b'9') = self.peek() {
            self.at += 1;
        }
        self.at > from
    }

    fn number(&mut self) -> Read<Number> {
        let invalid = "invalid number";
        let negative = self.peek() == Some(b'-');
        self.at += usize::from(negative);
        let from = self.at;
        match self.next() {
            None => return self.behind(EARLY_VALUE),
            Some(b'0') if matches!(self.peek(), Some(b'0'..=b'9')) => return self.ahead(invalid),
            Some(b'0') => {}
            Some(b'1'..=b'9') => {
                self.digits();
            }
            Some(_) => return self.behind(invalid),
        }
        let mut whole = true;
        if self.peek() == Some(b'.') {
            whole = false;
            self.at += 1;
            if !self.digits() {
                let early = self.peek().is_none();
                return self.ahead(if early { EARLY_VALUE } else { invalid });
            }
        }
        if let Some(b'e' | b'E') = self.peek() {
            whole = false;
            self.at += 1;
            if let Some(b'+' | b'-') = self.peek() {
                self.at += 1;
            }
            match self.next() {
                Some(b'0'..=b'9') => self.digits(),
                Some(_) => return self.behind(invalid),
                None => return self.behind(EARLY_VALUE),
            };
        }
        let text = &self.text[from..self.at];
        if whole && let Some(size) = super::whole(text) {
            if !negative {
                return Some(size.into());
            }
            // Down to the least of 64 bits; -0 is a double.
            if size > 0 && size <= 1 << 63 {
                return Some(size.wrapping_neg().cast_signed().into());
            }
        }
        let size = number(text);
        Number::from_f64(if negative { -size } else { size }).or_else(|| self.behind("number out of range"))
    }
}
