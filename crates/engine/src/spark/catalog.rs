//! The part of the Unity Catalog REST API that Sail calls, over one SQLite file.
//!
//! A catalog exists as soon as somebody names it, since a bundle's catalogs are made outside of it. Tables are Delta
//! folders below the warehouse folder; this module only knows their names, columns and locations, never their data.

use super::system;
use crate::system::SystemTables;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use lakeflow_core::error::{Error, ErrorCode};
use rusqlite::{Connection, OptionalExtension, params};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::path::{Path as FsPath, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

/// Names, columns and locations of schemas and tables.
#[derive(Debug)]
pub struct Catalog {
    warehouse: PathBuf,
    connection: Mutex<Connection>,
    pub(super) system: OnceLock<SystemTables>,
}

const SCHEMA: &str = "
    PRAGMA journal_mode = WAL;
    CREATE TABLE IF NOT EXISTS object (
        kind TEXT NOT NULL, name TEXT NOT NULL, parent TEXT NOT NULL, id TEXT NOT NULL, body TEXT NOT NULL,
        PRIMARY KEY (kind, name)
    ) WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS object_parent ON object (kind, parent);
    CREATE TABLE IF NOT EXISTS delta_commit (
        table_id TEXT NOT NULL, version INTEGER NOT NULL, body TEXT, PRIMARY KEY (table_id, version)
    ) WITHOUT ROWID;
";

/// An answer of the API: a document, or an error with its status.
pub(super) type Answer = Result<Json<Value>, Refusal>;

/// A refused call, written as `{error_code, message}`.
pub(super) struct Refusal(StatusCode, String, String);

impl Refusal {
    pub(super) fn new(status: StatusCode, code: &str, message: impl Into<String>) -> Self {
        Self(status, code.to_owned(), message.into())
    }

    pub(super) fn missing(kind: &str, name: &str) -> Self {
        let code = format!("{}_NOT_FOUND", kind.to_uppercase());
        Self::new(StatusCode::NOT_FOUND, &code, format!("{kind} '{name}' does not exist."))
    }

    fn exists(kind: &str, name: &str) -> Self {
        let code = format!("{}_ALREADY_EXISTS", kind.to_uppercase());
        Self::new(StatusCode::CONFLICT, &code, format!("{kind} '{name}' already exists"))
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        (self.0, Json(json!({ "error_code": self.1, "message": self.2 }))).into_response()
    }
}

impl From<rusqlite::Error> for Refusal {
    fn from(error: rusqlite::Error) -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "INTERNAL",
            format!("the local catalog cannot be read: {error}"),
        )
    }
}

impl Catalog {
    /// Opens or creates `catalog.db` in `data_dir`; tables are kept in `data_dir/warehouse`, which is made absolute
    /// because Sail refuses a relative one.
    pub fn open(data_dir: &FsPath) -> Result<Arc<Self>, Error> {
        let fault = |message: String| Error::new(ErrorCode::Storage, "open_catalog", message);
        let warehouse = data_dir.join("warehouse");
        std::fs::create_dir_all(&warehouse)
            .map_err(|e| fault(format!("cannot create {}: {e}", warehouse.display())))?;
        let warehouse = warehouse
            .canonicalize()
            .map_err(|e| fault(format!("cannot read {}: {e}", warehouse.display())))?;
        let file = data_dir.join("catalog.db");
        let connection = Connection::open(&file)
            .and_then(|connection| connection.execute_batch(SCHEMA).map(|()| connection))
            .map_err(|e| fault(format!("cannot open {}: {e}", file.display())))?;
        Ok(Arc::new(Self { warehouse, connection: Mutex::new(connection), system: OnceLock::new() }))
    }

    /// The folder of tables without a location of their own; absolute.
    pub fn warehouse(&self) -> &FsPath {
        &self.warehouse
    }

    /// The routes, to be nested under `/api/2.1/unity-catalog`.
    pub fn router(self: &Arc<Self>) -> Router {
        Router::new()
            .route("/catalogs/{name}", get(get_catalog))
            .route("/schemas", get(list_schemas).post(create_schema))
            .route("/schemas/{name}", get(get_schema).delete(delete_schema))
            .route("/staging-tables", post(stage_table))
            .route("/tables", get(list_tables).post(create_table))
            .route("/tables/{name}", get(get_table).delete(delete_table))
            .route("/delta/preview/commits", get(list_commits).post(add_commit))
            .with_state(Arc::clone(self))
    }

