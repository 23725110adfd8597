//! Which bytes of a log are standard error. Both streams go into one file, in the order in which they were written; the
//! runner notes beside it which bytes Python wrote as standard error (`stderr_marks_path` in `PROTOCOL.md`).
//!
//! What programs that a task starts write themselves is not noted, and counts as output.

use std::fs::File;
use std::io::{Read, Result, Seek, SeekFrom};
use std::path::Path;

/// A note: the first byte and the one after the last, both as 64 bits, low byte first.
const NOTE: u64 = 16;

/// Bytes of notes that are looked at, and that stay on disk: the last ones.
const KEPT: u64 = NOTE << 18;

/// Gives the disk space of notes that are not looked at any more back.
pub(super) fn trim(path: &Path) {
    let length = std::fs::metadata(path).map_or(0, |metadata| metadata.len());
    if length > 2 * KEPT {
        // Notes that stay cost disk space and nothing else.
        let _ = super::log::trim(path, length - KEPT);
    }
}

/// Lines of a part of the log, of which `from` is the first byte, that are standard error: pairs of a first line, from 0, and their
/// number. `None` when nobody noted it. Blocks.
pub(crate) fn errors(path: &Path, from: u64, part: &[u8]) -> Option<Vec<[usize; 2]>> {
    let notes = read(path, from, from + part.len() as u64).ok()?;
    let mut found: Vec<[usize; 2]> = Vec::new();
    let mut at = from;
    let mut note = notes.iter().peekable();
    for (n, line) in part.split(|byte| *byte == b'\n').enumerate() {
        while note.next_if(|(_, to)| *to <= at).is_some() {}
        if note.peek().is_some_and(|(from, _)| *from <= at) && !line.is_empty() {
            match found.last_mut() {
                Some([first, count]) if *first + *count == n => *count += 1,
                _ => found.push([n, 1]),
            }
        }
        at += line.len() as u64 + 1;
    }
    Some(found)
}

/// Notes that touch a part of the log, in its order.
fn read(path: &Path, from: u64, to: u64) -> Result<Vec<(u64, u64)>> {
    let mut notes = pairs(path)?;
    notes.retain(|(first, end)| *end > from && *first < to);
    // Processes of one task may write their notes after one another's.
    notes.sort_unstable();
    Ok(notes)
}

/// The last notes of a file, as they were written.
pub(super) fn pairs(path: &Path) -> Result<Vec<(u64, u64)>> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(KEPT).next_multiple_of(NOTE)))?;
    let mut bytes = Vec::new();
    file.take(KEPT).read_to_end(&mut bytes)?;
    let number = |bytes: &[u8]| bytes.iter().rev().fold(0, |sum, byte| sum << 8 | u64::from(*byte));
    Ok(bytes.chunks_exact(NOTE as usize).map(|note| (number(&note[..8]), number(&note[8..]))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_standard_error_are_those_that_begin_in_a_note() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("marks");
        let text = b"one\ntwo\nthree\nfour\n";
        assert_eq!(errors(&path, 0, text), None, "nobody noted anything");
        let notes: [(u64, u64); 2] = [(14, 19), (4, 8)];
        let bytes: Vec<u8> =
            notes.iter().flat_map(|(from, to)| [from.to_le_bytes(), to.to_le_bytes()].concat()).collect();
        std::fs::write(&path, &bytes).unwrap();
        assert_eq!(errors(&path, 0, text), Some(vec![[1, 1], [3, 1]]));
        assert_eq!(errors(&path, 8, &text[8..]), Some(vec![[1, 1]]), "a part of the log");
        assert_eq!(errors(&path, 5, &text[5..7]), Some(vec![[0, 1]]), "a part that begins within a line");
        std::fs::write(&path, [&bytes[..], b"half a note"].concat()).unwrap();
        assert_eq!(errors(&path, 0, text), Some(vec![[1, 1], [3, 1]]));
    }

    #[test]
    fn lines_after_each_other_are_one_pair() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("marks");
        std::fs::write(&path, [0_u64.to_le_bytes(), 8_u64.to_le_bytes()].concat()).unwrap();
        assert_eq!(errors(&path, 0, b"one\ntwo\nthree\n"), Some(vec![[0, 2]]));
    }
}
