//! Which local file a workspace path means. Nothing outside of the mounted folders, the data folder and the folders that the
//! configuration allows can be named, by `..` or by symbolic links either.

use lakeflow_core::error::{Error, ErrorCode};
use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

const OPERATION: &str = "resolve_path";

/// Maps workspace paths to local ones. Clones share their mounts.
#[derive(Clone, Debug)]
pub struct PathMap {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    /// The data folder.
    data: PathBuf,
    allowed: Vec<PathBuf>,
    /// Workspace folders without trailing slash, with the local folders that stand for them.
    mounts: RwLock<BTreeMap<String, PathBuf>>,
}

impl PathMap {
    /// A map whose unmounted workspace folders lie in `data`, and that lets absolute local paths into the `allowed` folders pass.
    pub fn new(data: impl Into<PathBuf>, allowed: Vec<PathBuf>) -> Self {
        let mounts = RwLock::new(BTreeMap::new());
        Self { inner: Arc::new(Inner { data: data.into(), allowed, mounts }) }
    }

    /// Lets a workspace folder stand for a local one. A later mount of the same folder replaces it.
    pub fn mount(&self, workspace_folder: &str, local: PathBuf) {
        let key = plain(workspace_folder).trim_end_matches('/').to_owned();
        self.inner.mounts.write().unwrap_or_else(PoisonError::into_inner).insert(key, local);
    }

