//! The log of an attempt: bounded on disk while it grows, and read from its end.
//!
//! A log is appended to by the attempt's processes alone. Its beginning is given back to the file system as a hole, so
//! that the length stays the number of bytes that were printed: whoever reads the end sees by the length that more
//! came before it, and no byte of the end is ever lost or moved while it is written.

use std::fs::{File, OpenOptions};
use std::io::{Read, Result, Seek, SeekFrom, Write};
use std::path::Path;

/// Bytes of a log that are shown: the last ones (reference section 3.10).
pub const SHOWN: u64 = 5 << 20;

/// Bytes that stay on disk. More than is shown, so that a reader is not overtaken by a trim.
const KEPT: u64 = 2 * SHOWN;

/// How much a log may grow before it is trimmed again.
const SLACK: u64 = 2 * SHOWN;

/// The trim that a log of `length` bytes needs, whose first `trimmed` bytes are gone already: where to trim to.
pub(super) fn due(length: u64, trimmed: u64) -> Option<u64> {
    (length > trimmed.saturating_add(KEPT + SLACK)).then(|| length - KEPT)
}

/// Gives the disk space of everything before `end` back. The length stays.
pub(super) fn trim(path: &Path, end: u64) -> Result<()> {
    let file = OpenOptions::new().read(true).write(true).open(path)?;
    if punch(&file, end) { Ok(()) } else { rewrite(file, end) }
}

#[cfg(target_os = "linux")]
fn punch(file: &File, end: u64) -> bool {
    use rustix::fs::{FallocateFlags, fallocate};
    fallocate(file, FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE, 0, end).is_ok()
}

#[cfg(not(target_os = "linux"))]
fn punch(_file: &File, _end: u64) -> bool {
    false
}

/// Where holes cannot be made: empties the file, makes it as long as it was, which is one hole, and writes the end
/// back. What is printed between the two cuts, a few microseconds, is lost.
fn rewrite(mut file: File, end: u64) -> Result<()> {
    file.seek(SeekFrom::Start(end))?;
    let mut kept = Vec::new();
    file.read_to_end(&mut kept)?;
    file.set_len(0)?;
    file.set_len(end + kept.len() as u64)?;
    file.seek(SeekFrom::Start(end))?;
    file.write_all(&kept)
}

/// The last `bytes` of a log as text, and whether more came before them. A log that cannot be read is empty.
/// Blocks; a log that is being written may be read.
pub fn tail(path: &Path, bytes: u64) -> (String, bool) {
    let read = || -> Result<(Vec<u8>, bool)> {
        let mut file = File::open(path)?;
        let from = file.metadata()?.len().saturating_sub(bytes);
        file.seek(SeekFrom::Start(from))?;
        let mut tail = Vec::new();
        file.take(bytes).read_to_end(&mut tail)?;
        Ok((tail, from > 0))
    };
    let (bytes, more) = read().unwrap_or_default();
    (String::from_utf8_lossy(&bytes).into_owned(), more)
}

/// At most `most` bytes of a log from `offset` on, or its last ones, and where the part ends. What was given back to the
/// file system is passed over; a character that the end cuts is left for the next part. Blocks.
pub fn part(path: &Path, offset: Option<u64>, most: u64) -> (String, u64) {
    let read = || -> Result<(Vec<u8>, u64)> {
        let mut file = File::open(path)?;
        let length = file.metadata()?.len();
        let start = offset.unwrap_or(length.saturating_sub(most)).clamp(length.saturating_sub(KEPT), length);
        file.seek(SeekFrom::Start(start))?;
        let mut part = Vec::new();
        file.take(most).read_to_end(&mut part)?;
        Ok((part, start))
    };
    let (mut bytes, start) = read().unwrap_or_default();
    if let Err(cut) = std::str::from_utf8(&bytes)
        && cut.error_len().is_none()
    {
        bytes.truncate(cut.valid_up_to());
    }
    (String::from_utf8_lossy(&bytes).into_owned(), start + bytes.len() as u64)
}

/// Which part of a log is wanted; whole lines where there are any.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Part {
    /// At most so many bytes from an offset on.
    From(u64, u64),
    /// At most so many bytes before an offset, or before the end.
    Before(u64, u64),
}

/// Part of a log, and where it stands in the whole.
#[derive(Clone, Debug, Default)]
pub(crate) struct Window {
    pub(crate) bytes: Vec<u8>,
    /// First byte, and the one after the last.
    pub(crate) from: u64,
    pub(crate) to: u64,
    /// Bytes of the log.
    pub(crate) size: u64,
    /// First byte that is still on disk.
    pub(crate) kept: u64,
    /// Lines before the part, of those that are kept.
    pub(crate) line: u64,
}

