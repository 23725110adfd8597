//! Relative paths of jobs become workspace paths below `workspace.file_path`, and what they name must exist
//! (reference section 19.2).

use super::files::{Files, Kind, folder, glob, is_pattern, join};
use super::loader::Problems;
use super::rules;
use crate::job::Code;
use crate::source::{Data, Node};

/// Extensions of notebooks; they are dropped from paths of notebook tasks.
const NOTEBOOKS: [&str; 5] = [".py", ".sql", ".scala", ".r", ".ipynb"];

/// First lines that make a source file a notebook (reference section 23.1).
const HEADERS: [&str; 3] =
    ["# Databricks notebook source", "-- Databricks notebook source", "// Databricks notebook source"];

/// Translates the paths of one job.
pub(super) struct Translator<'a> {
    pub(super) files: &'a dyn Files,
    /// The bundle's folder.
    pub(super) folder: &'a str,
    /// `workspace.file_path`.
    pub(super) file_path: &'a str,
    pub(super) problems: &'a mut Problems,
}

/// What a path must name.
#[derive(Clone, Copy)]
enum Wanted {
    Notebook,
    Script,
    File,
    Folder,
}

impl Translator<'_> {
    /// Translates every path of a job that stands at `path` in the document.
    pub(super) fn job(&mut self, job: &mut Node, path: &str) {
        let git = job.get("git_source").is_some_and(|git| !git.is_null());
        if let Some(Data::List(tasks)) = job.get_mut("tasks").map(|tasks| &mut tasks.data) {
            for (n, task) in tasks.iter_mut().enumerate() {
                let path = format!("{path}.tasks[{n}]");
                self.task(task, &path, git);
                if let Some(nested) = task.get_mut("for_each_task").and_then(|block| block.get_mut("task")) {
                    self.task(nested, &format!("{path}.for_each_task.task"), git);
                }
            }
        }
        if let Some(Data::List(environments)) = job.get_mut("environments").map(|list| &mut list.data) {
            for (n, environment) in environments.iter_mut().enumerate() {
                let path = format!("{path}.environments[{n}].spec");
                if let Some(spec) = environment.get_mut("spec") {
                    self.environment(spec, &path);
                }
            }
        }
    }

    fn task(&mut self, task: &mut Node, path: &str, git: bool) {
        let blocks: [(&[&str], &str, Wanted); 5] = [
            (&["notebook_task"], "notebook_path", Wanted::Notebook),
            (&["spark_python_task"], "python_file", Wanted::Script),
            (&["dbt_task"], "project_directory", Wanted::Folder),
            (&["sql_task", "file"], "path", Wanted::File),
            (&["alert_task"], "workspace_path", Wanted::File),
        ];
        for (block, field, wanted) in blocks {
            let mut at = Some(&mut *task);
            for step in block {
                at = at.and_then(|node| node.get_mut(step));
            }
            let Some(at) = at else { continue };
            let from_git = match at.get("source").and_then(Node::as_text) {
                Some(source) => source == "GIT",
                None => git,
            };
            if let (Some(node), false) = (at.get_mut(field), from_git) {
                self.field(node, &format!("{path}.{}.{field}", block.join(".")), wanted);
            }
        }
        let deployments = task.get_mut("ai_runtime_task").and_then(|block| block.get_mut("deployments"));
        if let Some(Data::List(deployments)) = deployments.map(|list| &mut list.data) {
            for (n, deployment) in deployments.iter_mut().enumerate() {
                let path = format!("{path}.ai_runtime_task.deployments[{n}].command_path");
                if let Some(node) = deployment.get_mut("command_path") {
                    self.field(node, &path, Wanted::File);
                }
            }
        }
        if let Some(Data::List(libraries)) = task.get_mut("libraries").map(|list| &mut list.data) {
            self.libraries(libraries, &format!("{path}.libraries"));
        }
    }

    /// Translates one path in place.
    fn field(&mut self, node: &mut Node, path: &str, wanted: Wanted) {
        let Some(text) = node.as_text().filter(|text| is_relative(text)).map(str::to_owned) else { return };
        let Some(file) = self.inside(node, &text, path) else { return };
        if self.judge(node, &text, &file, path, wanted) {
            let name = match wanted {
                Wanted::Notebook => without_extension(&file),
                _ => &file,
            };
            *node = Node::text(self.remote(name), node.mark.clone());
        }
    }

    /// The path from the root of the files; a problem when it leads out of the bundle.
    fn inside(&mut self, node: &Node, text: &str, path: &str) -> Option<String> {
        let file = join(folder(&node.mark.file), text);
        let inside = file.filter(|file| {
            self.folder.is_empty() || file == self.folder || file.starts_with(&format!("{}/", self.folder))
        });
        if inside.is_none() {
            let message = format!("`{text}` leads out of the bundle's folder");
            self.problems.report(rules::PATH_OUTSIDE_BUNDLE, &node.mark, path, message, None);
        }
        inside
    }

    fn remote(&self, file: &str) -> String {
        let relative = file.strip_prefix(self.folder).unwrap_or(file).trim_start_matches('/');
        if relative.is_empty() { self.file_path.to_owned() } else { format!("{}/{relative}", self.file_path) }
    }

    /// True when the path names what it must; otherwise a problem was reported.
    fn judge(&mut self, node: &Node, text: &str, file: &str, path: &str, wanted: Wanted) -> bool {
        let kind = self.files.kind(file);
        let broken: Option<(&Code, String, Option<String>)> = match (wanted, kind) {
            (Wanted::Folder, Kind::Folder) | (Wanted::File, Kind::File) => None,
            (Wanted::Notebook, Kind::File) => (!self.is_notebook(file)).then(|| {
                let hint = "its first line must be `# Databricks notebook source`; a plain script is a `spark_python_task`";
                (rules::NOT_A_NOTEBOOK, format!("`{text}` is not a notebook"), Some(hint.to_owned()))
            }),
            (Wanted::Script, Kind::File) => self.is_notebook(file).then(|| {
                let hint = "run it with a `notebook_task`".to_owned();
                (rules::IS_A_NOTEBOOK, format!("`{text}` is a notebook, not a plain file"), Some(hint))
            }),
            (Wanted::Notebook, _) => {
                let near = NOTEBOOKS.iter().find(|e| self.files.kind(&format!("{file}{e}")) == Kind::File);
                let hint = near.map(|extension| format!("did you mean `{text}{extension}`?"));
                Some((rules::MISSING_NOTEBOOK, format!("the notebook `{text}` does not exist"), hint))
            }
            (Wanted::Script | Wanted::File | Wanted::Folder, _) => {
                let what = if matches!(wanted, Wanted::Folder) { "folder" } else { "file" };
                Some((rules::MISSING_FILE, format!("the {what} `{text}` does not exist"), None))
            }
        };
        if let Some((rule, message, hint)) = broken {
            let hint = hint.or_else(|| Some(format!("paths are relative to {}", node.mark.file)));
            self.problems.report(rule, &node.mark, path, message, hint);
            return false;
        }
        true
    }

    fn is_notebook(&self, file: &str) -> bool {
        match extension(file) {
            None => return false,
            Some(".ipynb") => return true,
            Some(_) => {}
        }
        self.files.read(file).is_ok_and(|bytes| {
            let bytes = bytes.strip_prefix(&[0xEF, 0xBB, 0xBF]).unwrap_or(&bytes);
            HEADERS.iter().any(|header| {
                bytes
                    .strip_prefix(header.as_bytes())
                    .is_some_and(|rest| matches!(rest.first(), None | Some(b'\n' | b'\r' | b' ')))
            })
        })
    }

    fn libraries(&mut self, libraries: &mut Vec<Node>, path: &str) {
        let mut all = Vec::new();
        for (n, mut library) in std::mem::take(libraries).into_iter().enumerate() {
            if let Some(node) = library.get_mut("requirements") {
                self.field(node, &format!("{path}[{n}].requirements"), Wanted::File);
            }
            let built = ["whl", "jar"].into_iter().find(|field| library.get(field).is_some());
            let found = built.and_then(|field| {
                let node = library.get(field)?;
                Some((field, self.built(node, &format!("{path}[{n}].{field}"))?))
            });
            match found {
                None => all.push(library),
                Some((field, paths)) => all.extend(paths.into_iter().map(|text| {
                    let mut library = library.clone();
                    library.set(field, Node::text(text, library.mark.clone()));
                    library
                })),
            }
        }
        *libraries = all;
    }

    /// The workspace paths of a library that may be a pattern; `None` when its path is not relative. What is not there
    /// yet may be built before deployment, so it is a warning and keeps its name.
    fn built(&mut self, node: &Node, path: &str) -> Option<Vec<String>> {
        let text = node.as_text().filter(|text| is_relative(text))?;
        // A wheel may name extras: `dist/x.whl[extra]`.
        let (name, extras) = match text.find(".whl[") {
            Some(at) => text.split_at(at + 4),
            None => (text, ""),
        };
        let file = self.inside(node, name, path)?;
        let found = if is_pattern(&file) {
            glob(self.files, &file)
        } else {
            Vec::from_iter((self.files.kind(&file) == Kind::File).then(|| file.clone()))
        };
        if found.is_empty() {
            let message = format!("no file `{text}` exists");
            let hint = Some("build it before deployment".to_owned());
            self.problems.report(rules::MISSING_LIBRARY, &node.mark, path, message, hint);
            return Some(vec![format!("{}{extras}", self.remote(&file))]);
        }
        Some(found.iter().map(|file| format!("{}{extras}", self.remote(file))).collect())
    }

    fn environment(&mut self, spec: &mut Node, path: &str) {
        if let Some(node) = spec.get_mut("project_environment") {
            self.field(node, &format!("{path}.project_environment"), Wanted::File);
        }
        for (field, every) in [("dependencies", false), ("java_dependencies", true)] {
            let Some(Data::List(items)) = spec.get_mut(field).map(|list| &mut list.data) else { continue };
            let mut all = Vec::new();
            for (n, item) in std::mem::take(items).into_iter().enumerate() {
                self.dependency(item, every, &format!("{path}.{field}[{n}]"), &mut all);
            }
            *items = all;
        }
    }

    /// One line of an environment: a flag with a path, a local wheel or folder, or anything that pip understands.
    fn dependency(&mut self, item: Node, every: bool, path: &str, into: &mut Vec<Node>) {
        let text = item.as_text().unwrap_or_default().to_owned();
        let flag =
            ["-r ", "--requirement ", "-e ", "--editable "].into_iter().find(|flag| text.starts_with(flag));
        if let Some(flag) = flag {
            let mut target = Node::text(text[flag.len()..].trim(), item.mark.clone());
            let wanted =
                if flag.contains('r') && !flag.contains("edit") { Wanted::File } else { Wanted::Folder };
            self.field(&mut target, path, wanted);
            into.push(Node::text(format!("{flag}{}", target.as_text().unwrap_or_default()), item.mark));
            return;
        }
        let local = every || text.starts_with("./") || text.starts_with("../") || text.contains(".whl");
        match local.then(|| self.local_dependency(&item, path)).flatten() {
            Some(paths) => into.extend(paths.into_iter().map(|text| Node::text(text, item.mark.clone()))),
            None => into.push(item),
        }
    }

    fn local_dependency(&mut self, item: &Node, path: &str) -> Option<Vec<String>> {
        let text = item.as_text()?;
        let file = join(folder(&item.mark.file), text)?;
        if self.files.kind(&file) == Kind::Folder {
            return self.inside(item, text, path).map(|file| vec![self.remote(&file)]);
        }
        self.built(item, path)
    }
}

/// True for paths that are relative: not absolute, without a scheme, and without a reference that only a run resolves.
fn is_relative(text: &str) -> bool {
    let scheme = text.split_once(":/").is_some_and(|(scheme, _)| {
        !scheme.is_empty() && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+.-".contains(c))
    });
    !text.is_empty()
        && !text.starts_with(['/', '~'])
        && !scheme
        && !text.contains("{{")
        && !text.contains("${")
}

fn without_extension(file: &str) -> &str {
    if file.ends_with(".designer.ipynb") {
        return file;
    }
    extension(file).map_or(file, |extension| &file[..file.len() - extension.len()])
}

/// The extension of a notebook, in lower case.
fn extension(file: &str) -> Option<&'static str> {
    let lower = file.to_ascii_lowercase();
    NOTEBOOKS.into_iter().find(|extension| lower.ends_with(extension))
}