    /// A panic while the lock was held leaves the connection usable: every call is one statement or transaction.
    fn db(&self) -> MutexGuard<'_, Connection> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn find(&self, kind: &str, name: &str) -> rusqlite::Result<Option<Value>> {
        self.db()
            .query_row("SELECT body FROM object WHERE kind = ? AND name = ?", params![kind, name], |row| {
                row.get::<_, String>(0)
            })
            .optional()
            .map(|body| body.and_then(|body| serde_json::from_str(&body).ok()))
    }

    fn children(&self, kind: &str, parent: &str) -> rusqlite::Result<Vec<Value>> {
        let db = self.db();
        let mut statement =
            db.prepare_cached("SELECT body FROM object WHERE kind = ? AND parent = ? ORDER BY name")?;
        let rows = statement.query_map(params![kind, parent], |row| row.get::<_, String>(0))?;
        rows.map(|body| body.map(|body| serde_json::from_str(&body).unwrap_or(Value::Null))).collect()
    }

    /// Adds an object; false when the name is taken.
    fn add(&self, kind: &str, name: &str, parent: &str, id: &str, body: &Value) -> rusqlite::Result<bool> {
        let sql = "INSERT OR IGNORE INTO object (kind, name, parent, id, body) VALUES (?, ?, ?, ?, ?)";
        Ok(self.db().execute(sql, params![kind, name, parent, id, body.to_string()])? > 0)
    }

    fn remove(&self, kind: &str, name: &str) -> rusqlite::Result<bool> {
        Ok(self.db().execute("DELETE FROM object WHERE kind = ? AND name = ?", params![kind, name])? > 0)
    }
}

/// The name in a field of a body, in its one spelling.
fn name_in(body: &Map<String, Value>, key: &str) -> Result<String, Refusal> {
    let name = body.get(key).and_then(Value::as_str).map(canonical).filter(|name| !name.is_empty());
    name.ok_or_else(|| {
        Refusal::new(StatusCode::BAD_REQUEST, "INVALID_PARAMETER_VALUE", format!("`{key}` is missing"))
    })
}

/// Writes names in their one spelling, as later answers give them.
fn settle(body: &mut Map<String, Value>, names: &[(&str, &str)]) {
    for (key, name) in names {
        body.insert((*key).to_owned(), Value::from(*name));
    }
}

/// One spelling of a name or a full name, so that all forms meet: names do not depend on case, and a part that is not
/// a plain identifier comes in backquotes, a doubled one standing for itself.
pub(super) fn canonical(name: &str) -> String {
    let (mut plain, mut quoted) = (String::with_capacity(name.len()), false);
    let mut chars = name.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '`' if quoted && chars.peek() == Some(&'`') => {
                chars.next();
                plain.push('`');
            }
            '`' => quoted = !quoted,
            _ => plain.extend(c.to_lowercase()),
        }
    }
    plain
}

async fn get_catalog(Path(name): Path<String>) -> Json<Value> {
    Json(json!({ "name": name, "id": name }))
}

async fn create_schema(
    State(catalog): State<Arc<Catalog>>,
    Json(mut body): Json<Map<String, Value>>,
) -> Answer {
    let (parent, short) = (name_in(&body, "catalog_name")?, name_in(&body, "name")?);
    let name = format!("{parent}.{short}");
    if system::owns(&name) {
        return Err(system::read_only(&name));
    }
    let id = uuid::Uuid::new_v4().to_string();
    settle(
        &mut body,
        &[("catalog_name", &parent), ("name", &short), ("full_name", &name), ("schema_id", &id)],
    );
    let body = Value::Object(body);
    if !catalog.add("schema", &name, &parent, &id, &body)? {
        return Err(Refusal::exists("Schema", &name));
    }
    Ok(Json(body))
}

async fn list_schemas(
    State(catalog): State<Arc<Catalog>>,
    Query(query): Query<BTreeMap<String, String>>,
) -> Answer {
    let parent = query.get("catalog_name").map(|name| canonical(name)).unwrap_or_default();
    if system::owns(&parent) {
        return Ok(Json(json!({ "schemas": [system::schema()] })));
    }
    let mut schemas = catalog.children("schema", &parent)?;
    if !schemas.iter().any(|schema| schema["name"] == "default") {
        schemas.insert(0, default_schema(&parent));
    }
    Ok(Json(json!({ "schemas": schemas })))
}

/// Every catalog has a schema `default`, made or not.
fn default_schema(catalog: &str) -> Value {
    json!({ "catalog_name": catalog, "name": "default", "full_name": format!("{catalog}.default"), "schema_id": "default" })
}

