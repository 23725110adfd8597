//! Workspace folders, files and notebooks, as far as a bundle deployment and file commands use them (reference
//! section 2.4).
//!
//! A notebook is a source file with the platform's first line, or a Jupyter document. It is kept with its extension and
//! named without it, as on the platform.

use super::App;
use super::http::{body_of, json_of, respond};
use super::transfer::octets;
use crate::paths::PathMap;
use axum::Router;
use axum::body::Body;
use axum::extract::{Query, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use axum::routing::{get, post};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use lakeflow_core::error::{Error, ErrorCode};
use serde_json::{Value, json};
use std::convert::Infallible;
use std::fs::Metadata;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::UNIX_EPOCH;
use tokio::fs;

/// Languages of notebooks with their extensions and first lines.
const LANGUAGES: [(&str, &str, &str); 4] = [
    ("PYTHON", "py", "# Databricks notebook source"),
    ("SQL", "sql", "-- Databricks notebook source"),
    ("SCALA", "scala", "// Databricks notebook source"),
    ("R", "r", "# Databricks notebook source"),
];

pub(super) type Shared = State<Arc<App>>;
pub(super) type Pairs = Query<Vec<(String, String)>>;

pub(super) fn routes(router: Router<Arc<App>>) -> Router<Arc<App>> {
    router
        .route("/api/2.0/workspace/mkdirs", post(mkdirs))
        .route("/api/2.0/workspace/get-status", get(get_status))
        .route("/api/2.0/workspace/list", get(list))
        .route("/api/2.0/workspace/import", post(import))
        .route("/api/2.0/workspace/export", get(export))
        .route("/api/2.0/workspace/delete", post(delete))
}

pub(super) fn fault(text: impl Into<String>) -> Error {
    Error::new(ErrorCode::InvalidArgument, "files", text)
}

pub(super) fn missing(path: &str) -> Error {
    Error::new(ErrorCode::NotFound, "files", format!("Path ({path}) doesn't exist."))
}

pub(super) fn io(path: &str) -> impl Fn(std::io::Error) -> Error {
    let path = path.to_owned();
    move |error| match error.kind() {
        std::io::ErrorKind::NotFound => missing(&path),
        std::io::ErrorKind::StorageFull => Error::new(ErrorCode::Storage, "files", "the disk is full"),
        _ => fault(format!("{path}: {error}")),
    }
}

pub(super) fn field(query: &[(String, String)], name: &str) -> Option<String> {
    query.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value.clone())
}

fn path_field(value: Option<&str>) -> Result<String, Error> {
    value
        .filter(|path| path.starts_with('/'))
        .map(str::to_owned)
        .ok_or_else(|| fault(format!("path must be an absolute path, found {:?}", value.unwrap_or_default())))
}

/// The file that a workspace path names: itself, or the notebook without its extension.
async fn locate(paths: &PathMap, path: &str) -> Result<(PathBuf, Metadata), Error> {
    let plain = paths.resolve_workspace(path)?;
    if let Ok(found) = fs::metadata(&plain).await {
        return Ok((plain, found));
    }
    for extension in LANGUAGES.iter().map(|(_, extension, _)| *extension).chain(["ipynb"]) {
        let file = with_extension(&plain, extension);
        if let Ok(found) = fs::metadata(&file).await
            && language(&file).await.is_some()
        {
            return Ok((file, found));
        }
    }
    Err(missing(path))
}

fn with_extension(path: &Path, extension: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(extension);
    PathBuf::from(name)
}

/// The language of a notebook; `None` for other files.
async fn language(file: &Path) -> Option<&'static str> {
    let extension = file.extension()?.to_str()?;
    if extension == "ipynb" {
        return Some("PYTHON");
    }
    let (name, _, first) = LANGUAGES.iter().find(|(_, known, _)| *known == extension)?;
    let text = fs::read(file).await.ok()?;
    text.starts_with(first.as_bytes()).then_some(*name)
}

