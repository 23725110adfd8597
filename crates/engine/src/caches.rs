//! Folders that are kept because making them again takes long, and removed when nothing has used them for long: when a
//! folder was used last is the time of a file beside it. Knows nothing of what is in them.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// Ending of the file beside a folder.
const STAMP: &str = "used";

/// Notes that a folder is used now. A note that cannot be written makes the folder go sooner, nothing else.
pub(crate) fn touch(folder: &Path) {
    let _ = fs::write(stamp(folder), "");
}

/// The folders directly below `root` that were used last before `before`; those never noted count from their own time.
pub(crate) fn unused(root: &Path, before: SystemTime) -> Vec<PathBuf> {
    let entries = fs::read_dir(root).into_iter().flatten().flatten();
    let folders = entries.map(|entry| entry.path()).filter(|path| path.is_dir());
    folders
        .filter(|folder| {
            let noted = fs::metadata(stamp(folder)).or_else(|_| fs::metadata(folder));
            noted.and_then(|found| found.modified()).is_ok_and(|used| used < before)
        })
        .collect()
}

/// Removes a folder and its note. It takes another name first, so that half of it is never taken for all; what an earlier
/// removal left under that name goes as well.
pub(crate) fn remove(folder: &Path) -> std::io::Result<()> {
    let gone = folder.with_extension("gone");
    if gone.exists() {
        fs::remove_dir_all(&gone)?;
    }
    fs::rename(folder, &gone)?;
    // One that was never noted has none.
    let _ = fs::remove_file(stamp(folder));
    fs::remove_dir_all(&gone)
}

fn stamp(folder: &Path) -> PathBuf {
    folder.with_extension(STAMP)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn folders_go_by_the_time_they_were_used_last() {
        let dir = tempfile::tempdir().unwrap();
        let [old, noted, new] = ["old", "noted", "new"].map(|name| dir.path().join(name));
        for folder in [&old, &noted, &new] {
            fs::create_dir(folder).unwrap();
            fs::write(folder.join("file"), "").unwrap();
        }
        let now = SystemTime::now();
        let age = |path: &Path, by: u64| {
            fs::File::open(path).unwrap().set_modified(now - Duration::from_secs(by)).unwrap();
        };
        age(&old, 1000);
        age(&noted, 1000);
        touch(&noted);
        let before = now - Duration::from_secs(500);
        assert_eq!(unused(dir.path(), before), std::slice::from_ref(&old));
        remove(&old).unwrap();
        assert!(!old.exists() && !dir.path().join("old.gone").exists());
        age(&stamp(&noted), 1000);
        assert_eq!(unused(dir.path(), before), std::slice::from_ref(&noted));
        remove(&noted).unwrap();
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "the note goes with its folder");
    }
}
