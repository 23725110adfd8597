//! Which version the tables of the local catalog have, read without a Spark server: names and locations from the catalog's
//! database, versions from the commits that it keeps and from the tables' own Delta logs.

use super::catalog::canonical;
use lakeflow_core::time::WallTime;
use lakeflow_core::trigger::TableVersion;
use rusqlite::{Connection, OpenFlags, OptionalExtension};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

/// The newest versions of tables by the names that were asked for. A table that does not exist, or has no commit yet, is left out.
/// Fails when the catalog is there and cannot be read. Blocks.
pub(crate) fn of(data_dir: &Path, names: &[String]) -> Result<BTreeMap<String, TableVersion>, String> {
    let file = data_dir.join("catalog.db");
    if !file.exists() {
        return Ok(BTreeMap::new());
    }
    let fault = |e: rusqlite::Error| format!("{} cannot be read: {e}", file.display());
    let db = Connection::open_with_flags(&file, OpenFlags::SQLITE_OPEN_READ_WRITE).map_err(fault)?;
    let mut found = BTreeMap::new();
    for name in names {
        let sql = "SELECT body FROM object WHERE kind = 'table' AND name = ?";
        let body: Option<String> =
            db.query_row(sql, [canonical(name)], |row| row.get(0)).optional().map_err(fault)?;
        let Some(table) = body.and_then(|body| serde_json::from_str::<Value>(&body).ok()) else { continue };
        if let Some(version) = newest(&db, &table).map_err(fault)? {
            found.insert(name.clone(), version);
        }
    }
    Ok(found)
}

fn newest(db: &Connection, table: &Value) -> rusqlite::Result<Option<TableVersion>> {
    let id = table["table_id"].as_str().unwrap_or_default();
    let location = table["storage_location"].as_str().unwrap_or_default();
    let folder = PathBuf::from(location.strip_prefix("file://").unwrap_or(location));
    let sql = "SELECT version, json_extract(body, '$.timestamp') FROM delta_commit
               WHERE table_id = ? ORDER BY version DESC LIMIT 1";
    let kept: Option<(i64, Option<i64>)> =
        db.query_row(sql, [id], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    let logged = logged(&folder.join("_delta_log"));
    // A commit that the catalog keeps has no time once its log file is written.
    let newest = match (kept, logged) {
        (Some((version, time)), Some((logged, written))) if logged >= version => {
            Some((logged, time.filter(|_| logged == version).unwrap_or(written)))
        }
        (Some((version, time)), _) => Some((version, time.unwrap_or_default())),
        (None, logged) => logged,
    };
    let id = if id.is_empty() { location } else { id };
    Ok(newest.map(|(version, time)| TableVersion { id: id.to_owned(), version, commit_time: WallTime(time) }))
}

/// The newest version of a Delta log and when its file was written.
fn logged(log: &Path) -> Option<(i64, i64)> {
    let versions = std::fs::read_dir(log).ok()?.flatten().filter_map(|entry| {
        let name = entry.file_name();
        let version: i64 = name.to_str()?.strip_suffix(".json")?.parse().ok()?;
        Some((version, entry))
    });
    let (version, entry) = versions.max_by_key(|(version, _)| *version)?;
    let written: SystemTime = entry.metadata().and_then(|found| found.modified()).ok()?;
    Some((version, written.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as i64)))
}
