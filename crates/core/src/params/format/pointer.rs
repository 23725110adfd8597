//! UUIDs and JSON Pointers.

use crate::cut;

/// `8-4-4-4-12` hexadecimal digits (RFC 4122 section 3).
pub(super) fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.as_bytes().iter().enumerate().all(|(n, byte)| match n {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// RFC 6901: empty, or steps that each start with `/`, with `~` only in `~0` and `~1`.
pub(super) fn is_json_pointer(text: &str) -> bool {
    let escapes = cut::parts(text, b'~').skip(1).all(|rest| matches!(rest.as_bytes(), [b'0' | b'1', ..]));
    matches!(text.as_bytes(), [] | [b'/', ..]) && escapes
}

/// A number without leading zeros, then `#` or a JSON Pointer.
pub(super) fn is_relative_json_pointer(text: &str) -> bool {
    let digits = text.as_bytes().iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (number, rest) = text.split_at(digits);
    digits > 0
        && (number == "0" || !matches!(number.as_bytes(), [b'0', ..]))
        && (rest == "#" || is_json_pointer(rest))
}