async fn get_schema(State(catalog): State<Arc<Catalog>>, Path(name): Path<String>) -> Answer {
    let name = canonical(&name);
    if let Some(found) = catalog.find("schema", &name)? {
        return Ok(Json(found));
    }
    if system::schema()["full_name"] == name {
        return Ok(Json(system::schema()));
    }
    match name.split_once('.') {
        Some((parent, "default")) => Ok(Json(default_schema(parent))),
        _ => Err(Refusal::missing("Schema", &name)),
    }
}

async fn delete_schema(
    State(catalog): State<Arc<Catalog>>,
    Path(name): Path<String>,
    Query(query): Query<BTreeMap<String, String>>,
) -> Answer {
    let name = canonical(&name);
    if system::owns(&name) {
        return Err(system::read_only(&name));
    }
    let tables = catalog.children("table", &name)?;
    if !tables.is_empty() && query.get("force").is_none_or(|force| force != "true") {
        let message = format!("Schema '{name}' is not empty: it has {} tables", tables.len());
        return Err(Refusal::new(StatusCode::BAD_REQUEST, "FAILED_PRECONDITION", message));
    }
    for table in tables {
        if let Some(table) = table["name"].as_str() {
            catalog.remove("table", &format!("{name}.{table}"))?;
        }
    }
    if catalog.remove("schema", &name)? {
        Ok(Json(json!({})))
    } else {
        Err(Refusal::missing("Schema", &name))
    }
}

/// Gives a table that is about to be made its id and folder; the table itself comes with `create_table`.
async fn stage_table(
    State(catalog): State<Arc<Catalog>>,
    Json(mut body): Json<Map<String, Value>>,
) -> Answer {
    let parent = name_in(&body, "catalog_name")?;
    if system::owns(&parent) {
        return Err(system::read_only(&parent));
    }
    let id = uuid::Uuid::new_v4().to_string();
    let mut location = catalog.warehouse.clone();
    for key in ["catalog_name", "schema_name"] {
        location.push(safe_name(&name_in(&body, key)?));
    }
    location.push(format!("{}-{id}", safe_name(&name_in(&body, "name")?)));
    // Only a URI is good: a managed table at a plain path can be written but not read.
    let location = format!("file://{}", location.display());
    settle(&mut body, &[("id", &id), ("staging_location", &location)]);
    let body = Value::Object(body);
    catalog.add("staged", &location, "", &id, &body)?;
    Ok(Json(body))
}

/// A name as one folder name: separators and dots cannot lead out of the warehouse.
fn safe_name(name: &str) -> String {
    name.chars().map(|c| if c.is_alphanumeric() || c == '_' || c == '-' { c } else { '_' }).collect()
}

async fn create_table(
    State(catalog): State<Arc<Catalog>>,
    Json(mut body): Json<Map<String, Value>>,
) -> Answer {
    let (parent, schema) = (name_in(&body, "catalog_name")?, name_in(&body, "schema_name")?);
    let short = name_in(&body, "name")?;
    let schema_name = format!("{parent}.{schema}");
    let name = format!("{schema_name}.{short}");
    if system::owns(&name) {
        return Err(system::read_only(&name));
    }
    if schema != "default" && catalog.find("schema", &schema_name)?.is_none() {
        return Err(Refusal::missing("Schema", &schema_name));
    }
    let staged = match body.get("storage_location").and_then(Value::as_str) {
        Some(location) => catalog.find("staged", location)?.map(|staged| (location.to_owned(), staged)),
        None => None,
    };
    let staged_id = staged.as_ref().and_then(|(_, staged)| staged["id"].as_str().map(str::to_owned));
    let id = staged_id.unwrap_or_else(|| uuid::Uuid::new_v4().to_string());
    let names =
        [("catalog_name", parent.as_str()), ("schema_name", &schema), ("name", &short), ("table_id", &id)];
    settle(&mut body, &names);
    let body = Value::Object(body);
    if !catalog.add("table", &name, &schema_name, &id, &body)? {
        return Err(Refusal::exists("Table", &name));
    }
    if let Some((location, _)) = staged {
        catalog.remove("staged", &location)?;
    }
    Ok(Json(body))
}

async fn list_tables(
    State(catalog): State<Arc<Catalog>>,
    Query(query): Query<BTreeMap<String, String>>,
) -> Answer {
    let part = |key: &str| query.get(key).map(|name| canonical(name)).unwrap_or_default();
    let parent = format!("{}.{}", part("catalog_name"), part("schema_name"));
    if system::schema()["full_name"] == parent {
        return Ok(Json(json!({ "tables": catalog.system_tables() })));
    }
    let tables = catalog.children("table", &parent)?;
    Ok(Json(json!({ "tables": tables })))
}

