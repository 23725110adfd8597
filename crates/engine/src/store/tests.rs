//! What the store promises beside its answers: lists are read from an index, and a store that is full says so.

use super::db::Store;
use super::pages::{RunFilter, plan};
use lakeflow_core::error::{Error, ErrorCode, Retry};
use lakeflow_core::id::{JobId, RunId};
use lakeflow_core::notify::{Notice, Recipient};

impl Store {
    /// Stores what is to be told about a run, as the run's own change does.
    pub(crate) async fn tell(&self, run: RunId, notices: Vec<(Recipient, Notice)>) {
        self.write("tell", move |db| super::outbox::put_notices(db, run, &notices)).await.expect("stored");
    }

    /// Lets the database grow by this many pages and no more, as a disk does that is nearly full; `None` lifts the
    /// limit.
    pub(crate) async fn leave_room(&self, pages: Option<i64>) {
        let set = self.write("leave_room", move |db| {
            let used: i64 = db.pragma_query_value(None, "page_count", |row| row.get(0))?;
            let most = pages.map_or(i64::from(u32::MAX) - 1, |pages| used + pages);
            // The pragma answers with the limit.
            Ok(db.query_row(&format!("PRAGMA max_page_count = {most}"), [], |_| Ok(()))?)
        });
        set.await.expect("a pragma");
    }
}

async fn plan_of(store: &Store, filter: RunFilter) -> String {
    store.read("plan", move |db| plan(db, &filter)).await.expect("a plan").join("; ")
}

#[tokio::test]
async fn every_page_of_runs_is_read_from_an_index_in_order() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let page = RunFilter { limit: 20, ..RunFilter::default() };
    let job = Some(JobId(1));
    let cases = [
        (page.clone(), "runs_by_start"),
        (RunFilter { before: Some((5, 5)), ..page.clone() }, "runs_by_start (start_time<?)"),
        (RunFilter { after: Some((5, 5)), ..page.clone() }, "runs_by_start (start_time>?)"),
        (RunFilter { start_from: Some(1), start_to: Some(2), ..page.clone() }, "runs_by_start (start_time>?"),
        (RunFilter { job_id: job, ..page.clone() }, "runs_by_job (job_id=?)"),
        (
            RunFilter { job_id: job, before: Some((5, 5)), ..page.clone() },
            "runs_by_job (job_id=? AND start_time<?)",
        ),
        (RunFilter { active: Some(true), ..page.clone() }, "runs_active_by_start"),
        (RunFilter { active: Some(true), job_id: job, ..page.clone() }, "runs_active_by_job (job_id=?)"),
        (RunFilter { active: Some(false), ..page.clone() }, "runs_by_start"),
        (RunFilter { run_type: Some("SUBMIT_RUN".to_owned()), ..page }, "runs_by_type (run_type=?)"),
    ];
    for (filter, index) in cases {
        let shown = format!("{filter:?}");
        let plan = plan_of(&store, filter).await;
        assert!(plan.contains(index), "{index} for {shown}: {plan}");
        assert!(!plan.contains("SCAN runs;") && !plan.contains("TEMP B-TREE"), "{shown}: {plan}");
    }
}

#[tokio::test]
async fn a_full_disk_is_told_and_leaves_nothing_half_written() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    store.set_setting("small", "1".to_owned()).await.unwrap();
    store.leave_room(Some(3)).await;
    let error: Error = store
        .write("fill", |db| {
            db.execute("UPDATE kv SET value = '2' WHERE key = 'small'", [])?;
            Ok(db.execute("INSERT INTO kv VALUES ('large', ?1)", ["x".repeat(1 << 20)])?)
        })
        .await
        .unwrap_err();
    assert_eq!((error.code, error.retry), (ErrorCode::Storage, Retry::After(1000)));
    assert!(error.message.contains("the disk is full"), "{error}");
    assert_eq!(store.setting("small").await.unwrap().as_deref(), Some("1"), "the transaction left nothing");
    store.leave_room(None).await;
    store.set_setting("large", "x".repeat(1 << 20)).await.unwrap();
}
