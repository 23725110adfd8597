//! Answers that are kept for a while, of one host under one identity: callers that ask the same at the same time share one
//! call, and each gets a copy of its own.
//!
//! What may be kept and what a write makes untrue is said by `lakeflow_core::api::Keep` and `Touch`. Waits do not read here.

use crate::clock::Clock;
use lakeflow_core::api::{Endpoint, Keep, Request, Touch};
use lakeflow_core::error::Error;
use lakeflow_core::id::RunId;
use lakeflow_core::time::Tick;
use moka::future::Cache as Entries;
use std::any::{Any, TypeId};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How long answers are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CacheOptions {
    /// What may change at any time: active runs, lists, definitions.
    pub active: Duration,
    /// Runs that are over, and their outputs. Own repairs and deletions are seen at once, those of others after this.
    pub finished: Duration,
    /// Most bytes of answers that are kept; 0 keeps nothing, and no two callers share a call.
    pub bytes: u64,
}

impl CacheOptions {
    /// For a workspace: one second, five minutes, 32 MiB.
    pub const WORKSPACE: Self =
        Self { active: Duration::from_secs(1), finished: Duration::from_secs(300), bytes: 32 << 20 };
    /// For an engine on this machine, where a call costs next to nothing: a fifth of a second for what is active.
    pub const LOCAL: Self = Self { active: Duration::from_millis(200), ..Self::WORKSPACE };
    /// Every read asks the host.
    pub const OFF: Self = Self { active: Duration::ZERO, finished: Duration::ZERO, bytes: 0 };
}

/// Runs with a write of their own that are remembered; beyond it, all that is kept is dropped instead.
const TOUCHED_LIMIT: usize = 10_000;

/// Bytes that an entry costs beside its answer.
const ENTRY_BYTES: usize = 256;

pub(crate) struct Cache {
    /// `None` when nothing is kept.
    entries: Option<Entries<Key, Kept>>,
    options: CacheOptions,
    clock: Clock,
    writes: Mutex<Writes>,
}

/// What is kept briefly is kept for one generation: a reader after a write does not share a call from before it.
#[derive(Clone, PartialEq, Eq, Hash)]
enum Key {
    Brief(u64, Question),
    Long(Question),
}

/// What is asked, and the type of its answer: the same answer may be wanted in types and as it came.
type Question = (TypeId, String);

#[derive(Clone)]
struct Kept {
    answer: Arc<dyn Any + Send + Sync>,
    bytes: usize,
    until: Tick,
    /// The generation in which the call began.
    generation: u64,
    run_id: Option<RunId>,
}

/// Each write begins a new generation, when it is sent and when it is over.
#[derive(Default)]
struct Writes {
    generation: u64,
    /// What was asked before this generation is not true any more.
    floor: u64,
    /// The same, by run.
    touched: BTreeMap<RunId, u64>,
}

impl Writes {
    fn touch(&mut self, touch: Touch) {
        self.generation += 1;
        match touch {
            Touch::Active => {}
            Touch::Run(run_id) => {
                self.touched.insert(run_id, self.generation);
            }
            Touch::AllRuns => self.floor = self.generation,
        }
        if self.touched.len() > TOUCHED_LIMIT {
            self.floor = self.generation;
        }
        if self.floor == self.generation {
            self.touched.clear();
        }
    }

    fn allow(&self, kept: &Kept) -> bool {
        let touched = kept.run_id.and_then(|run_id| self.touched.get(&run_id)).copied().unwrap_or(0);
        kept.generation >= self.floor.max(touched)
    }
}

impl Cache {
    pub(crate) fn new(options: CacheOptions, clock: Clock) -> Self {
        let entries = (options.bytes > 0).then(|| {
            let weight = |_: &Key, kept: &Kept| u32::try_from(kept.bytes + ENTRY_BYTES).unwrap_or(u32::MAX);
            // The longest time that anything may be of use; the clock of the client, which tests can move, decides each case.
            let longest = options.finished.max(options.active);
            Entries::builder().max_capacity(options.bytes).weigher(weight).time_to_live(longest).build()
        });
        Self { entries, options, clock, writes: Mutex::default() }
    }

    /// Begins a write; it is over when the guard is dropped.
    pub(crate) fn write(&self, touch: Touch) -> Write<'_> {
        self.writes().touch(touch);
        Write { cache: self, touch }
    }

    /// A run, or with `None` something, is not as it was.
    pub(crate) fn touch(&self, run_id: Option<RunId>) {
        self.writes().touch(run_id.map_or(Touch::Active, Touch::Run));
    }

    fn writes(&self) -> MutexGuard<'_, Writes> {
        self.writes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The kept answer to a read, or the one that `load` brings, with its size in bytes. Errors are shared by those who
    /// waited for them and not kept.
    pub(crate) async fn read<E: Endpoint>(
        &self,
        endpoint: &E,
        request: &Request,
        load: impl Future<Output = Result<(E::Answer, usize), Error>>,
    ) -> Result<E::Answer, Error> {
        let Some(entries) = &self.entries else { return Ok(load.await?.0) };
        let question = (TypeId::of::<E::Answer>(), name(request));
        let long = Key::Long(question.clone());
        let generation = self.writes().generation;
        if let Some(answer) = self.fresh::<E>(entries, &long).await {
            return Ok(answer);
        }
        let brief = Key::Brief(generation, question);
        if let Some(answer) = self.fresh::<E>(entries, &brief).await {
            return Ok(answer);
        }
        let load = async {
            let (answer, bytes) = load.await?;
            let (run_id, age) = match endpoint.keep(&answer) {
                Keep::Not => (None, Duration::ZERO),
                Keep::Briefly => (None, self.options.active),
                Keep::Run(run_id) => (Some(run_id), self.options.finished),
            };
            let until = self.clock.tick().after(u64::try_from(age.as_millis()).unwrap_or(u64::MAX));
            let kept = Kept { answer: Arc::new(answer), bytes, until, generation, run_id };
            if run_id.is_some() {
                entries.insert(long, kept.clone()).await;
            }
            Ok(kept)
        };
        let kept = entries.try_get_with(brief, load).await.map_err(|error: Arc<Error>| (*error).clone())?;
        kept.answer.downcast_ref::<E::Answer>().cloned().ok_or_else(|| {
            Error::new(
                lakeflow_core::error::ErrorCode::Internal,
                E::OPERATION,
                "a kept answer is of another type",
            )
        })
    }

    /// What is kept under the key, when it is still good; else it is dropped.
    async fn fresh<E: Endpoint>(&self, entries: &Entries<Key, Kept>, key: &Key) -> Option<E::Answer> {
        let kept = entries.get(key).await?;
        if kept.until > self.clock.tick() && self.writes().allow(&kept) {
            return kept.answer.downcast_ref::<E::Answer>().cloned();
        }
        entries.invalidate(key).await;
        None
    }
}

/// A write under way.
pub(crate) struct Write<'a> {
    cache: &'a Cache,
    touch: Touch,
}

impl Drop for Write<'_> {
    fn drop(&mut self) {
        self.cache.writes().touch(self.touch);
    }
}

/// What is asked, as text: reads have no body.
fn name(request: &Request) -> String {
    let mut name = request.path.clone();
    for (key, value) in &request.query {
        for part in ["\n", key, "=", value] {
            name.push_str(part);
        }
    }
    name
}
