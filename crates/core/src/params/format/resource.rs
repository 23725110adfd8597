//! URIs (RFC 3986), IRIs (RFC 3987) and URI templates (RFC 6570).

use super::super::uri::is_scheme;
use super::net::is_ipv6;
use crate::cut;

/// A URI with a scheme.
pub(super) fn is_uri(text: &str) -> bool {
    cut::all(text, |byte| byte.is_ascii()) && is_absolute(text)
}

/// A URI or a relative reference.
pub(super) fn is_uri_reference(text: &str) -> bool {
    cut::all(text, |byte| byte.is_ascii()) && is_reference(text)
}

/// An IRI with a scheme.
pub(super) fn is_iri(text: &str) -> bool {
    is_absolute(text)
}

/// An IRI or a relative reference.
pub(super) fn is_iri_reference(text: &str) -> bool {
    is_reference(text)
}

fn is_absolute(text: &str) -> bool {
    match cut::once(text, b':') {
        Some((scheme, rest)) => is_scheme(scheme) && is_hierarchy(rest),
        None => false,
    }
}

fn is_reference(text: &str) -> bool {
    // The first step of a relative path has no colon: it would be a scheme.
    let end = text.as_bytes().iter().position(|byte| matches!(byte, b'/' | b'?' | b'#' | b':'));
    let colon = end.is_some_and(|end| text.as_bytes()[end] == b':');
    is_absolute(text) || (!colon && is_hierarchy(text))
}

/// What comes after the scheme: authority, path, query, fragment.
fn is_hierarchy(text: &str) -> bool {
    let (rest, fragment) = cut::or_all(text, b'#');
    let (rest, query) = cut::or_all(rest, b'?');
    let (authority, path) = match rest.strip_prefix("//") {
        Some(rest) => rest.split_at(cut::place(rest, b'/').unwrap_or(rest.len())),
        None => ("", rest),
    };
    is_authority(authority) && has_only(path, ":@/") && has_only(query, ":@/?") && has_only(fragment, ":@/?")
}

fn is_authority(text: &str) -> bool {
    let (user, host) = cut::last(text, b'@').unwrap_or(("", text));
    if !has_only(user, ":") {
        return false;
    }
    let (host, port) = match cut::after(host, b'[') {
        Some(rest) => match cut::once(rest, b']') {
            Some((address, port)) if is_ip_literal(address) => ("", port),
            _ => return false,
        },
        None => host.split_at(cut::place(host, b':').unwrap_or(host.len())),
    };
    let port = cut::after(port, b':').map_or(port.is_empty(), |port| cut::all(port, cut::is_digit));
    has_only(host, "") && port
}

fn is_ip_literal(text: &str) -> bool {
    let future = cut::after(text, b'v').or_else(|| cut::after(text, b'V'));
    let future = future.and_then(|rest| cut::once(rest, b'.'));
    is_ipv6(text)
        || future.is_some_and(|(version, rest)| {
            !version.is_empty()
                && cut::all(version, cut::is_hex)
                && !rest.is_empty()
                && !cut::has(rest, b'%')
                && has_only(rest, ":")
        })
}

/// Unreserved characters, sub-delimiters, `%XX`, characters beyond ASCII, and the others named.
fn has_only(text: &str, others: &str) -> bool {
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        let allowed = match c {
            '%' => is_escape(&mut rest),
            c if c.is_ascii_alphanumeric()
                || cut::has_char("-._~!$&'()*+,;=", c)
                || cut::has_char(others, c) =>
            {
                true
            }
            c => is_ucschar(c),
        };
        if !allowed {
            return false;
        }
    }
    true
}

/// Two hexadecimal digits, which stand behind a `%`.
fn is_escape(rest: &mut std::str::Chars<'_>) -> bool {
    let mut hex = || rest.next().is_some_and(|c| c.is_ascii_hexdigit());
    hex() && hex()
}

/// `ucschar` of RFC 3987, without the private use areas.
fn is_ucschar(c: char) -> bool {
    let low = u32::from(c) & 0xffff;
    match u32::from(c) {
        0xa0..=0xd7ff | 0xf900..=0xfdcf | 0xfdf0..=0xffef => true,
        0x1_0000..=0xe_ffff => low <= 0xfffd && u32::from(c) & 0xf_f000 != 0xe_0000,
        _ => false,
    }
}

/// Literals and expressions `{operator variable[:n|*],…}` (RFC 6570 section 2).
pub(super) fn is_uri_template(text: &str) -> bool {
    let mut rest = text;
    while let Some((literal, inside)) = cut::once(rest, b'{') {
        let Some((expression, after)) = cut::once(inside, b'}') else { return false };
        if !is_literal(literal) || !is_expression(expression) {
            return false;
        }
        rest = after;
    }
    is_literal(rest)
}

fn is_literal(text: &str) -> bool {
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        let allowed = match c {
            '%' => is_escape(&mut rest),
            '"' | '\'' | '<' | '>' | '\\' | '^' | '`' | '|' | '{' | '}' => false,
            c => c > ' ' && c != '\u{7f}',
        };
        if !allowed {
            return false;
        }
    }
    true
}

fn is_expression(text: &str) -> bool {
    let operator = text.as_bytes().first().is_some_and(|byte| cut::has("+#./;?&", *byte));
    cut::parts(text.get(usize::from(operator)..).unwrap_or_default(), b',').all(|variable| {
        let name = match cut::once(variable, b':') {
            Some((name, length)) => {
                let digits = (1..=4).contains(&length.len()) && cut::all(length, cut::is_digit);
                if !digits || length.as_bytes()[0] == b'0' {
                    return false;
                }
                name
            }
            None => match cut::last(variable, b'*') {
                Some((name, "")) => name,
                _ => variable,
            },
        };
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'%');
        cut::parts(name, b'.').all(|part| !part.is_empty() && cut::all(part, plain))
    })
}
