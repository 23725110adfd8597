//! "Did you mean": the nearest of the known names to one that a person wrote. For hints only; no rule depends on it.

use crate::cut;

/// The known name nearest to `wanted`, when one is near enough to be a likely slip: at most a third of its characters
/// differ, the case of ASCII letters aside. The earliest of equally near names wins.
pub fn nearest<'a>(wanted: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let mut nearest = Nearest::to(wanted);
    for name in known {
        nearest.consider(name);
    }
    nearest.found
}

/// A hint of the form "did you mean `x`?", when a known name is near.
pub fn did_you_mean<'a>(wanted: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let mut nearest = Nearest::to(wanted);
    for name in known {
        nearest.consider(name);
    }
    nearest.hint()
}

/// A search that is shown the known names one by one.
pub(crate) struct Nearest<'w, 'a> {
    wanted: &'w str,
    /// The least distance so far, less one: a name must be nearer than this.
    limit: usize,
    pub(crate) found: Option<&'a str>,
}

impl<'w, 'a> Nearest<'w, 'a> {
    pub(crate) fn to(wanted: &'w str) -> Self {
        Self { wanted, limit: wanted.chars().count().div_ceil(3) + 1, found: None }
    }

    pub(crate) fn consider(&mut self, name: &'a str) {
        if name == self.wanted {
            return;
        }
        let distance = distance(self.wanted, name);
        if distance < self.limit {
            (self.limit, self.found) = (distance, Some(name));
        }
    }

    /// The hint, when a name was near.
    pub(crate) fn hint(&self) -> Option<String> {
        self.found.map(|name| format!("did you mean `{name}`?"))
    }
}

/// Insertions, deletions, replacements and swaps of neighbours that turn one text into the other, the case of ASCII letters aside.
fn distance(a: &str, b: &str) -> usize {
    let (a, b) = (letters(a), letters(b));
    let width = b.len() + 1;
    // Row by row, for the beginnings of `a`.
    let mut table = Vec::with_capacity((a.len() + 1) * width);
    for i in 0..=a.len() {
        for j in 0..width {
            let mut least = i.max(j);
            if i > 0 && j > 0 {
                let at = table.len();
                let replace: usize = table[at - width - 1] + usize::from(a[i - 1] != b[j - 1]);
                least = replace.min(table[at - width] + 1).min(table[at - 1] + 1);
                if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                    least = least.min(table[at - 2 * width - 2] + 1);
                }
            }
            table.push(least);
        }
    }
    table.last().copied().unwrap_or_default()
}

/// What is compared of a text.
fn letters(text: &str) -> Vec<char> {
    let mut letters = cut::chars(text, 64);
    for c in &mut letters {
        c.make_ascii_lowercase();
    }
    letters
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_found_and_strangers_are_not() {
        let known = ["bronze_orders", "silver_orders", "gold"];
        assert_eq!(nearest("bronze_order", known), Some("bronze_orders"));
        assert_eq!(nearest("Silver_Orders", known), Some("silver_orders"));
        assert_eq!(nearest("glod", known), Some("gold"));
        assert_eq!(nearest("platinum", known), None);
        assert_eq!(nearest("", known), None);
    }

    #[test]
    fn a_swap_is_one_slip() {
        assert_eq!(distance("ab", "ba"), 1);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("kitten", "sitting"), 3);
    }
}
