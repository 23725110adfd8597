//! Files up and down as streams: `workspace-files` and the volume files of `fs` (reference section 2.4).

use super::App;
use super::files::{Pairs, Shared, entries, exists, fault, field, io};
use super::http::respond;
use axum::Router;
use axum::body::Body;
use axum::extract::{Path as UrlPath, Query, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use axum::routing::{get, post, put};
use futures::StreamExt;
use lakeflow_core::error::Error;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::UNIX_EPOCH;
use tokio::fs;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// Bytes of an uploaded file at most.
const MOST_FILE: u64 = 2 << 30;
/// Bytes of a file that are read at once on the way down.
const CHUNK: usize = 64 << 10;

pub(super) fn routes(router: Router<Arc<App>>) -> Router<Arc<App>> {
    router
        .route("/api/2.0/workspace-files/import-file/{*path}", post(upload))
        .route("/api/2.0/workspace-files/{*path}", get(download))
        .route("/api/2.0/fs/files/{*path}", put(upload).get(download).delete(remove_file))
        .route("/api/2.0/fs/directories/{*path}", put(make_folder).get(list_folder).delete(remove_folder))
}

fn absolute(path: &str) -> String {
    format!("/{}", path.trim_start_matches('/'))
}

async fn upload(
    State(app): Shared,
    UrlPath(path): UrlPath<String>,
    Query(query): Pairs,
    request: Request,
) -> Response {
    let path = absolute(&path);
    let overwrite = field(&query, "overwrite").as_deref() == Some("true");
    let stored = async {
        let file = app.paths.resolve_workspace(&path)?;
        if !overwrite && fs::try_exists(&file).await.unwrap_or(false) {
            return Ok(false);
        }
        receive(&file, &path, request.into_body()).await?;
        Ok(true)
    };
    match stored.await {
        Ok(true) => respond(&app, Ok(json!({}))),
        Ok(false) => exists(&path, StatusCode::CONFLICT),
        Err(error) => respond(&app, Err(error)),
    }
}

/// Writes a body beside its target first, so that half a file is never seen.
async fn receive(file: &Path, path: &str, body: Body) -> Result<(), Error> {
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder).await.map_err(io(path))?;
    }
    let mut draft = file.as_os_str().to_owned();
    draft.push(".part");
    let draft = PathBuf::from(draft);
    let written = write_body(&draft, path, body).await;
    match written {
        Ok(()) => fs::rename(&draft, file).await.map_err(io(path)),
        Err(error) => {
            // What is left of the draft would only take room.
            let _ = fs::remove_file(&draft).await;
            Err(error)
        }
    }
}

async fn write_body(draft: &Path, path: &str, body: Body) -> Result<(), Error> {
    let mut out = fs::File::create(draft).await.map_err(io(path))?;
    let mut stream = body.into_data_stream();
    let mut total = 0;
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.map_err(|e| fault(format!("the upload of {path} broke off: {e}")))?;
        total += chunk.len() as u64;
        if total > MOST_FILE {
            return Err(fault(format!("{path} is larger than {} GB", MOST_FILE >> 30)));
        }
        out.write_all(&chunk).await.map_err(io(path))?;
    }
    out.flush().await.map_err(io(path))
}

async fn download(State(app): Shared, UrlPath(path): UrlPath<String>) -> Response {
    let path = absolute(&path);
    let opened = async {
        let file = app.paths.resolve_workspace(&path)?;
        let found = fs::metadata(&file).await.map_err(io(&path))?;
        if found.is_dir() {
            return Err(fault(format!("{path} is a folder")));
        }
        Ok((fs::File::open(&file).await.map_err(io(&path))?, found.len()))
    };
    match opened.await {
        Ok((file, length)) => {
            let mut response = octets(file_body(file));
            response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(length));
            response
        }
        Err(error) => respond(&app, Err(error)),
    }
}

/// The body of an answer that is a file.
pub(super) fn file_body(file: fs::File) -> Body {
    Body::from_stream(chunks(file))
}

fn chunks(file: fs::File) -> impl futures::Stream<Item = std::io::Result<Vec<u8>>> {
    futures::stream::try_unfold(file, |mut file| async move {
        let mut chunk = vec![0; CHUNK];
        let read = file.read(&mut chunk).await?;
        chunk.truncate(read);
        Ok((read > 0).then_some((chunk, file)))
    })
}

/// An answer of bytes.
pub(super) fn octets(body: Body) -> Response {
    let mut response = Response::new(body);
    let kind = HeaderValue::from_static("application/octet-stream");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}

async fn remove_file(State(app): Shared, UrlPath(path): UrlPath<String>) -> Response {
    let path = absolute(&path);
    let answer = async {
        let file = app.paths.resolve_workspace(&path)?;
        fs::remove_file(&file).await.map_err(io(&path))
    };
    no_content(&app, answer.await)
}

async fn make_folder(State(app): Shared, UrlPath(path): UrlPath<String>) -> Response {
    let path = absolute(&path);
    let answer = async {
        let folder = app.paths.resolve_workspace(&path)?;
        fs::create_dir_all(&folder).await.map_err(io(&path))
    };
    no_content(&app, answer.await)
}

async fn remove_folder(State(app): Shared, UrlPath(path): UrlPath<String>) -> Response {
    let path = absolute(&path);
    let answer = async {
        let folder = app.paths.resolve_workspace(&path)?;
        fs::remove_dir(&folder).await.map_err(io(&path))
    };
    no_content(&app, answer.await)
}

/// The platform answers these with 204.
fn no_content(app: &App, result: Result<(), Error>) -> Response {
    match result {
        Ok(()) => {
            let mut response = Response::new(Body::empty());
            *response.status_mut() = StatusCode::NO_CONTENT;
            response
        }
        Err(error) => respond(app, Err(error)),
    }
}

async fn list_folder(State(app): Shared, UrlPath(path): UrlPath<String>) -> Response {
    let path = absolute(&path);
    let answer = async {
        let folder = app.paths.resolve_workspace(&path)?;
        let found = entries(&folder).await.map_err(io(&path))?;
        let contents: Vec<Value> = found
            .iter()
            .map(|(name, _, found)| {
                let modified = found.modified().ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok());
                json!({
                    "name": name,
                    "path": format!("{}/{name}", path.trim_end_matches('/')),
                    "is_directory": found.is_dir(),
                    "file_size": found.len(),
                    "last_modified": modified.map_or(0, |since| since.as_millis() as i64),
                })
            })
            .collect();
        Ok(json!({ "contents": contents }))
    };
    respond(&app, answer.await)
}
