//! Notification destinations, and the deliveries that are due, under way or over.

use super::db::{Db, Store};
use lakeflow_core::error::Error;
use lakeflow_core::id::RunId;
use lakeflow_core::notify::{Destination, Notice, Recipient, StoredDestination, Tries, TriesState};
use lakeflow_core::time::WallTime;
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde_json::Value;

/// Deliveries that may wait at once; what comes above that is given up at once, and says so.
pub(crate) const MOST_WAITING: i64 = 10_000;

/// A notice for one recipient.
#[derive(Clone, Debug)]
pub(crate) struct Delivery {
    pub(crate) id: i64,
    pub(crate) recipient: Recipient,
    pub(crate) notice: Notice,
    pub(crate) tries: Tries,
    /// Of the last try.
    pub(crate) error: Option<String>,
}

/// Which deliveries are listed, newest first.
#[derive(Clone, Debug, Default)]
pub(crate) struct DeliveryFilter {
    pub(crate) run: Option<RunId>,
    pub(crate) state: Option<TriesState>,
    /// Only older ones than this (next page).
    pub(crate) before: Option<i64>,
    pub(crate) limit: i64,
}

fn number(state: TriesState) -> i64 {
    match state {
        TriesState::Waiting => 0,
        TriesState::Sent => 1,
        TriesState::GivenUp => 2,
    }
}

const COLUMNS: &str = "delivery_id, recipient, notice, tries, error";

fn read(row: &Row<'_>) -> Db<Delivery> {
    let document = |at: usize| -> Db<String> { Ok(row.get(at)?) };
    let recipient: String = row.get(1)?;
    Ok(Delivery {
        id: row.get(0)?,
        // What this program wrote it can read; anything else is an address that nobody has.
        recipient: Recipient::parse(&recipient).unwrap_or(Recipient::Destination(recipient)),
        notice: serde_json::from_str(&document(2)?)?,
        tries: serde_json::from_str(&document(3)?)?,
        error: row.get(4)?,
    })
}

/// Stores what is to be told, in the transaction of the change that it tells of.
pub(super) fn put_notices(db: &Connection, run: RunId, notices: &[(Recipient, Notice)]) -> Db<()> {
    if notices.is_empty() {
        return Ok(());
    }
    let waiting: i64 = db
        .prepare_cached("SELECT count(*) FROM deliveries WHERE state = 0")?
        .query_row([], |row| row.get(0))?;
    let mut insert = db.prepare_cached(
        "INSERT INTO deliveries (run_id, recipient, notice, tries, state, due, touched, error)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6, ?7)",
    )?;
    for ((recipient, notice), n) in notices.iter().zip(waiting..) {
        let mut tries = Tries::new(notice.at);
        let full = n >= MOST_WAITING;
        if full {
            tries.state = TriesState::GivenUp;
        }
        let error = full.then(|| format!("{MOST_WAITING} deliveries were waiting already"));
        insert.execute(params![
            run.0,
            recipient.to_string(),
            serde_json::to_string(notice)?,
            serde_json::to_string(&tries)?,
            number(tries.state),
            tries.due.0,
            error
        ])?;
    }
    Ok(())
}

