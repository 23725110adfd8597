//! Numbered migrations. A migration that has been released is never edited; a change is a new file with the next number.

use rusqlite::{Connection, TransactionBehavior};

const MIGRATIONS: &[&str] = &[
    include_str!("migrations/001_init.sql"),
    include_str!("migrations/002_pages.sql"),
    include_str!("migrations/003_triggers.sql"),
    include_str!("migrations/004_versions.sql"),
    include_str!("migrations/005_ends.sql"),
    include_str!("migrations/006_notify.sql"),
];

/// The schema version that this program writes.
pub(super) const VERSION: usize = MIGRATIONS.len();

/// Why a database could not be brought to this version.
pub(super) enum MigrationError {
    Sql(rusqlite::Error),
    /// Written by a newer program.
    TooNew(usize),
}

impl From<rusqlite::Error> for MigrationError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sql(error)
    }
}

/// Applies what is missing, each migration in a transaction of its own.
pub(super) fn migrate(connection: &mut Connection) -> Result<(), MigrationError> {
    let found: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let found = usize::try_from(found).unwrap_or(usize::MAX);
    if found > VERSION {
        return Err(MigrationError::TooNew(found));
    }
    for (number, sql) in MIGRATIONS.iter().enumerate().skip(found) {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        transaction.execute_batch(sql)?;
        transaction.pragma_update(None, "user_version", (number + 1) as i64)?;
        transaction.commit()?;
    }
    Ok(())
}
