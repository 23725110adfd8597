//! Takes secrets out of text that people will see (design rule 7).

/// What stands where a secret was.
pub const REDACTED: &str = "[redacted]";

/// `text` without the `secrets` that are known (of four characters or more), without what follows `Bearer`, and without
/// anything that has the shape of a personal access token, an OAuth secret or a JSON web token.
pub fn redact(text: &str, secrets: &[&str]) -> String {
    let mut text = text.to_owned();
    for secret in secrets.iter().filter(|secret| secret.len() >= 4) {
        text = text.replace(secret, REDACTED);
    }
    let mut out = String::with_capacity(text.len());
    let mut bearer = false;
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let word_end = rest.find(|c| !is_token_char(c)).unwrap_or(rest.len());
        let (word, after) = rest.split_at(word_end);
        if looks_secret(word) || (bearer && word.len() >= 4) {
            out.push_str(REDACTED);
        } else {
            out.push_str(word);
        }
        let gap_end = after.find(is_token_char).unwrap_or(after.len());
        let (gap, next) = after.split_at(gap_end);
        // `Bearer` in prose ("bearer of …") is followed by words too; losing one of those is the lesser evil.
        bearer = word.eq_ignore_ascii_case("bearer") && gap.trim().is_empty();
        out.push_str(gap);
        rest = next;
    }
    out
}

fn is_token_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || "._~+/=-".contains(c)
}

fn looks_secret(word: &str) -> bool {
    let value = word.rsplit_once('=').map_or(word, |(_, value)| value);
    let shaped = |word: &str| {
        let databricks = ["dapi", "dose", "dkea", "dsapi"].iter().any(|prefix| word.starts_with(prefix));
        (databricks && word.len() >= 20) || (word.starts_with("eyJ") && word.len() >= 20)
    };
    shaped(word) || shaped(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn removes_known_secrets_and_secret_shapes() {
        assert_eq!(redact("token hunter2 refused", &["hunter2"]), "token [redacted] refused");
        assert_eq!(redact("got dapi0123456789abcdef0123456789abcdef.", &[]), "got [redacted]");
        assert_eq!(redact("Authorization: Bearer abc.def-ghi", &[]), "Authorization: Bearer [redacted]");
        assert_eq!(redact("url?x=1&token=dapi0123456789abcdef", &[]), "url?x=1&[redacted]");
        assert_eq!(redact("jwt \"eyJhbGciOiJIUzI1NiJ9.e30.abc\"", &[]), "jwt \"[redacted]\"");
    }

    #[test]
    fn leaves_other_text_as_it_is() {
        let text = "Job 7 does not exist. See https://host/#job/7?o=1 – ü";
        assert_eq!(redact(text, &["", "abc"]), text);
    }
}
