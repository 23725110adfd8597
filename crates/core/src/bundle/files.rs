//! The files of a bundle as the caller gives them, and paths and patterns over them. No file is touched here.

use std::collections::{BTreeMap, BTreeSet};

/// What stands at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Nothing, or nothing that can be seen.
    Missing,
    /// A file.
    File,
    /// A folder.
    Folder,
}

/// Read access to a folder. Paths are relative to it, with `/` between the parts and without `.` and `..`; the folder
/// itself is the empty path.
pub trait Files {
    /// The bytes of a file.
    ///
    /// # Errors
    /// Why it could not be read, as a sentence for people.
    fn read(&self, path: &str) -> Result<Vec<u8>, String>;

    /// What stands at a path.
    fn kind(&self, path: &str) -> Kind;

    /// The names in a folder, without its path; empty when it is none.
    fn list(&self, folder: &str) -> Vec<String>;
}

/// Files held in memory.
#[derive(Clone, Debug, Default)]
pub struct MemoryFiles(BTreeMap<String, Vec<u8>>);

impl MemoryFiles {
    /// Puts a file there.
    pub fn insert(&mut self, path: impl Into<String>, bytes: impl Into<Vec<u8>>) {
        self.0.insert(path.into(), bytes.into());
    }
}

impl<P: Into<String>, B: Into<Vec<u8>>> FromIterator<(P, B)> for MemoryFiles {
    fn from_iter<I: IntoIterator<Item = (P, B)>>(files: I) -> Self {
        Self(files.into_iter().map(|(path, bytes)| (path.into(), bytes.into())).collect())
    }
}

impl Files for MemoryFiles {
    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        self.0.get(path).cloned().ok_or_else(|| "there is no such file".to_owned())
    }

    fn kind(&self, path: &str) -> Kind {
        if self.0.contains_key(path) {
            Kind::File
        } else if path.is_empty() || self.0.keys().any(|key| below(key, path).is_some()) {
            Kind::Folder
        } else {
            Kind::Missing
        }
    }

    fn list(&self, folder: &str) -> Vec<String> {
        let names = self.0.keys().filter_map(|key| below(key, folder)?.split('/').next());
        names.map(str::to_owned).collect::<BTreeSet<_>>().into_iter().collect()
    }
}

/// The rest of a path below a folder.
fn below<'a>(path: &'a str, folder: &str) -> Option<&'a str> {
    if folder.is_empty() { Some(path) } else { path.strip_prefix(folder)?.strip_prefix('/') }
}

/// The folder of a file; empty for files of the root.
pub(super) fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// A path as it is written in a file of `folder`, from the root; `None` when it leads out of the root.
pub(super) fn join(folder: &str, path: &str) -> Option<String> {
    let mut parts: Vec<&str> = Vec::new();
    for part in folder.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// True when a path has a character that makes it a pattern.
pub(super) fn is_pattern(path: &str) -> bool {
    path.contains(['*', '?', '['])
}

/// The files that a pattern names, in order. `*` and `?` stay inside a name, `[a-c]` and `[!a]` are sets, `**` is any
/// number of folders. Names that begin with a dot are found only by parts that do.
pub(super) fn glob(files: &dyn Files, pattern: &str) -> Vec<String> {
    let parts: Vec<&str> = pattern.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    let mut found = BTreeSet::new();
    descend(files, "", &parts, &mut found);
    found.into_iter().collect()
}

fn descend(files: &dyn Files, folder: &str, parts: &[&str], found: &mut BTreeSet<String>) {
    let Some((part, rest)) = parts.split_first() else { return };
    let at = |name: &str| if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") };
    if *part == "**" {
        descend(files, folder, rest, found);
        for name in files.list(folder).iter().filter(|name| !name.starts_with('.')) {
            if files.kind(&at(name)) == Kind::Folder {
                descend(files, &at(name), parts, found);
            }
        }
        return;
    }
    for name in files.list(folder) {
        let hidden = name.starts_with('.') && !part.starts_with('.');
        if hidden || !matches(part, &name) {
            continue;
        }
        match (files.kind(&at(&name)), rest.is_empty()) {
            (Kind::File, true) => {
                found.insert(at(&name));
            }
            (Kind::Folder, false) => descend(files, &at(&name), rest, found),
            _ => {}
        }
    }
}

/// Matches one name against one part of a pattern.
fn matches(pattern: &str, name: &str) -> bool {
    let (pattern, name): (Vec<char>, Vec<char>) = (pattern.chars().collect(), name.chars().collect());
    let (mut p, mut n) = (0, 0);
    // Where to go on when the text after the last star did not fit.
    let mut star: Option<(usize, usize)> = None;
    while n < name.len() {
        if pattern.get(p) == Some(&'*') {
            star = Some((p + 1, n));
            p += 1;
        } else if let Some(next) = pattern.get(p).and_then(|_| one(&pattern, p, name[n])) {
            (p, n) = (next, n + 1);
        } else if let Some((after, from)) = star {
            star = Some((after, from + 1));
            (p, n) = (after, from + 1);
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

/// Matches one character; gives the place after the matched part of the pattern.
fn one(pattern: &[char], at: usize, c: char) -> Option<usize> {
    match pattern[at] {
        '?' => Some(at + 1),
        '[' => {
            let close = pattern.iter().skip(at + 2).position(|c| *c == ']')? + at + 2;
            let set = &pattern[at + 1..close];
            let (negated, set) = match set.split_first() {
                Some(('!' | '^', rest)) => (true, rest),
                _ => (false, set),
            };
            let mut inside = false;
            let mut n = 0;
            while n < set.len() {
                if n + 2 < set.len() && set[n + 1] == '-' {
                    inside |= (set[n]..=set[n + 2]).contains(&c);
                    n += 3;
                } else {
                    inside |= set[n] == c;
                    n += 1;
                }
            }
            (inside != negated).then_some(close + 1)
        }
        literal => (literal == c).then_some(at + 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_match_patterns() {
        let yes =
            [("*.yml", "a.yml"), ("a*c*e", "abcde"), ("?.sql", "x.sql"), ("[a-c]1", "b1"), ("[!a]", "b")];
        for (pattern, name) in yes {
            assert!(matches(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in [("*.yml", "a.yaml"), ("?", ""), ("[a-c]", "d"), ("[!a]", "a"), ("a", "ab")] {
            assert!(!matches(pattern, name), "{pattern} {name}");
        }
    }

    #[test]
    fn patterns_find_files() {
        let names = ["a.yml", "r/b.yml", "r/s/c.yml", "r/.hidden.yml", "r/d.txt"];
        let files: MemoryFiles = names.into_iter().map(|name| (name, "")).collect();
        assert_eq!(glob(&files, "*.yml"), ["a.yml"]);
        assert_eq!(glob(&files, "r/*.yml"), ["r/b.yml"]);
        assert_eq!(glob(&files, "./r/**/*.yml"), ["r/b.yml", "r/s/c.yml"]);
        assert_eq!(glob(&files, "r"), Vec::<String>::new());
    }

    #[test]
    fn paths_join_and_stay_inside() {
        assert_eq!(join("resources", "../src/a.py").as_deref(), Some("src/a.py"));
        assert_eq!(join("", "./a/./b").as_deref(), Some("a/b"));
        assert_eq!(join("resources", "../../a"), None);
    }
}