async fn get_table(State(catalog): State<Arc<Catalog>>, Path(name): Path<String>) -> Answer {
    let name = canonical(&name);
    if system::owns(&name) {
        return catalog.system_table(&name).await;
    }
    catalog.find("table", &name)?.map(Json).ok_or_else(|| Refusal::missing("Table", &name))
}

/// Forgets the table; a folder that this catalog gave it is removed, one that the user named stays.
async fn delete_table(State(catalog): State<Arc<Catalog>>, Path(name): Path<String>) -> Answer {
    let name = canonical(&name);
    if system::owns(&name) {
        return Err(system::read_only(&name));
    }
    let Some(table) = catalog.find("table", &name)? else {
        return Err(Refusal::missing("Table", &name));
    };
    catalog.remove("table", &name)?;
    if let Some(id) = table["table_id"].as_str() {
        catalog.db().execute("DELETE FROM delta_commit WHERE table_id = ?", params![id])?;
    }
    let location = table["storage_location"].as_str().unwrap_or_default();
    let location = location.strip_prefix("file://").unwrap_or(location);
    if FsPath::new(location).starts_with(&catalog.warehouse) {
        // A folder that cannot be removed only takes space: its random name is never used again.
        let _ = tokio::fs::remove_dir_all(location).await;
    }
    Ok(Json(json!({})))
}

/// Remembers a commit of a catalog-managed table until the writer says that it stands in the table's own log.
async fn add_commit(State(catalog): State<Arc<Catalog>>, Json(body): Json<Value>) -> Answer {
    let table_id = body["table_id"].as_str().unwrap_or_default();
    if let Some(version) = body["commit_info"]["version"].as_i64() {
        let sql = "INSERT INTO delta_commit (table_id, version, body) SELECT ?1, ?2, ?3 \
                   WHERE NOT EXISTS (SELECT 1 FROM delta_commit WHERE table_id = ?1 AND version >= ?2)";
        let text = body["commit_info"].to_string();
        if catalog.db().execute(sql, params![table_id, version, text])? == 0 {
            let message = format!("version {version} is not above the newest one");
            return Err(Refusal::new(StatusCode::CONFLICT, "ALREADY_EXISTS", message));
        }
    }
    let columns = &body["metadata"]["schema"]["columns"];
    if columns.is_array() {
        let sql =
            "UPDATE object SET body = json_set(body, '$.columns', json(?)) WHERE kind = 'table' AND id = ?";
        catalog.db().execute(sql, params![columns.to_string(), table_id])?;
    }
    if let Some(done) = body["latest_backfilled_version"].as_i64() {
        // The row stays without its body: its version tells the newest one and refuses a second commit of it.
        let sql = "UPDATE delta_commit SET body = NULL WHERE table_id = ? AND version <= ?";
        catalog.db().execute(sql, params![table_id, done])?;
    }
    Ok(Json(json!({})))
}

/// The commits that are not yet in the table's own log. Sail sends the arguments as a body of the GET request.
async fn list_commits(State(catalog): State<Arc<Catalog>>, body: Option<Json<Value>>) -> Answer {
    let body = body.map(|Json(body)| body).unwrap_or_default();
    let table_id = body["table_id"].as_str().unwrap_or_default();
    let start = body["start_version"].as_i64().unwrap_or(0);
    let db = catalog.db();
    let latest: i64 = db.query_row(
        "SELECT coalesce(max(version), 0) FROM delta_commit WHERE table_id = ?",
        params![table_id],
        |row| row.get(0),
    )?;
    let mut statement = db.prepare_cached(
        "SELECT body FROM delta_commit WHERE table_id = ? AND version >= ? AND body IS NOT NULL ORDER BY version",
    )?;
    let rows = statement.query_map(params![table_id, start], |row| row.get::<_, String>(0))?;
    let commits: Vec<Value> = rows
        .map(|body| body.map(|body| serde_json::from_str(&body).unwrap_or(Value::Null)))
        .collect::<Result<_, _>>()?;
    Ok(Json(json!({ "commits": commits, "latest_table_version": latest })))
}

#[cfg(test)]
mod tests {
    use super::{canonical, safe_name};

    #[test]
    fn names_have_one_spelling() {
        assert_eq!(canonical("A.b.`My-T`"), "a.b.my-t");
        assert_eq!(canonical("`a``b`"), "a`b");
        assert_eq!(canonical("plain"), "plain");
    }

    #[test]
    fn folder_names_cannot_lead_out_of_the_warehouse() {
        assert_eq!(safe_name("../../etc"), "______etc");
        assert_eq!(safe_name("orders-2"), "orders-2");
    }
}
