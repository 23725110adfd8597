//! What is settled about triggers.

use super::db::Store;
use lakeflow_core::error::Error;
use lakeflow_core::id::JobId;
use rusqlite::params;
use serde::Serialize;
use serde::de::DeserializeOwned;

impl Store {
    /// The state of a job's trigger, when it was left by the same definition.
    pub(crate) async fn trigger<S: DeserializeOwned + Send + 'static>(
        &self,
        job: JobId,
        place: String,
        definition: String,
    ) -> Result<Option<S>, Error> {
        self.read("trigger", move |db| {
            let sql = "SELECT state FROM triggers WHERE job_id = ?1 AND place = ?2 AND definition = ?3";
            let mut statement = db.prepare_cached(sql)?;
            let mut rows = statement.query(params![job.0, place, definition])?;
            let Some(row) = rows.next()? else { return Ok(None) };
            Ok(Some(serde_json::from_str(row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?)?))
        })
        .await
    }

    /// Stores the state of a job's trigger that begins.
    pub(crate) async fn put_trigger<S: Serialize + Send + 'static>(
        &self,
        job: JobId,
        place: String,
        definition: String,
        state: S,
    ) -> Result<(), Error> {
        self.write("put_trigger", move |db| {
            db.prepare_cached("INSERT OR REPLACE INTO triggers VALUES (?1, ?2, ?3, ?4)")?
                .execute(params![job.0, place, definition, serde_json::to_string(&state)?])?;
            Ok(())
        })
        .await
    }

    /// Stores the state of a job's trigger, unless the definition has changed meanwhile.
    pub(crate) async fn keep_trigger<S: Serialize + Send + 'static>(
        &self,
        job: JobId,
        place: String,
        definition: String,
        state: S,
    ) -> Result<(), Error> {
        self.write("keep_trigger", move |db| {
            db.prepare_cached(
                "UPDATE triggers SET state = ?4 WHERE job_id = ?1 AND place = ?2 AND definition = ?3",
            )?
            .execute(params![job.0, place, definition, serde_json::to_string(&state)?])?;
            Ok(())
        })
        .await
    }

    /// Forgets the triggers of a job at places that its definition does not have any more.
    pub(crate) async fn keep_triggers(&self, job: JobId, places: Vec<String>) -> Result<(), Error> {
        self.write("keep_triggers", move |db| {
            let mut statement = db.prepare_cached(
                "DELETE FROM triggers WHERE job_id = ?1 AND place NOT IN (SELECT value FROM json_each(?2))",
            )?;
            statement.execute(params![job.0, serde_json::to_string(&places)?])?;
            Ok(())
        })
        .await
    }
}
