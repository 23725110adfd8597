//! "Did you mean": the nearest of the known names to one that a person wrote. For hints only; no rule depends on it.

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
        let distance = distance(&self.wanted.to_ascii_lowercase(), &name.to_ascii_lowercase());
        if distance < self.limit {
            (self.limit, self.found) = (distance, Some(name));
        }
    }

    /// The hint, when a name was near.
    pub(crate) fn hint(&self) -> Option<String> {
        self.found.map(|name| format!("did you mean `{name}`?"))
    }
}

/// Insertions, deletions, replacements and swaps of neighbours that turn one text into the other.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().take(64).collect(), b.chars().take(64).collect());
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i; b.len() + 1];
        for j in 1..=b.len() {
            let replace = last[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            row[j] = replace.min(last[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                row[j] = row[j].min(before[j - 2] + 1);
            }
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
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
