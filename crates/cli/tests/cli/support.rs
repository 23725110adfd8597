//! Runs the real binary in a folder of its own, with nothing of the environment that could lead it elsewhere.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

/// A folder with files, and the binary to run in it.
pub(crate) struct Room {
    folder: tempfile::TempDir,
}

/// What a command said, and how it ended.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Room {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    /// A bundle with one job, whose tasks are given as YAML.
    pub(crate) fn bundle(tasks: &str) -> Self {
        let room = Self::new();
        room.write("databricks.yml", bundle_text(tasks));
        room
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path
    }

    /// The binary, ready to run.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lakeflow"));
        command.args(args).current_dir(self.folder.path()).env("HOME", self.folder.path());
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("DATABRICKS_") {
                command.env_remove(name);
            }
        }
        command
    }

    pub(crate) fn run(&self, args: &[&str]) -> Said {
        said(self.command(args).output().unwrap())
    }
}

pub(crate) fn said(output: Output) -> Said {
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Said { code: output.status.code().unwrap_or(-1), out: text(output.stdout), err: text(output.stderr) }
}

impl Said {
    /// Ends with this code, says all of these on either stream, and never shows its insides.
    #[track_caller]
    pub(crate) fn expect(&self, code: i32, parts: &[&str]) -> &Self {
        assert_eq!(self.code, code, "{self:#?}");
        for part in parts {
            assert!(self.out.contains(part) || self.err.contains(part), "no {part:?} in {self:#?}");
        }
        for inside in ["panicked", "Error {", "Some(", "None,"] {
            assert!(!self.err.contains(inside), "{inside:?} in {self:#?}");
        }
        self
    }
}

pub(crate) fn bundle_text(tasks: &str) -> String {
    let tasks: Vec<String> = tasks.lines().map(|line| format!("        {line}")).collect();
    format!(
        "bundle:\n  name: demo\nresources:\n  jobs:\n    etl:\n      name: etl\n      parameters:\n        - name: day\n          default: \"1\"\n      tasks:\n{}\n",
        tasks.join("\n")
    )
}

/// A condition task: it needs no Python and is over at once.
pub(crate) const CONDITION: &str =
    "- task_key: check\n  condition_task: {op: EQUAL_TO, left: \"{{job.parameters.day}}\", right: \"1\"}";

/// A served engine, ended when it is dropped.
pub(crate) struct Served {
    child: Child,
    address: String,
    token: String,
    /// The lines up to the place of the token.
    pub(crate) said: Vec<String>,
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Served {
    /// `lakeflow dev` with these settings beside a free port.
    pub(crate) fn new(room: &Room, settings: &[&str]) -> Self {
        let words = [&["--quiet", "dev", "--port", "0"], settings].concat();
        let mut child = room.command(&words).stdout(Stdio::piped()).spawn().unwrap();
        let (mut address, mut token, mut said) = (String::new(), String::new(), Vec::new());
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        for line in lines.by_ref() {
            if let Some(url) = line.strip_prefix("host ") {
                url.trim().trim_start_matches("http://").clone_into(&mut address);
            }
            if let Some(path) = line.strip_prefix("token ") {
                std::fs::read_to_string(path.trim()).unwrap().trim().clone_into(&mut token);
                break;
            }
            said.push(line);
        }
        // It goes on printing, and ends when nobody listens.
        std::thread::spawn(move || lines.for_each(drop));
        assert!(!address.is_empty() && !token.is_empty(), "it says where it is and where the token is");
        Self { child, address, token, said }
    }

    /// Asks as the holder of the engine's own token; status and the whole answer.
    pub(crate) fn get(&self, path: &str) -> (u16, String) {
        self.get_as(&self.token, "127.0.0.1", path)
    }

    /// Asks with a token and a host name.
    pub(crate) fn get_as(&self, token: &str, host: &str, path: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok());
        (status.unwrap_or_else(|| panic!("no status: {answer}")), answer)
    }
}
