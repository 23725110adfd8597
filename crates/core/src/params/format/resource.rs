//! URIs (RFC 3986), IRIs (RFC 3987) and URI templates (RFC 6570).

use super::super::uri::is_scheme;
use super::net::is_ipv6;

/// A URI with a scheme.
pub(super) fn is_uri(text: &str) -> bool {
    text.is_ascii() && is_absolute(text)
}

/// A URI or a relative reference.
pub(super) fn is_uri_reference(text: &str) -> bool {
    text.is_ascii() && is_reference(text)
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
    match text.split_once(':') {
        Some((scheme, rest)) => is_scheme(scheme) && is_hierarchy(rest),
        None => false,
    }
}

fn is_reference(text: &str) -> bool {
    // The first step of a relative path has no colon: it would be a scheme.
    let first = text.split(['/', '?', '#']).next().unwrap_or_default();
    is_absolute(text) || (!first.contains(':') && is_hierarchy(text))
}

/// What comes after the scheme: authority, path, query, fragment.
fn is_hierarchy(text: &str) -> bool {
    let (rest, fragment) = text.split_once('#').unwrap_or((text, ""));
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, path) = match rest.strip_prefix("//") {
        Some(rest) => rest.split_at(rest.find('/').unwrap_or(rest.len())),
        None => ("", rest),
    };
    is_authority(authority) && has_only(path, ":@/") && has_only(query, ":@/?") && has_only(fragment, ":@/?")
}

fn is_authority(text: &str) -> bool {
    let (user, host) = text.rsplit_once('@').unwrap_or(("", text));
    if !has_only(user, ":") {
        return false;
    }
    let (host, port) = match host.strip_prefix('[') {
        Some(rest) => match rest.split_once(']') {
            Some((address, port)) if is_ip_literal(address) => ("", port),
            _ => return false,
        },
        None => host.split_at(host.find(':').unwrap_or(host.len())),
    };
    let port =
        port.strip_prefix(':').map_or(port.is_empty(), |port| port.bytes().all(|byte| byte.is_ascii_digit()));
    has_only(host, "") && port
}

fn is_ip_literal(text: &str) -> bool {
    let future = text.strip_prefix(['v', 'V']).and_then(|rest| rest.split_once('.'));
    is_ipv6(text)
        || future.is_some_and(|(version, rest)| {
            !version.is_empty()
                && version.bytes().all(|byte| byte.is_ascii_hexdigit())
                && !rest.is_empty()
                && !rest.contains('%')
                && has_only(rest, ":")
        })
}

/// Unreserved characters, sub-delimiters, `%XX`, characters beyond ASCII, and the others named.
fn has_only(text: &str, others: &str) -> bool {
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        let allowed = match c {
            '%' => {
                rest.next().is_some_and(|c| c.is_ascii_hexdigit())
                    && rest.next().is_some_and(|c| c.is_ascii_hexdigit())
            }
            c if c.is_ascii_alphanumeric() || "-._~!$&'()*+,;=".contains(c) || others.contains(c) => true,
            c => is_ucschar(c),
        };
        if !allowed {
            return false;
        }
    }
    true
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
    while let Some(start) = rest.find(['{', '}']) {
        let Some(inside) = rest[start..].strip_prefix('{') else { return false };
        let Some((expression, after)) = inside.split_once('}') else { return false };
        if !is_literal(&rest[..start]) || !is_expression(expression) {
            return false;
        }
        rest = after;
    }
    is_literal(rest)
}

fn is_literal(text: &str) -> bool {
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        let hex = |rest: &mut std::str::Chars<'_>| rest.next().is_some_and(|c| c.is_ascii_hexdigit());
        let allowed = match c {
            '%' => hex(&mut rest) && hex(&mut rest),
            '"' | '\'' | '<' | '>' | '\\' | '^' | '`' | '|' => false,
            c => c > ' ' && c != '\u{7f}',
        };
        if !allowed {
            return false;
        }
    }
    true
}

fn is_expression(text: &str) -> bool {
    text.strip_prefix(['+', '#', '.', '/', ';', '?', '&']).unwrap_or(text).split(',').all(|variable| {
        let name = match variable.split_once(':') {
            Some((name, length)) => {
                let digits =
                    (1..=4).contains(&length.len()) && length.bytes().all(|byte| byte.is_ascii_digit());
                if !digits || length.starts_with('0') {
                    return false;
                }
                name
            }
            None => variable.strip_suffix('*').unwrap_or(variable),
        };
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '%');
        !name.is_empty() && name.chars().all(plain) && !name.split('.').any(str::is_empty)
    })
}
