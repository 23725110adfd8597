//! Joining URI references to their base (RFC 3986 section 5.2), for `$id` and `$ref`.
//!
//! Nothing is ever fetched; a URI is only the name of a schema.

use crate::cut;

/// A reference split by RFC 3986 appendix B; the fragment without its `#`.
struct Parts<'a> {
    scheme: Option<&'a str>,
    authority: Option<&'a str>,
    path: &'a str,
    query: Option<&'a str>,
}

fn split(uri: &str) -> Parts<'_> {
    let (rest, query) = match cut::once(uri, b'?') {
        Some((rest, query)) => (rest, Some(query)),
        None => (uri, None),
    };
    let (scheme, rest) = match cut::once(rest, b':') {
        Some((scheme, rest)) if is_scheme(scheme) => (Some(scheme), rest),
        _ => (None, rest),
    };
    let (authority, path) = match rest.strip_prefix("//") {
        Some(rest) => {
            let end = cut::place(rest, b'/').unwrap_or(rest.len());
            (Some(&rest[..end]), &rest[end..])
        }
        None => (None, rest),
    };
    Parts { scheme, authority, path, query }
}

/// True for `ALPHA *( ALPHA / DIGIT / "+" / "-" / "." )`.
pub(crate) fn is_scheme(text: &str) -> bool {
    text.as_bytes().first().is_some_and(u8::is_ascii_alphabetic)
        && cut::all(text, |b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'))
}

/// A reference as its part before `#` and its fragment (empty when there is none).
pub(crate) fn split_fragment(reference: &str) -> (&str, &str) {
    cut::or_all(reference, b'#')
}

/// `reference` (without fragment) seen from `base` (without fragment).
pub(crate) fn resolve(base: &str, reference: &str) -> String {
    if reference.is_empty() {
        return base.to_owned();
    }
    let (b, r) = (split(base), split(reference));
    if r.scheme.is_some() {
        return join(r.scheme, r.authority, &without_dots(r.path), r.query);
    }
    if r.authority.is_some() {
        return join(b.scheme, r.authority, &without_dots(r.path), r.query);
    }
    if r.path.is_empty() {
        return join(b.scheme, b.authority, b.path, r.query.or(b.query));
    }
    let path = if cut::after(r.path, b'/').is_some() {
        without_dots(r.path)
    } else if b.authority.is_some() && b.path.is_empty() {
        without_dots(&format!("/{}", r.path))
    } else {
        match cut::last(b.path, b'/') {
            Some((folder, _)) => without_dots(&format!("{folder}/{}", r.path)),
            None => without_dots(r.path),
        }
    };
    join(b.scheme, b.authority, &path, r.query)
}

fn join(scheme: Option<&str>, authority: Option<&str>, path: &str, query: Option<&str>) -> String {
    let mut uri = String::new();
    if let Some(scheme) = scheme {
        uri.push_str(scheme);
        uri.push(':');
    }
    if let Some(authority) = authority {
        uri.push_str("//");
        uri.push_str(authority);
    }
    uri.push_str(path);
    if let Some(query) = query {
        uri.push('?');
        uri.push_str(query);
    }
    uri
}

/// RFC 3986 section 5.2.4.
fn without_dots(path: &str) -> String {
    if !cut::has(path, b'.') {
        return path.to_owned();
    }
    let rooted = cut::after(path, b'/');
    let mut kept: Vec<&str> = Vec::new();
    let mut folder = false;
    for step in cut::parts(rooted.unwrap_or(path), b'/') {
        folder = matches!(step, "." | "..");
        if step == ".." {
            kept.pop();
        } else if step != "." {
            kept.push(step);
        }
    }
    if folder {
        kept.push("");
    }
    let mut joined = String::new();
    for (n, step) in kept.iter().enumerate() {
        joined += if n > 0 || rooted.is_some() { "/" } else { "" };
        joined += step;
    }
    joined
}

/// Replaces `%XX`; `None` when the result is not UTF-8 or an escape is cut short.
pub(crate) fn percent_decoded(text: &str) -> Option<String> {
    let mut decoded = String::new();
    let mut rest = text.as_bytes().iter();
    // Of a character of several bytes: its bits so far, the least that it may be, and how many bytes are missing.
    let (mut code, mut least, mut missing) = (0, 0, 0);
    while let Some(byte) = rest.next() {
        let mut byte = *byte;
        if byte == b'%' {
            let high = char::from(*rest.next()?).to_digit(16)?;
            let low = char::from(*rest.next()?).to_digit(16)?;
            byte = (high * 16 + low) as u8;
        }
        let bits = u32::from(byte);
        (code, least, missing) = match (byte, missing) {
            (0..=0x7f, 0) => (bits, 0, 0),
            (0xc0..=0xdf, 0) => (bits & 0x1f, 0x80, 1),
            (0xe0..=0xef, 0) => (bits & 0xf, 0x800, 2),
            (0xf0..=0xf7, 0) => (bits & 7, 0x1_0000, 3),
            (0x80..=0xbf, 1..) => (code << 6 | bits & 0x3f, least, missing - 1),
            _ => return None,
        };
        if missing == 0 {
            decoded.push(char::from_u32(code).filter(|_| code >= least)?);
        }
    }
    if missing == 0 { Some(decoded) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resolves_the_examples_of_rfc_3986() {
        let base = "http://a/b/c/d;p?q";
        for (reference, expected) in [
            ("g:h", "g:h"),
            ("g", "http://a/b/c/g"),
            ("./g", "http://a/b/c/g"),
            ("g/", "http://a/b/c/g/"),
            ("/g", "http://a/g"),
            ("//g", "http://g"),
            ("?y", "http://a/b/c/d;p?y"),
            ("", "http://a/b/c/d;p?q"),
            (".", "http://a/b/c/"),
            ("..", "http://a/b/"),
            ("../g", "http://a/b/g"),
            ("../../g", "http://a/g"),
            ("../../../g", "http://a/g"),
            ("g;x=1/../y", "http://a/b/c/y"),
        ] {
            assert_eq!(resolve(base, reference), expected, "{reference}");
        }
        assert_eq!(resolve("", "other.json"), "other.json");
        assert_eq!(resolve("urn:uuid:1", ""), "urn:uuid:1");
    }

    #[test]
    fn decodes_percent_escapes() {
        assert_eq!(percent_decoded("a%25b%C3%A9").as_deref(), Some("a%bé"));
        assert_eq!(percent_decoded("%2"), None);
        assert_eq!(percent_decoded("%ff"), None);
        let bytes =
            [0x41, 0x7f, 0x80, 0xbf, 0xc0, 0xc2, 0xdf, 0xe0, 0xe2, 0xed, 0xa0, 0x9f, 0xf0, 0xf4, 0xf8, 0x8f];
        let mut seed = crate::seed::Seeded::new(9);
        for _ in 0..50_000 {
            let bytes: Vec<u8> = (0..seed.up_to(5)).map(|_| bytes[seed.up_to(15) as usize]).collect();
            let text = bytes.iter().fold(String::new(), |text, byte| text + &format!("%{byte:02X}"));
            assert_eq!(percent_decoded(&text), String::from_utf8(bytes).ok(), "{text}");
        }
    }
}
