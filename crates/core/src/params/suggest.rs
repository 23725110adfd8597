//! The name a person may have meant.

/// The known name closest to `wrong`, when it differs by few edits: at most a third of its characters, and at
/// most 2, letter case not counted.
pub(crate) fn closest<'a>(wrong: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let length = wrong.chars().count();
    if length > 100 {
        return None;
    }
    let allowed = (length / 3).min(2);
    let wrong = wrong.to_lowercase();
    known
        .into_iter()
        .filter(|name| name.len() <= 400)
        .map(|name| (edits(&wrong, &name.to_lowercase()), name))
        .filter(|(edits, _)| *edits <= allowed)
        .min()
        .map(|(_, name)| name)
}

/// Edit distance with exchanges of neighbours (optimal string alignment).
fn edits(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let change = usize::from(a[i - 1] != b[j - 1]);
            let mut best = (row[j - 1] + 1).min(last[j] + 1).min(last[j - 1] + change);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(before[j - 2] + 1);
            }
            row.push(best);
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_typos_and_leaves_other_words() {
        let known = ["startDate", "endDate", "required"];
        assert_eq!(closest("startdate", known), Some("startDate"));
        assert_eq!(closest("requierd", known), Some("required"));
        assert_eq!(closest("table", known), None);
        assert_eq!(closest("", known), None);
    }
}