    /// Every mount, by workspace folder.
    pub fn mounts(&self) -> BTreeMap<String, PathBuf> {
        self.inner.mounts.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// A path as people know it: below a mounted folder relative to that, else as it is.
    pub(crate) fn shown(&self, path: &str) -> String {
        let mounts = self.inner.mounts.read().unwrap_or_else(PoisonError::into_inner);
        let path = plain(path);
        let below =
            |folder: &String| path.strip_prefix(folder.as_str())?.strip_prefix('/').map(str::to_owned);
        let shorter = mounts.keys().filter_map(below).min_by_key(String::len);
        shorter.unwrap_or_else(|| path.to_owned())
    }

    /// The local path of an absolute workspace path, of `dbfs:/…`, `/Volumes/…`, or of a local path inside an allowed folder. The file need not
    /// exist. Fails with `PermissionDenied` for paths that lead out of where they belong, `InvalidArgument` for relative ones.
    pub fn resolve(&self, path: &str) -> Result<PathBuf, Error> {
        let text = path.strip_prefix("dbfs:").unwrap_or(path);
        let text = text.strip_prefix("file:").map_or(text, |rest| rest.trim_start_matches("//"));
        if path.contains('\0') || !text.starts_with('/') {
            let message = format!("{path:?} is not an absolute workspace path");
            return Err(Error::new(ErrorCode::InvalidArgument, OPERATION, message));
        }
        let (root, rest) = self.root_of(path, text)?;
        self.confine(&root, &rest, path)
    }

    /// The local path of a path in the workspace tree or in `/Volumes`; local paths have no meaning here. For clients that
    /// bring and fetch files.
    pub fn resolve_workspace(&self, path: &str) -> Result<PathBuf, Error> {
        if path.contains('\0') || !path.starts_with('/') {
            let message = format!("{path:?} is not an absolute workspace path");
            return Err(Error::new(ErrorCode::InvalidArgument, OPERATION, message));
        }
        let text = plain(path);
        let (root, rest) = self.mounted(text).unwrap_or_else(|| match text.strip_prefix("/Volumes/") {
            Some(rest) => (self.inner.data.join("volumes"), rest.to_owned()),
            None => (self.inner.data.join("workspace"), text.to_owned()),
        });
        self.confine(&root, &rest, path)
    }

    /// The mounted folder that a path lies in, and the rest of the path.
    fn mounted(&self, text: &str) -> Option<(PathBuf, String)> {
        let mounts = self.inner.mounts.read().unwrap_or_else(PoisonError::into_inner);
        let found = mounts.iter().filter_map(|(folder, local)| {
            let rest = text.strip_prefix(folder.as_str())?;
            (rest.is_empty() || rest.starts_with('/')).then_some((folder.len(), local, rest))
        });
        found.max_by_key(|(length, _, _)| *length).map(|(_, local, rest)| (local.clone(), rest.to_owned()))
    }

    /// The local path of a path relative to `base`, which must be a folder that this map gave out.
    pub fn resolve_in(&self, base: &Path, path: &str) -> Result<PathBuf, Error> {
        self.confine(base, path, path)
    }

    fn root_of(&self, whole: &str, text: &str) -> Result<(PathBuf, String), Error> {
        let data = &self.inner.data;
        if whole.starts_with("dbfs:") && !text.starts_with("/Volumes/") {
            return Ok((data.join("dbfs"), text.to_owned()));
        }
        let text = plain(text);
        if let Some(found) = self.mounted(text) {
            return Ok(found);
        }
        let mounts = self.mounts();
        if let Some(rest) = text.strip_prefix("/Volumes/") {
            return Ok((data.join("volumes"), rest.to_owned()));
        }
        // `/Workspace` is another name for the root of the workspace tree, so it alone marks a workspace path too.
        let in_tree = ["/Users/", "/Shared/", "/Repos/"].iter().any(|folder| text.starts_with(folder));
        let local = self.allowed_roots(&mounts).into_iter().find(|root| Path::new(text).starts_with(root));
        match local {
            Some(root) if whole == text || !in_tree => {
                let rest = Path::new(text).strip_prefix(&root).map(|p| p.to_string_lossy().into_owned());
                Ok((root, rest.unwrap_or_default()))
            }
            _ if in_tree || whole.starts_with("/Workspace/") => Ok((data.join("workspace"), text.to_owned())),
            _ => Err(outside(whole)),
        }
    }

    fn allowed_roots(&self, mounts: &BTreeMap<String, PathBuf>) -> Vec<PathBuf> {
        let inner = &self.inner;
        std::iter::once(&inner.data).chain(&inner.allowed).chain(mounts.values()).cloned().collect()
    }

    /// Joins without leaving `root`, then makes sure that links on the way do not leave every allowed folder.
    fn confine(&self, root: &Path, rest: &str, shown: &str) -> Result<PathBuf, Error> {
        let mut depth = 0_usize;
        let mut joined = root.to_path_buf();
        for component in Path::new(rest.trim_start_matches('/')).components() {
            match component {
                Component::Normal(name) => {
                    depth += 1;
                    joined.push(name);
                }
                Component::ParentDir if depth > 0 => {
                    depth -= 1;
                    joined.pop();
                }
                Component::CurDir => {}
                _ => return Err(outside(shown)),
            }
        }
        let existing = joined.ancestors().find_map(|path| path.canonicalize().ok());
        let mounts = self.mounts();
        let mut roots = self.allowed_roots(&mounts).into_iter().chain([root.to_path_buf()]);
        let inside =
            |real: &Path| roots.any(|root| root.canonicalize().is_ok_and(|root| real.starts_with(root)));
        // With nothing of the root there yet, there are no links to follow.
        if !root.exists() || existing.as_deref().is_none_or(inside) {
            Ok(joined)
        } else {
            Err(outside(shown))
        }
    }
}

/// The path without the optional `/Workspace` in front.
fn plain(path: &str) -> &str {
    match path.strip_prefix("/Workspace") {
        Some(rest) if rest.starts_with('/') => rest,
        _ => path,
    }
}

fn outside(path: &str) -> Error {
    let message = format!(
        "{path:?} is outside of the bundle, the workspace folders and the folders that the engine may use; `lakeflow dev \
         --allow-path FOLDER` lets tasks name files of a further folder"
    );
    Error::new(ErrorCode::PermissionDenied, OPERATION, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map() -> (tempfile::TempDir, PathMap) {
        let dir = tempfile::tempdir().unwrap();
        for folder in ["data", "bundle/src", "other"] {
            std::fs::create_dir_all(dir.path().join(folder)).unwrap();
        }
        let map = PathMap::new(dir.path().join("data"), vec![]);
        map.mount("/Workspace/Users/me/.bundle/x/dev/files", dir.path().join("bundle"));
        (dir, map)
    }

    #[test]
    fn paths_go_where_they_belong() {
        let (dir, map) = map();
        let (bundle, data) = (dir.path().join("bundle"), dir.path().join("data"));
        for (path, expect) in [
            ("/Workspace/Users/me/.bundle/x/dev/files/src/a.py", bundle.join("src/a.py")),
            ("/Users/me/.bundle/x/dev/files/src/../b", bundle.join("b")),
            ("/Users/me/.bundle/x/dev/filesystem", data.join("workspace/Users/me/.bundle/x/dev/filesystem")),
            ("/Workspace/Shared/n", data.join("workspace/Shared/n")),
            ("/Workspace/any/n", data.join("workspace/any/n")),
            ("dbfs:/FileStore/a.whl", data.join("dbfs/FileStore/a.whl")),
            ("/Volumes/c/s/v/f.csv", data.join("volumes/c/s/v/f.csv")),
            ("dbfs:/Volumes/c/s/v/f.csv", data.join("volumes/c/s/v/f.csv")),
        ] {
            assert_eq!(map.resolve(path).unwrap(), expect, "{path}");
        }
        let local = bundle.join("src/a.py");
        assert_eq!(map.resolve(&local.to_string_lossy()).unwrap(), local);
    }

    #[test]
    fn nothing_leads_out() {
        let (dir, map) = map();
        let secret = dir.path().join("other/secret");
        std::fs::write(&secret, "x").unwrap();
        for path in [
            "/Users/me/.bundle/x/dev/files/../../secret",
            "/Shared/../../../etc/passwd",
            "/etc/passwd",
            "/Volumes/../../x",
            "relative/path",
            "",
        ] {
            assert!(map.resolve(path).is_err(), "{path}");
        }
        assert!(map.resolve(&secret.to_string_lossy()).is_err());
        assert!(map.resolve_in(&dir.path().join("bundle"), "/../../x").is_err());
    }

    #[cfg(unix)]
    #[test]
    fn links_do_not_lead_out_either() {
        let (dir, map) = map();
        std::os::unix::fs::symlink(dir.path().join("other"), dir.path().join("bundle/link")).unwrap();
        assert!(map.resolve("/Users/me/.bundle/x/dev/files/link/secret").is_err());
    }
}
