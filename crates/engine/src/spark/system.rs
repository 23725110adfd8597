//! The system tables in the catalog: read only, with their rows as they are when a table is asked for.
//!
//! The Spark server keeps the name `system` for itself, so that the tables stand in a catalog of another name; the runner
//! puts it in where people write `system.lakeflow`.

use super::catalog::{Answer, Catalog, Refusal};
use crate::system::SystemTables;
use axum::Json;
use axum::http::StatusCode;
use lakeflow_core::system::Table;
use serde_json::{Value, json};
use std::path::Path;

/// The catalog behind `system`.
pub const CATALOG: &str = "lakeflow_system";

const SCHEMA: &str = "lakeflow";

/// Names that people write, with those that the Spark server knows. `system.workflow` is the old name.
pub fn aliases() -> Value {
    let real = format!("{CATALOG}.{SCHEMA}");
    json!({ "system.lakeflow": real, "system.workflow": real })
}

/// What the catalog says of the schema.
pub(super) fn schema() -> Value {
    let name = format!("{CATALOG}.{SCHEMA}");
    json!({ "catalog_name": CATALOG, "name": SCHEMA, "full_name": name, "schema_id": name })
}

/// Whether a full name, in its one spelling, is the catalog or in it.
pub(super) fn owns(name: &str) -> bool {
    name.strip_prefix(CATALOG).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// The refusal of anything that would change it.
pub(super) fn read_only(name: &str) -> Refusal {
    let message = format!("'{name}' belongs to the system tables, which are read only");
    Refusal::new(StatusCode::FORBIDDEN, "PERMISSION_DENIED", message)
}

impl Catalog {
    /// Gives the catalog its system tables; without them it has none.
    pub fn serve(&self, tables: SystemTables) {
        // An engine has one store: a second call changes nothing.
        let _ = self.system.set(tables);
    }

    /// A system table with its rows as they are now.
    pub(super) async fn system_table(&self, name: &str) -> Answer {
        let short = name.strip_prefix(&format!("{CATALOG}.{SCHEMA}.")).and_then(Table::named);
        let (Some(table), Some(tables)) = (short, self.system.get()) else {
            return Err(Refusal::missing("Table", name));
        };
        let folder = tables
            .rows(table)
            .await
            .map_err(|error| Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL", error.message))?;
        Ok(Json(info(table, &folder)))
    }

    /// Every system table, for lists: their rows are not looked at.
    pub(super) fn system_tables(&self) -> Vec<Value> {
        let known = self.system.get().map_or(&[][..], |_| Table::ALL);
        known.iter().map(|table| info(*table, &self.warehouse().join(table.name()))).collect()
    }
}

fn info(table: Table, folder: &Path) -> Value {
    let columns = table.columns().iter().enumerate().map(|(position, column)| {
        json!({
            "name": column.name,
            "type_name": column.kind.name(),
            "type_text": column.kind.sql(),
            "type_json": column.spark().to_string(),
            "nullable": true,
            "position": position,
        })
    });
    json!({
        "catalog_name": CATALOG,
        "schema_name": SCHEMA,
        "name": table.name(),
        "table_type": "EXTERNAL",
        "data_source_format": "JSON",
        "storage_location": format!("file://{}", folder.display()),
        "table_id": table.name(),
        "columns": columns.collect::<Value>(),
    })
}
