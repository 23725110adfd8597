//! Which Python packages a task needs, as lines for pip (reference sections 6.3 and 6.4).

use super::{Attempt, ExecConfig, Failure};
use lakeflow_core::job::{EnvironmentSpec, TaskKind};
use lakeflow_core::run::TerminationCode;
use std::path::{Path, PathBuf};

/// The packages of one task.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Packages {
    /// Lines of a requirements file, local paths in place of workspace paths.
    pub(super) lines: Vec<String>,
    /// Files whose contents decide what is installed.
    pub(super) files: Vec<PathBuf>,
}

impl Packages {
    pub(super) fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }
}

/// The packages that a task's libraries and its environment name. Fails with every file that is missing.
pub(super) fn of(config: &ExecConfig, attempt: &Attempt) -> Result<Packages, Failure> {
    let python = matches!(
        attempt.task.kind(),
        Some(TaskKind::Notebook(_) | TaskKind::SparkPython(_) | TaskKind::PythonWheel(_) | TaskKind::Dbt(_))
    );
    let mut reader = Reader { config, packages: Packages::default(), problems: Vec::new() };
    if python {
        reader.libraries(attempt);
        if let Some(environment) = &attempt.environment {
            reader.environment(environment)?;
        }
    }
    if reader.problems.is_empty() {
        return Ok(reader.packages);
    }
    let message = format!("Libraries are missing: {}", reader.problems.join("; "));
    Err(Failure::new(TerminationCode::LibraryInstallationError, message))
}

struct Reader<'a> {
    config: &'a ExecConfig,
    packages: Packages,
    problems: Vec<String>,
}

impl Reader<'_> {
    fn libraries(&mut self, attempt: &Attempt) {
        for library in &attempt.task.libraries {
            if let Some(pypi) = &library.pypi {
                if let Some(repo) = &pypi.repo {
                    // pip has no index for one package alone.
                    self.push(format!("--extra-index-url {repo}"));
                }
                self.push(pypi.package.clone());
            }
            if let Some(path) = &library.whl {
                self.archive(path);
            }
            if let Some(path) = &library.requirements {
                self.option("-r", path);
            }
        }
    }

    fn environment(&mut self, environment: &EnvironmentSpec) -> Result<(), Failure> {
        if environment.project_environment.is_some() {
            let message =
                "an environment with `project_environment` does not run locally: list its `dependencies`";
            return Err(Failure::new(TerminationCode::FeatureDisabled, message));
        }
        for line in environment.dependencies.iter().flat_map(|entry| entry.lines()) {
            self.dependency(line.trim());
        }
        Ok(())
    }

    fn dependency(&mut self, line: &str) {
        if line.is_empty() || line.starts_with('#') {
            return;
        }
        let option = [("-r", "--requirement"), ("-e", "--editable"), ("-c", "--constraint")]
            .into_iter()
            .find_map(|(short, long)| Some((short, argument(line, short).or_else(|| argument(line, long))?)));
        match option {
            Some((option, path)) if !is_remote(path) => self.option(option, path),
            _ if is_remote(line) => self.push(line.to_owned()),
            _ if is_path(line) => self.archive(line),
            _ => self.push(line.to_owned()),
        }
    }

    /// A wheel, another archive, or a folder, with extras or without.
    fn archive(&mut self, named: &str) {
        let (path, extras) = match named.find('[') {
            Some(start) if named.ends_with(']') => named.split_at(start),
            _ => (named, ""),
        };
        if let Some(local) = self.local(path) {
            self.push(format!("{}{extras}", local.display()));
        }
    }

    fn option(&mut self, option: &str, path: &str) {
        if let Some(local) = self.local(path) {
            // pip reads the rest of the line as a shell would.
            let quoted = local.display().to_string().replace('\'', "'\\''");
            self.push(format!("{option} '{quoted}'"));
        }
    }

    /// The local file or folder; what is missing is noted.
    fn local(&mut self, path: &str) -> Option<PathBuf> {
        let local = match self.config.paths.resolve(path) {
            Ok(local) if local.exists() => local,
            Ok(local) => {
                self.problems.push(format!("{path} (no file {})", local.display()));
                return None;
            }
            Err(error) => {
                self.problems.push(error.message);
                return None;
            }
        };
        if local.is_dir() {
            // The sources of a folder may change without another installation; what it depends on may not.
            let files = ["pyproject.toml", "setup.cfg", "setup.py"].map(|name| local.join(name));
            self.packages.files.extend(files.into_iter().filter(|file| file.is_file()));
        } else {
            self.packages.files.push(local.clone());
        }
        Some(local)
    }

    fn push(&mut self, line: String) {
        self.packages.lines.push(line);
    }
}

/// The argument of a line that begins with this option.
fn argument<'a>(line: &'a str, option: &str) -> Option<&'a str> {
    let rest = line.strip_prefix(option)?;
    let value = rest.strip_prefix('=').unwrap_or(rest).trim();
    let separate = rest.starts_with(['=', ' ', '\t']) || option.len() == 2;
    (separate && !value.is_empty()).then(|| value.trim_matches(['"', '\'']))
}

fn is_remote(text: &str) -> bool {
    text.contains("://") && !text.starts_with("file:")
}

fn is_path(line: &str) -> bool {
    let path = line.split('[').next().unwrap_or(line);
    let archive = Path::new(path).extension().is_some_and(|extension| extension == "whl");
    let somewhere = ["/", "./", "../", "dbfs:/", "file:"].iter().any(|start| line.starts_with(start));
    somewhere || (archive && !line.contains(" @ "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_read_as_pip_reads_them() {
        assert_eq!(argument("-r /a/b.txt", "-r"), Some("/a/b.txt"));
        assert_eq!(argument("-r/a", "-r"), Some("/a"));
        assert_eq!(argument("--requirement=/a", "--requirement"), Some("/a"));
        assert_eq!(argument("--requirement '/a b'", "--requirement"), Some("/a b"));
        assert_eq!(argument("--requirements", "--requirement"), None);
        assert_eq!(argument("-e", "-e"), None);
    }

    #[test]
    fn paths_are_told_from_names_and_addresses() {
        for path in ["/Workspace/a/b.whl", "dbfs:/x.whl[all]", "./dist/x.whl", "x.whl", "/Workspace/lib"] {
            assert!(is_path(path), "{path}");
        }
        for name in ["requests>=2", "pkg[extra]==1", "pkg @ file:///x.whl", "--index-url x"] {
            assert!(!is_path(name), "{name}");
        }
        assert!(
            is_remote("https://x.org/a.whl") && is_remote("git+https://x.org/a") && !is_remote("file:///a")
        );
    }
}