/// All of a log that is still on disk, and its first byte. Blocks.
pub(super) fn kept(path: &Path) -> Result<(u64, Vec<u8>)> {
    let mut file = File::open(path)?;
    let size = file.metadata()?.len();
    // More than is ever kept is a hole at the beginning.
    let lowest = if size > KEPT + SLACK { size - KEPT } else { 0 };
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(lowest))?;
    file.take(size - lowest).read_to_end(&mut bytes)?;
    let hole = bytes.iter().take_while(|byte| **byte == 0).count();
    bytes.drain(..hole);
    Ok((lowest + hole as u64, bytes))
}

/// A part of a log. Blocks; a log that cannot be read is empty, one that is being written may be read.
pub(crate) fn window(path: &Path, part: Part) -> Window {
    let read = || -> Result<Window> {
        let (kept, bytes) = kept(path)?;
        let end = kept + bytes.len() as u64;
        let (mut from, mut to) = match part {
            Part::From(from, most) => {
                (from.clamp(kept, end), from.clamp(kept, end).saturating_add(most).min(end))
            }
            Part::Before(to, most) => {
                (to.clamp(kept, end).saturating_sub(most).max(kept), to.clamp(kept, end))
            }
        };
        let at = |offset: u64| (offset - kept) as usize;
        let is_break = |byte: &u8| *byte == b'\n';
        if matches!(part, Part::Before(..)) && from > kept {
            // Whole lines, unless one line is all there is.
            from += bytes[at(from)..at(to)].iter().position(is_break).map_or(0, |n| n as u64 + 1);
        }
        if let Err(cut) = std::str::from_utf8(&bytes[at(from)..at(to)])
            && cut.error_len().is_none()
        {
            to = from + cut.valid_up_to() as u64;
        }
        let line = bytes[..at(from)].iter().filter(|byte| is_break(byte)).count() as u64;
        let bytes = bytes[at(from)..at(to)].to_vec();
        Ok(Window { bytes, from, to, size: end, kept, line })
    };
    read().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trim_is_due_only_after_enough_growth() {
        assert_eq!(due(KEPT + SLACK, 0), None);
        assert_eq!(due(KEPT + SLACK + 1, 0), Some(SLACK + 1));
        assert_eq!(due(KEPT + SLACK + 1, SLACK + 1), None);
    }

    #[test]
    fn both_ways_of_trimming_keep_length_and_end() {
        let dir = tempfile::tempdir().unwrap();
        for (name, way) in [("punch", trim as fn(&Path, u64) -> Result<()>), ("rewrite", rewrite_path)] {
            let path = dir.path().join(name);
            std::fs::write(&path, [vec![b'x'; 1 << 20], b"the end".to_vec()].concat()).unwrap();
            way(&path, 1 << 20).unwrap();
            assert_eq!(tail(&path, 7), ("the end".to_owned(), true), "{name}");
            assert_eq!(std::fs::metadata(&path).unwrap().len(), (1 << 20) + 7, "{name}");
            assert_eq!(std::fs::read(&path).unwrap()[..1 << 20], vec![0; 1 << 20], "{name}");
        }
    }

    #[test]
    fn windows_are_whole_lines_with_their_place() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log");
        assert_eq!(window(&path, Part::Before(u64::MAX, 10)).size, 0);
        std::fs::write(&path, "one\ntwo\nthree\n").unwrap();
        let shown = |part| {
            let found = window(&path, part);
            (String::from_utf8(found.bytes).unwrap(), found.from, found.to, found.line)
        };
        assert_eq!(shown(Part::Before(u64::MAX, 8)), ("three\n".to_owned(), 8, 14, 2));
        assert_eq!(shown(Part::Before(8, 5)), ("two\n".to_owned(), 4, 8, 1));
        assert_eq!(shown(Part::Before(4, 100)), ("one\n".to_owned(), 0, 4, 0));
        assert_eq!(shown(Part::From(8, 100)), ("three\n".to_owned(), 8, 14, 2));
        assert_eq!(shown(Part::From(99, 100)), (String::new(), 14, 14, 3));
        trim(&path, 4).unwrap();
        let kept = window(&path, Part::Before(u64::MAX, 100));
        assert_eq!((kept.bytes.as_slice(), kept.kept, kept.size), (b"two\nthree\n".as_slice(), 4, 14));
    }

    #[test]
    fn parts_follow_each_other_and_do_not_cut_characters() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log");
        assert_eq!(part(&path, None, 5), (String::new(), 0));
        std::fs::write(&path, "abcdé12").unwrap();
        assert_eq!(part(&path, Some(0), 5), ("abcd".to_owned(), 4));
        assert_eq!(part(&path, Some(4), 5), ("é12".to_owned(), 8));
        assert_eq!(part(&path, Some(99), 5), (String::new(), 8));
        assert_eq!(part(&path, None, 2), ("12".to_owned(), 8));
    }

    fn rewrite_path(path: &Path, end: u64) -> Result<()> {
        rewrite(OpenOptions::new().read(true).write(true).open(path)?, end)
    }
}
