//! The data folder: created closed to others, held by one engine at a time, with the token and the file that tells
//! where its engine listens.

use lakeflow_core::error::{Error, ErrorCode};
use serde::{Deserialize, Serialize};
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Read, Seek, Write};
use std::path::{Path, PathBuf};

const OPERATION: &str = "open_data_folder";

/// `engine.json`: how a command finds the engine that runs on a data folder. Only there while it runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EngineFile {
    /// Base URL.
    pub url: String,
    /// Process id of the engine.
    pub pid: u32,
}

impl EngineFile {
    /// Reads `engine.json` of a data folder; `None` when no engine has left one there. Whether that engine still runs is
    /// for the caller to find out by calling it.
    pub fn read(folder: &Path) -> Option<Self> {
        serde_json::from_slice(&fs::read(folder.join("engine.json")).ok()?).ok()
    }
}

/// A data folder that this process holds. The lock is given back when it is dropped, or by the system when the process ends in
/// any other way.
#[derive(Debug)]
pub(crate) struct DataFolder {
    path: PathBuf,
    _lock: File,
}

impl DataFolder {
    /// Creates the folder (mode 0700) where it is missing and takes its lock. Blocks shortly.
    pub(crate) fn open(path: &Path) -> Result<Self, Error> {
        create_private(path).map_err(|e| failed("be created", path, &e))?;
        let path = fs::canonicalize(path).map_err(|e| failed("be used", path, &e))?;
        let lock_path = path.join("lock");
        let mut lock = private_options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&lock_path)
            .map_err(|e| failed("be written to", &path, &e))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(in_use(&path, &mut lock)),
            Err(TryLockError::Error(e)) => return Err(failed("be locked", &path, &e)),
        }
        let note = lock
            .set_len(0)
            .and_then(|()| lock.rewind())
            .and_then(|()| write!(lock, "{}", std::process::id()));
        note.map_err(|e| failed("be written to", &path, &e))?;
        Ok(Self { path, _lock: lock })
    }

    /// Absolute path of the folder.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The engine's token: read when it is there, else made of 32 random bytes and kept in `token` (mode 0600).
    pub(crate) fn token(&self) -> Result<String, Error> {
        let file = self.path.join("token");
        match fs::read_to_string(&file) {
            Ok(text) if text.trim().len() >= 32 => return Ok(text.trim().to_owned()),
            Ok(_) => {}
            Err(e) if e.kind() == ErrorKind::NotFound => {}
            Err(e) => return Err(failed("be read", &file, &e)),
        }
        let mut bytes = [0_u8; 32];
        getrandom::fill(&mut bytes)
            .map_err(|e| Error::new(ErrorCode::Internal, OPERATION, format!("no random bytes: {e}")))?;
        let token: String =
            std::iter::once("lakeflow-".to_owned()).chain(bytes.iter().map(|b| format!("{b:02x}"))).collect();
        self.replace("token", token.as_bytes())?;
        Ok(token)
    }

    /// Tells where the engine listens.
    pub(crate) fn announce(&self, engine: &EngineFile) -> Result<(), Error> {
        let text = serde_json::to_vec(engine)
            .map_err(|e| Error::new(ErrorCode::Internal, OPERATION, format!("engine.json: {e}")))?;
        self.replace("engine.json", &text)
    }

    /// Takes the announcement back. A leftover does no harm, so a failure is ignored.
    pub(crate) fn withdraw(&self) {
        let _ = fs::remove_file(self.path.join("engine.json"));
    }

    /// Writes a file of the folder whole: never half of it is seen, and others cannot read it.
    fn replace(&self, name: &str, bytes: &[u8]) -> Result<(), Error> {
        let (target, draft) = (self.path.join(name), self.path.join(format!("{name}.new")));
        let write = || -> std::io::Result<()> {
            if draft.exists() {
                fs::remove_file(&draft)?;
            }
            let mut file = private_options().write(true).create_new(true).open(&draft)?;
            file.write_all(bytes)?;
            file.sync_all()?;
            fs::rename(&draft, &target)
        };
        write().map_err(|e| failed("be written", &target, &e))
    }
}

fn in_use(path: &Path, lock: &mut File) -> Error {
    let mut pid = String::new();
    // The note only makes the message better; without it the message is still right.
    let _ = lock.read_to_string(&mut pid);
    let mut message = "another engine is using this data folder".to_owned();
    if let Some(engine) = EngineFile::read(path) {
        message = format!("{message}: process {} at {}", engine.pid, engine.url);
    } else if !pid.is_empty() {
        message = format!("{message}: process {pid}");
    }
    Error::new(ErrorCode::Storage, OPERATION, format!("{message}; stop it or choose another folder"))
        .with("folder", path.display())
}

fn failed(what: &str, path: &Path, error: &std::io::Error) -> Error {
    Error::new(ErrorCode::Storage, OPERATION, format!("the data folder cannot {what}: {error}"))
        .with("path", path.display())
}

#[cfg(unix)]
fn create_private(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}

#[cfg(not(unix))]
fn create_private(path: &Path) -> std::io::Result<()> {
    fs::create_dir_all(path)
}

#[cfg(unix)]
fn private_options() -> OpenOptions {
    use std::os::unix::fs::OpenOptionsExt;
    let mut options = OpenOptions::new();
    options.mode(0o600);
    options
}

#[cfg(not(unix))]
fn private_options() -> OpenOptions {
    OpenOptions::new()
}