/// What `get-status` and `list` say of a file or folder.
async fn status(path: &str, file: &Path, found: &Metadata) -> Value {
    let modified = found.modified().ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok());
    let modified = modified.map_or(0, |since| since.as_millis() as i64);
    let id =
        path.bytes().fold(17_u64, |hash, byte| hash.wrapping_mul(31).wrapping_add(u64::from(byte))) >> 12;
    if found.is_dir() {
        return json!({ "object_type": "DIRECTORY", "path": path, "object_id": id, "modified_at": modified });
    }
    match language(file).await {
        Some(language) => {
            let extension = file.extension().and_then(|e| e.to_str()).unwrap_or_default();
            let name = path.strip_suffix(extension).and_then(|p| p.strip_suffix('.')).unwrap_or(path);
            json!({ "object_type": "NOTEBOOK", "path": name, "language": language, "object_id": id, "modified_at": modified })
        }
        None => {
            json!({ "object_type": "FILE", "path": path, "object_id": id, "modified_at": modified, "size": found.len() })
        }
    }
}

async fn mkdirs(State(app): Shared, request: Request) -> Response {
    let answer = async {
        let body = json_of(&body_of(request).await?)?;
        let path = path_field(body["path"].as_str())?;
        fs::create_dir_all(app.paths.resolve_workspace(&path)?).await.map_err(io(&path))?;
        Ok(json!({}))
    };
    respond(&app, answer.await)
}

async fn get_status(State(app): Shared, Query(query): Pairs) -> Response {
    let answer = async {
        let path = path_field(field(&query, "path").as_deref())?;
        let (file, found) = locate(&app.paths, &path).await?;
        Ok(status(&path, &file, &found).await)
    };
    respond(&app, answer.await)
}

async fn list(State(app): Shared, Query(query): Pairs) -> Response {
    let answer = async {
        let path = path_field(field(&query, "path").as_deref())?;
        let (file, found) = locate(&app.paths, &path).await?;
        if !found.is_dir() {
            return Ok(json!({ "objects": [status(&path, &file, &found).await] }));
        }
        let mut objects = Vec::new();
        for (name, file, found) in entries(&file).await.map_err(io(&path))? {
            objects.push(status(&format!("{}/{name}", path.trim_end_matches('/')), &file, &found).await);
        }
        Ok(if objects.is_empty() { json!({}) } else { json!({ "objects": objects }) })
    };
    respond(&app, answer.await)
}

/// The entries of a folder by name.
pub(super) async fn entries(folder: &Path) -> std::io::Result<Vec<(String, PathBuf, Metadata)>> {
    let mut reader = fs::read_dir(folder).await?;
    let mut all = Vec::new();
    while let Some(entry) = reader.next_entry().await? {
        let found = entry.metadata().await?;
        all.push((entry.file_name().to_string_lossy().into_owned(), entry.path(), found));
    }
    all.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(all)
}

/// A file that a client brings (`workspace/import`).
#[derive(Default)]
struct Import {
    path: String,
    content: Vec<u8>,
    format: Option<String>,
    language: Option<String>,
    overwrite: bool,
}

/// Reads the JSON body of the API, or the form that the SDKs' upload helpers send with the content as it is.
async fn import_of(request: Request) -> Result<Import, Error> {
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let boundary = kind.and_then(|kind| multer::parse_boundary(kind).ok());
    let bytes = body_of(request).await?;
    if let Some(boundary) = boundary {
        return form_import(bytes, boundary)
            .await
            .map_err(|e| fault(format!("the form cannot be read: {e}")));
    }
    let body = json_of(&bytes)?;
    let text = |name: &str| body[name].as_str().map(str::to_owned);
    let content = BASE64.decode(body["content"].as_str().unwrap_or_default());
    Ok(Import {
        path: text("path").unwrap_or_default(),
        content: content.map_err(|e| fault(format!("content is not base64: {e}")))?,
        format: text("format"),
        language: text("language"),
        overwrite: body["overwrite"] == true,
    })
}

async fn form_import(bytes: Vec<u8>, boundary: String) -> Result<Import, multer::Error> {
    let whole = futures::stream::iter([Ok::<_, Infallible>(bytes)]);
    let mut form = multer::Multipart::new(whole, boundary);
    let mut import = Import::default();
    while let Some(part) = form.next_field().await? {
        let name = part.name().unwrap_or_default().to_owned();
        match name.as_str() {
            "content" => import.content = part.bytes().await?.to_vec(),
            "path" => import.path = part.text().await?,
            "format" => import.format = Some(part.text().await?),
            "language" => import.language = Some(part.text().await?),
            "overwrite" => import.overwrite = part.text().await? == "true",
            _ => {}
        }
    }
    Ok(import)
}

