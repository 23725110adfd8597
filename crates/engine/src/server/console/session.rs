//! Signing a browser in: a one-time code of a printed link is exchanged for a cookie.
//!
//! A cookie carries its time and a proof made with the engine's token, so that it outlives a restart and nothing has to
//! be stored. The code is in memory alone; a new engine prints a new link. Neither is ever logged.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use lakeflow_core::error::{Error, ErrorCode};
use lakeflow_core::time::WallTime;
use sha2::{Digest, Sha256};
use std::fmt;
use std::sync::{Mutex, PoisonError};
use subtle::ConstantTimeEq;

/// How long a printed link works, in milliseconds.
const CODE_LIFE: i64 = 12 * 3_600_000;
/// How long a browser stays signed in, in milliseconds.
const SESSION_LIFE: i64 = 30 * 24 * 3_600_000;
/// Links that may be open at once; the oldest is forgotten first.
const MOST_CODES: usize = 16;

/// Codes that are still to be used, and the proof of cookies.
pub(crate) struct SignIn {
    key: [u8; 32],
    /// The port is part of the name: browsers send the cookies of one host to all its ports.
    cookie: String,
    codes: Mutex<Vec<(String, WallTime)>>,
}

impl fmt::Debug for SignIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignIn").field("cookie", &self.cookie).finish_non_exhaustive()
    }
}

impl SignIn {
    /// Cookies are proved with `token`, so a new token ends every session.
    pub(crate) fn new(token: &str, port: u16) -> Self {
        let key = Sha256::digest([b"lakeflow console session\0".as_slice(), token.as_bytes()].concat());
        Self { key: key.into(), cookie: format!("lakeflow-{port}"), codes: Mutex::default() }
    }

    /// A new one-time code.
    pub(crate) fn code(&self, now: WallTime) -> Result<String, Error> {
        let code = random()?;
        let mut codes = self.codes.lock().unwrap_or_else(PoisonError::into_inner);
        if codes.len() >= MOST_CODES {
            codes.remove(0);
        }
        codes.push((code.clone(), now));
        Ok(code)
    }

    /// Takes a code, which is gone afterwards, and gives the `Set-Cookie` header of a new session.
    pub(super) fn redeem(&self, code: &str, now: WallTime) -> Result<Option<String>, Error> {
        let mut codes = self.codes.lock().unwrap_or_else(PoisonError::into_inner);
        codes.retain(|(_, made)| (0..CODE_LIFE).contains(&now.since(*made)));
        let before = codes.len();
        codes.retain(|(known, _)| !bool::from(known.as_bytes().ct_eq(code.as_bytes())));
        if codes.len() == before {
            return Ok(None);
        }
        let head = format!("{}.{}", now.0, random()?);
        let (name, proof, age) = (&self.cookie, self.proof(&head), SESSION_LIFE / 1000);
        Ok(Some(format!("{name}={head}.{proof}; Path=/; HttpOnly; SameSite=Strict; Max-Age={age}")))
    }

    /// Whether a `Cookie` header holds a session of this engine.
    pub(crate) fn holds(&self, header: &str, now: WallTime) -> bool {
        let values = header.split(';').filter_map(|pair| pair.trim().split_once('='));
        values.filter(|(name, _)| *name == self.cookie).any(|(_, value)| self.is_session(value, now))
    }

    fn is_session(&self, value: &str, now: WallTime) -> bool {
        let Some((head, proof)) = value.rsplit_once('.') else { return false };
        let right = bool::from(self.proof(head).as_bytes().ct_eq(proof.as_bytes()));
        let made = head.split('.').next().and_then(|text| text.parse().ok()).map(WallTime);
        right && made.is_some_and(|made| now.since(made) < SESSION_LIFE)
    }

    /// Hashed twice, so that a longer text cannot be proved from a shorter one's proof.
    fn proof(&self, head: &str) -> String {
        let inner = Sha256::digest([self.key.as_slice(), head.as_bytes()].concat());
        URL_SAFE_NO_PAD.encode(Sha256::digest([self.key.as_slice(), inner.as_slice()].concat()))
    }
}

fn random() -> Result<String, Error> {
    let mut bytes = [0_u8; 18];
    getrandom::fill(&mut bytes).map_err(|e| Error::new(ErrorCode::Internal, "sign_in", e.to_string()))?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: WallTime = WallTime(1_700_000_000_000);

    fn later(ms: i64) -> WallTime {
        WallTime(NOW.0 + ms)
    }

    fn cookie(sign_in: &SignIn) -> String {
        let code = sign_in.code(NOW).unwrap();
        let header = sign_in.redeem(&code, NOW).unwrap().unwrap();
        header.split(';').next().unwrap().to_owned()
    }

    #[test]
    fn a_code_works_once_and_for_twelve_hours() {
        let sign_in = SignIn::new("secret", 8080);
        let code = sign_in.code(NOW).unwrap();
        assert_eq!(sign_in.redeem("other", NOW).unwrap(), None);
        assert!(sign_in.redeem(&code, later(CODE_LIFE - 1)).unwrap().is_some());
        assert_eq!(sign_in.redeem(&code, later(CODE_LIFE - 1)).unwrap(), None);
        let code = sign_in.code(NOW).unwrap();
        assert_eq!(sign_in.redeem(&code, later(CODE_LIFE)).unwrap(), None);
    }

    #[test]
    fn the_oldest_of_too_many_codes_is_forgotten() {
        let sign_in = SignIn::new("secret", 8080);
        let codes: Vec<String> = (0..=MOST_CODES).map(|_| sign_in.code(NOW).unwrap()).collect();
        assert_eq!(sign_in.redeem(&codes[0], NOW).unwrap(), None);
        assert!(sign_in.redeem(&codes[1], NOW).unwrap().is_some());
    }

    #[test]
    fn a_session_outlives_the_engine_but_not_its_token_or_its_time() {
        let cookie = cookie(&SignIn::new("secret", 8080));
        let again = SignIn::new("secret", 8080);
        assert!(again.holds(&format!("theme=dark; {cookie}"), later(1)));
        assert!(!again.holds(&cookie, later(SESSION_LIFE)));
        assert!(!SignIn::new("another", 8080).holds(&cookie, later(1)));
        assert!(!SignIn::new("secret", 8081).holds(&cookie, later(1)), "another port is another engine");
    }

    #[test]
    fn a_changed_cookie_is_none() {
        let sign_in = SignIn::new("secret", 8080);
        let cookie = cookie(&sign_in);
        let longer = cookie.replacen("=1700", "=9700", 1);
        for forged in [&longer[..], "lakeflow-8080=", "lakeflow-8080=1.2.3", &cookie[..cookie.len() - 1], ""]
        {
            assert!(!sign_in.holds(forged, later(1)), "{forged}");
        }
    }
}
