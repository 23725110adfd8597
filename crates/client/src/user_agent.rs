//! What a caller may add to the user agent.

use lakeflow_core::error::{Error, ErrorCode};

/// Longest addition, in characters.
const LIMIT: usize = 200;

/// Accepts `name/version` pairs separated by single blanks, in the characters that RFC 9110 gives tokens.
pub(crate) fn check(products: &str) -> Result<(), Error> {
    let token = |text: &str| {
        !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c))
    };
    let product =
        |text: &str| text.split_once('/').is_some_and(|(name, version)| token(name) && token(version));
    if products.len() <= LIMIT && products.split(' ').all(product) {
        return Ok(());
    }
    let message = format!(
        "{products:?} cannot be added to the user agent; give `name/version`, several separated by one blank, at most \
         {LIMIT} characters"
    );
    Err(Error::new(ErrorCode::InvalidArgument, "configure", message))
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn takes_products_and_nothing_that_breaks_a_header() {
        for good in ["app/1.0", "app/1.0 lib/2.0-rc.1", "appkit/0.38.1+build"] {
            assert!(check(good).is_ok(), "{good}");
        }
        for bad in ["", "app", "app/", "/1", "a/1  b/2", "a/1\r\nx: y", "ä/1", "a/1 "] {
            assert!(check(bad).is_err(), "{bad:?}");
        }
        assert!(check(&format!("a/{}", "1".repeat(200))).is_err());
    }
}
