//! Texts cut at characters of ASCII. The standard library's ways take any pattern and come once more for each kind of it; these
//! take a byte and come once, which keeps small programs small.

/// Where a byte stands first.
pub(crate) fn place(text: &str, byte: u8) -> Option<usize> {
    text.as_bytes().iter().position(|other| *other == byte)
}

/// Where a byte first stands twice, side by side.
#[cfg(feature = "page")]
pub(crate) fn twice(text: &str, byte: u8) -> Option<usize> {
    let bytes = text.as_bytes();
    for n in 1..bytes.len() {
        if bytes[n - 1] == byte && bytes[n] == byte {
            return Some(n - 1);
        }
    }
    None
}

/// The path of what holds that to which a path leads; empty for the root.
#[cfg(feature = "page")]
pub(crate) fn holder(path: &str) -> &str {
    let at = path.bytes().rposition(|byte| byte == b'.' || byte == b'[');
    path.get(..at.unwrap_or(0)).unwrap_or_default()
}

/// Whether a text has a byte.
pub(crate) fn has(text: &str, byte: u8) -> bool {
    place(text, byte).is_some()
}

/// Whether a text has a character, which is never one beyond ASCII.
pub(crate) fn has_char(text: &str, c: char) -> bool {
    u8::try_from(c).is_ok_and(|byte| has(text, byte))
}

/// What stands before a byte and behind it, at its first place.
pub(crate) fn once(text: &str, byte: u8) -> Option<(&str, &str)> {
    around(text, place(text, byte)?)
}

/// The same; the whole text and nothing where the byte is not there.
pub(crate) fn or_all(text: &str, byte: u8) -> (&str, &str) {
    once(text, byte).unwrap_or((text, ""))
}

/// The same at its last place.
pub(crate) fn last(text: &str, byte: u8) -> Option<(&str, &str)> {
    around(text, text.as_bytes().iter().rposition(|other| *other == byte)?)
}

fn around(text: &str, at: usize) -> Option<(&str, &str)> {
    Some((text.get(..at)?, text.get(at + 1..)?))
}

/// A text without a byte that it begins with.
pub(crate) fn after(text: &str, byte: u8) -> Option<&str> {
    if text.as_bytes().first() == Some(&byte) { text.get(1..) } else { None }
}

/// The first characters of a text.
pub(crate) fn chars(text: &str, most: usize) -> Vec<char> {
    let mut chars = Vec::new();
    for c in text.chars() {
        if chars.len() == most {
            break;
        }
        chars.push(c);
    }
    chars
}

/// A text without blanks at its ends.
pub(crate) fn trimmed(text: &str) -> &str {
    let (mut from, mut to, mut at) = (text.len(), 0, 0);
    for c in text.chars() {
        let end = at + c.len_utf8();
        if !c.is_whitespace() {
            from = from.min(at);
            to = end;
        }
        at = end;
    }
    text.get(from..to).unwrap_or_default()
}

/// The parts between the places of a byte: one more than there are places.
pub(crate) struct Parts<'a> {
    rest: Option<&'a str>,
    byte: u8,
}

/// The parts of a text.
pub(crate) fn parts(text: &str, byte: u8) -> Parts<'_> {
    Parts { rest: Some(text), byte }
}

impl<'a> Iterator for Parts<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let rest = self.rest?;
        let Some((part, rest)) = once(rest, self.byte) else { return self.rest.take() };
        self.rest = Some(rest);
        Some(part)
    }
}

/// Whether a test holds for every byte.
pub(crate) fn all(text: &str, test: fn(u8) -> bool) -> bool {
    text.as_bytes().iter().all(|byte| test(*byte))
}

/// A digit.
pub(crate) fn is_digit(byte: u8) -> bool {
    byte.is_ascii_digit()
}

/// A hexadecimal digit.
pub(crate) fn is_hex(byte: u8) -> bool {
    byte.is_ascii_hexdigit()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_cut_as_the_standard_library_does_it() {
        for text in ["", "/", "a", "a/b", "/a//é/", "é", "a/é"] {
            assert_eq!(once(text, b'/'), text.split_once('/'));
            assert_eq!(last(text, b'/'), text.rsplit_once('/'));
            assert_eq!(after(text, b'/'), text.strip_prefix('/'));
            assert_eq!(place(text, b'/'), text.find('/'));
            assert!(parts(text, b'/').eq(text.split('/')));
            assert!(!has_char(text, 'é'));
        }
        for text in ["", " ", "a", " a b\u{2003}\r\n", "\u{85}é ", "é"] {
            assert_eq!(trimmed(text), text.trim());
        }
    }
}