async fn import(State(app): Shared, request: Request) -> Response {
    let answer = async {
        let Import { path, content, format, language, overwrite } = import_of(request).await?;
        let path = path_field(Some(&path))?;
        let plain = app.paths.resolve_workspace(&path)?;
        let (file, content) = match format.as_deref().unwrap_or("SOURCE") {
            "SOURCE" => notebook(&plain, content, language.as_deref())?,
            "JUPYTER" if plain.extension().is_none_or(|e| e != "ipynb") => {
                (with_extension(&plain, "ipynb"), content)
            }
            "AUTO" | "RAW" | "JUPYTER" => (plain, content),
            other => return Err(fault(format!("format {other:?} cannot be imported here"))),
        };
        if !overwrite && fs::try_exists(&file).await.unwrap_or(false) {
            return Ok(Err(path));
        }
        put_file(&file, &path, content).await?;
        Ok(Ok(json!({})))
    };
    match answer.await {
        Ok(Err(path)) => exists(&path, StatusCode::BAD_REQUEST),
        Ok(Ok(value)) => respond(&app, Ok(value)),
        Err(error) => respond(&app, Err(error)),
    }
}

/// Where a notebook's source goes, and the source with its first line.
fn notebook(plain: &Path, content: Vec<u8>, language: Option<&str>) -> Result<(PathBuf, Vec<u8>), Error> {
    let wanted = language.unwrap_or("PYTHON");
    let Some((_, extension, first)) = LANGUAGES.iter().find(|(name, _, _)| *name == wanted) else {
        return Err(fault(format!("language {wanted:?} is not known")));
    };
    let named = plain.extension().is_some_and(|found| found == *extension);
    let file = if named { plain.to_path_buf() } else { with_extension(plain, extension) };
    if content.starts_with(first.as_bytes()) {
        return Ok((file, content));
    }
    let mut text = format!("{first}\n").into_bytes();
    text.extend(content);
    Ok((file, text))
}

/// The answer that clients know for a file that is there already: 400 from `workspace/import`, 409 where files are sent
/// as they are.
pub(super) fn exists(path: &str, status: StatusCode) -> Response {
    let conflict = status == StatusCode::CONFLICT;
    let error_code = if conflict { "ALREADY_EXISTS" } else { "RESOURCE_ALREADY_EXISTS" };
    let text = format!("Path ({path}) already exists.");
    let body = json!({ "error_code": error_code, "message": text });
    let mut response = Response::new(Body::from(body.to_string()));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

async fn put_file(file: &Path, path: &str, content: Vec<u8>) -> Result<(), Error> {
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder).await.map_err(io(path))?;
    }
    fs::write(file, content).await.map_err(io(path))
}

async fn export(State(app): Shared, Query(query): Pairs) -> Response {
    let answer = async {
        let path = path_field(field(&query, "path").as_deref())?;
        let (file, found) = locate(&app.paths, &path).await?;
        if found.is_dir() {
            return Err(fault(format!("{path} is a folder; only files and notebooks can be exported")));
        }
        Ok((fs::read(&file).await.map_err(io(&path))?, file))
    };
    match answer.await {
        Ok((bytes, _)) if field(&query, "direct_download").as_deref() == Some("true") => {
            octets(Body::from(bytes))
        }
        Ok((bytes, file)) => {
            let kind = file.extension().and_then(|e| e.to_str()).unwrap_or_default();
            respond(&app, Ok(json!({ "content": BASE64.encode(bytes), "file_type": kind })))
        }
        Err(error) => respond(&app, Err(error)),
    }
}

async fn delete(State(app): Shared, request: Request) -> Response {
    let answer = async {
        let body = json_of(&body_of(request).await?)?;
        let path = path_field(body["path"].as_str())?;
        let (file, found) = locate(&app.paths, &path).await?;
        if app.paths.mounts().values().any(|mounted| *mounted == file) {
            return Err(fault(format!("{path} stands for a local folder, which is not deleted")));
        }
        let removed = if !found.is_dir() {
            fs::remove_file(&file).await
        } else if body["recursive"] == true {
            fs::remove_dir_all(&file).await
        } else if entries(&file).await.map_err(io(&path))?.is_empty() {
            fs::remove_dir(&file).await
        } else {
            let text = format!("Folder ({path}) is not empty");
            return Err(Error::new(ErrorCode::InvalidState, "files", text));
        };
        removed.map_err(io(&path))?;
        Ok(json!({}))
    };
    respond(&app, answer.await)
}
