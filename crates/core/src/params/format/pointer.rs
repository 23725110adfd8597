//! UUIDs and JSON Pointers.

/// `8-4-4-4-12` hexadecimal digits (RFC 4122 section 3).
pub(super) fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(n, byte)| match n {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// RFC 6901: empty, or steps that each start with `/`, with `~` only in `~0` and `~1`.
pub(super) fn is_json_pointer(text: &str) -> bool {
    let escapes = text.split('~').skip(1).all(|rest| rest.starts_with(['0', '1']));
    (text.is_empty() || text.starts_with('/')) && escapes
}

/// A number without leading zeros, then `#` or a JSON Pointer.
pub(super) fn is_relative_json_pointer(text: &str) -> bool {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, rest) = text.split_at(digits);
    digits > 0 && (number == "0" || !number.starts_with('0')) && (rest == "#" || is_json_pointer(rest))
}