impl Store {
    /// The next delivery of each recipient that has one due at a time, except for those who are `busy`. A clock that was set
    /// back since a delivery was touched does not hold it.
    pub(crate) async fn due_deliveries(
        &self,
        now: WallTime,
        busy: Vec<String>,
        limit: usize,
    ) -> Result<Vec<Delivery>, Error> {
        self.read("due_deliveries", move |db| {
            // With min() the other columns are those of the row that has the minimum.
            let mut statement = db.prepare_cached(
                "SELECT min(delivery_id), recipient, notice, tries, error FROM deliveries
                 WHERE state = 0 AND (due <= ?1 OR touched > ?1) AND recipient NOT IN (SELECT value FROM json_each(?2))
                 GROUP BY recipient LIMIT ?3",
            )?;
            let mut rows = statement.query(params![now.0, serde_json::to_string(&busy)?, limit as i64])?;
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                found.push(read(row)?);
            }
            Ok(found)
        })
        .await
    }

    /// When the next delivery is due, those of `busy` recipients apart.
    pub(crate) async fn next_delivery(&self, busy: Vec<String>) -> Result<Option<WallTime>, Error> {
        self.read("next_delivery", move |db| {
            let sql = "SELECT min(due) FROM deliveries
                       WHERE state = 0 AND recipient NOT IN (SELECT value FROM json_each(?1))";
            let busy = serde_json::to_string(&busy)?;
            let due: Option<i64> = db.prepare_cached(sql)?.query_row([busy], |row| row.get(0))?;
            Ok(due.map(WallTime))
        })
        .await
    }

    /// Whether there is a delivery that waits and was never tried.
    pub(crate) async fn has_untried(&self) -> Result<bool, Error> {
        self.read("has_untried", |db| {
            let sql = "SELECT EXISTS (SELECT 1 FROM deliveries WHERE state = 0 AND json_extract(tries, '$.count') = 0)";
            Ok(db.prepare_cached(sql)?.query_row([], |row| row.get(0))?)
        })
        .await
    }

    /// Stores how a try went.
    pub(crate) async fn put_tries(&self, id: i64, tries: Tries, error: Option<String>) -> Result<(), Error> {
        self.write("put_tries", move |db| {
            let sql = "UPDATE deliveries SET tries = ?2, state = ?3, due = ?4, touched = ?5, error = ?6
                       WHERE delivery_id = ?1";
            db.prepare_cached(sql)?.execute(params![
                id,
                serde_json::to_string(&tries)?,
                number(tries.state),
                tries.due.0,
                tries.last.unwrap_or(tries.created).0,
                error
            ])?;
            Ok(())
        })
        .await
    }

    /// A delivery.
    pub(crate) async fn delivery(&self, id: i64) -> Result<Option<Delivery>, Error> {
        self.read("delivery", move |db| {
            let sql = format!("SELECT {COLUMNS} FROM deliveries WHERE delivery_id = ?1");
            db.prepare_cached(&sql)?.query_row([id], |row| Ok(read(row))).optional()?.transpose()
        })
        .await
    }

    /// Deliveries, newest first.
    pub(crate) async fn deliveries(&self, filter: DeliveryFilter) -> Result<Vec<Delivery>, Error> {
        self.read("deliveries", move |db| {
            let sql = format!(
                "SELECT {COLUMNS} FROM deliveries
                 WHERE (?1 IS NULL OR run_id = ?1) AND (?2 IS NULL OR state = ?2) AND (?3 IS NULL OR delivery_id < ?3)
                 ORDER BY delivery_id DESC LIMIT ?4"
            );
            let mut statement = db.prepare_cached(&sql)?;
            let mut rows = statement.query(params![
                filter.run.map(|run| run.0),
                filter.state.map(number),
                filter.before,
                filter.limit
            ])?;
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                found.push(read(row)?);
            }
            Ok(found)
        })
        .await
    }

    /// Forgets deliveries that were over before a time.
    pub(crate) async fn prune_deliveries(&self, before: WallTime) -> Result<(), Error> {
        self.write("prune_deliveries", move |db| {
            db.prepare_cached("DELETE FROM deliveries WHERE state > 0 AND touched < ?1")?
                .execute([before.0])?;
            Ok(())
        })
        .await
    }

    /// Every destination in the order of creation.
    pub(crate) async fn destinations(&self) -> Result<Vec<StoredDestination>, Error> {
        self.read("destinations", |db| {
            let sql =
                "SELECT destination_id, destination FROM destinations ORDER BY created_time, destination_id";
            let mut statement = db.prepare_cached(sql)?;
            let mut rows = statement.query([])?;
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                found.push(StoredDestination { id: row.get(0)?, destination: destination(row, 1)? });
            }
            Ok(found)
        })
        .await
    }

    /// A destination.
    pub(crate) async fn destination(&self, id: String) -> Result<Option<Destination>, Error> {
        self.read("destination", move |db| {
            db.prepare_cached("SELECT destination FROM destinations WHERE destination_id = ?1")?
                .query_row([id], |row| Ok(destination(row, 0)))
                .optional()?
                .transpose()
        })
        .await
    }

    /// Stores a new destination; false when its id is taken, or `most` are there already.
    pub(crate) async fn add_destination(
        &self,
        new: StoredDestination,
        now: WallTime,
        most: i64,
    ) -> Result<bool, Error> {
        self.write("add_destination", move |db| {
            let sql = "INSERT INTO destinations SELECT ?1, ?2, ?3
                       WHERE (SELECT count(*) FROM destinations) < ?4 ON CONFLICT DO NOTHING";
            let text = serde_json::to_string(&new.destination)?;
            Ok(db.prepare_cached(sql)?.execute(params![new.id, now.0, text, most])? > 0)
        })
        .await
    }

    /// Changes a destination; false when there is none.
    pub(crate) async fn put_destination(&self, changed: StoredDestination) -> Result<bool, Error> {
        self.write("put_destination", move |db| {
            let sql = "UPDATE destinations SET destination = ?2 WHERE destination_id = ?1";
            let text = serde_json::to_string(&changed.destination)?;
            Ok(db.prepare_cached(sql)?.execute(params![changed.id, text])? > 0)
        })
        .await
    }

    /// Removes a destination; false when there is none. Its deliveries wait for another one with its id.
    pub(crate) async fn delete_destination(&self, id: String) -> Result<bool, Error> {
        self.write("delete_destination", move |db| {
            let sql = "DELETE FROM destinations WHERE destination_id = ?1";
            Ok(db.prepare_cached(sql)?.execute([id])? > 0)
        })
        .await
    }
}

fn destination(row: &Row<'_>, at: usize) -> Db<Destination> {
    let text: String = row.get(at)?;
    Ok(serde_json::from_str(&text)?)
}

/// A delivery as it is told: nothing of it is secret.
pub(crate) fn shown(delivery: &Delivery) -> Value {
    let Delivery { id, recipient, notice, tries, error } = delivery;
    serde_json::json!({
        "delivery_id": id,
        "recipient": recipient.to_string(),
        "event_type": notice.event.event_type(),
        "job_id": notice.job_id,
        "job_name": notice.job_name,
        "run_id": notice.run_id,
        "job_run_id": notice.job_run(),
        "task_key": notice.task.as_ref().map(|task| &task.task_key),
        "state": match tries.state {
            TriesState::Waiting => "WAITING",
            TriesState::Sent => "SENT",
            TriesState::GivenUp => "GIVEN_UP",
        },
        "tries": tries.count,
        "created_time": tries.created,
        "last_try_time": tries.last,
        "next_try_time": (tries.state == TriesState::Waiting).then_some(tries.due),
        "error": error,
    })
}
