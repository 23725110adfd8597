//! Names and addresses of hosts and mailboxes.

use crate::cut;
use crate::json;

/// Four decimal numbers with dots (RFC 2673 section 3.2), no leading zeros.
pub(super) fn is_ipv4(text: &str) -> bool {
    let mut count = 0;
    for part in cut::parts(text, b'.') {
        count += 1;
        let number = if part.len() <= 3 { json::whole(part) } else { None };
        let leading = part.len() > 1 && part.as_bytes()[0] == b'0';
        if leading || number.is_none_or(|number| number > 255) {
            return false;
        }
    }
    count == 4
}

/// RFC 4291 section 2.2, no zone: eight groups, or fewer and one `::` for at least one; the last two may be an IPv4 address.
pub(super) fn is_ipv6(text: &str) -> bool {
    let (mut groups, mut gap, mut rest) = (0, false, text);
    loop {
        let (group, after) = match cut::once(rest, b':') {
            Some((group, after)) => (group, Some(after)),
            None => (rest, None),
        };
        match after {
            // `::`, or a lone colon at the beginning.
            Some(after) if group.is_empty() => {
                let after = if groups == 0 && !gap { cut::after(after, b':') } else { Some(after) };
                match after {
                    Some(after) if !gap => (gap, rest) = (true, after),
                    _ => return false,
                }
                continue;
            }
            None if group.is_empty() && gap && text.ends_with("::") => break,
            None if cut::has(group, b'.') => {
                groups += 2;
                if !is_ipv4(group) {
                    return false;
                }
                break;
            }
            _ => {
                groups += 1;
                if !(1..=4).contains(&group.len()) || !cut::all(group, cut::is_hex) {
                    return false;
                }
            }
        }
        match after {
            Some(after) => rest = after,
            None => break,
        }
    }
    if gap { groups < 8 } else { groups == 8 }
}

/// Labels of letters, digits and hyphens, at most 63 each and 253 together (RFC 1123 section 2.1). Hyphens at
/// the third and fourth place are for A-labels (`xn--`), whose text is not decoded.
pub(super) fn is_hostname(text: &str) -> bool {
    text.len() <= 253 && cut::parts(text, b'.').all(is_label)
}

fn is_label(label: &str) -> bool {
    let bytes = label.as_bytes();
    (1..=63).contains(&bytes.len())
        && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-')
        && bytes.first() != Some(&b'-')
        && bytes.last() != Some(&b'-')
        && (bytes.get(2..4) != Some(b"--") || label[..2].eq_ignore_ascii_case("xn"))
}

/// `Mailbox` of RFC 5321 section 4.1.2.
pub(super) fn is_email(text: &str) -> bool {
    cut::all(text, |byte| byte.is_ascii()) && is_mailbox(text, is_hostname)
}

/// The same with characters beyond ASCII (RFC 6531).
pub(super) fn is_idn_email(text: &str) -> bool {
    is_mailbox(text, |domain| cut::parts(domain, b'.').all(is_idn_label))
}

fn is_idn_label(label: &str) -> bool {
    let allowed = |c: char| {
        if c.is_ascii() { c.is_ascii_alphanumeric() || c == '-' } else { !c.is_whitespace() }
    };
    !label.is_empty() && label.chars().all(allowed)
}

fn is_mailbox(text: &str, is_domain: fn(&str) -> bool) -> bool {
    let Some((local, domain)) = cut::last(text, b'@') else { return false };
    if local.is_empty() || local.len() > 64 || !(is_dot_string(local) || is_quoted(local)) {
        return false;
    }
    match inside(domain, b'[', b']') {
        Some(literal) => match literal.strip_prefix("IPv6:") {
            Some(address) => is_ipv6(address),
            None => is_ipv4(literal),
        },
        None => is_domain(domain),
    }
}

fn is_dot_string(local: &str) -> bool {
    let allowed =
        |byte: u8| byte.is_ascii_alphanumeric() || cut::has("!#$%&'*+-/=?^_`{|}~", byte) || !byte.is_ascii();
    cut::parts(local, b'.').all(|atom| !atom.is_empty() && cut::all(atom, allowed))
}

/// What stands between two bytes that a text begins and ends with.
fn inside(text: &str, open: u8, close: u8) -> Option<&str> {
    let end = text.len().checked_sub(1)?;
    if text.as_bytes()[end] == close { cut::after(text.get(..end)?, open) } else { None }
}

fn is_quoted(local: &str) -> bool {
    let Some(inside) = inside(local, b'"', b'"') else { return false };
    let mut chars = inside.chars();
    while let Some(c) = chars.next() {
        let allowed = match c {
            '\\' => chars.next().is_some_and(|c| matches!(c, ' '..='~')),
            '"' => false,
            c => matches!(c, ' '..='~') || !c.is_ascii(),
        };
        if !allowed {
            return false;
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed::Seeded;
    use std::net::{Ipv4Addr, Ipv6Addr};

    #[test]
    fn addresses_are_those_of_the_standard_library() {
        let mut seed = Seeded::new(5);
        let parts =
            ["0", "1", "ff", "ffff", "12345", "g", ":", ":", "::", ".", "1.2.3.4", "01", "255", "256", ""];
        for _ in 0..60_000 {
            let count = seed.up_to(16);
            let text: String =
                (0..count).map(|_| parts[seed.up_to(parts.len() as u64 - 1) as usize]).collect();
            assert_eq!(is_ipv6(&text), text.parse::<Ipv6Addr>().is_ok(), "{text:?}");
            assert_eq!(is_ipv4(&text), text.parse::<Ipv4Addr>().is_ok(), "{text:?}");
            let colons =
                (0..seed.up_to(9)).map(|_| parts[seed.up_to(3) as usize]).collect::<Vec<_>>().join(":");
            for text in [format!("{colons}::1"), format!("::{colons}"), format!("{colons}:1.2.3.4"), colons] {
                assert_eq!(is_ipv6(&text), text.parse::<Ipv6Addr>().is_ok(), "{text:?}");
            }
            let dots = (0..4).map(|_| seed.up_to(300).to_string()).collect::<Vec<_>>().join(".");
            assert_eq!(is_ipv4(&dots), dots.parse::<Ipv4Addr>().is_ok(), "{dots:?}");
        }
    }
}
