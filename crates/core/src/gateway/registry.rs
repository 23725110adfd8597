//! Which jobs there are, by key: found in environment variables and configured by hand, with a word about every variable
//! that was left aside.
//!
//! The environment is an argument. Nothing here asks a workspace whether a job exists.

use crate::id::JobId;
use crate::mapping::TaskType;
use serde::Serialize;
use serde_json::{Value, json};
use std::fmt::Write as _;

/// Variables that name jobs begin like this; what follows is the key.
pub const VARIABLE_PREFIX: &str = "DATABRICKS_JOB_";
/// The variable of a single job, whose key is [`DEFAULT_KEY`].
pub const SINGLE_VARIABLE: &str = "DATABRICKS_JOB_ID";
/// The key of a single job.
pub const DEFAULT_KEY: &str = "default";

/// Keys that an environment is likely to set for other reasons: jobs pass their own run's id on under this name. A job of
/// such a key has to be configured by hand.
const RESERVED: [&str; 1] = ["run_id"];

/// What is said about a job by hand; every field may be left out.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct JobConfig {
    /// Its id, instead of the one in the environment.
    pub id: Option<JobId>,
    /// Its unique name, looked up when the job is first used; an id, also one in the environment, comes first.
    pub name: Option<String>,
    /// How long a wait for its runs lasts at most, in milliseconds; `None` for as long as the run takes.
    pub wait_timeout_ms: Option<u64>,
    /// What its parameters are for.
    pub task_type: Option<TaskType>,
    /// How its parameters are checked.
    pub check: ParamCheck,
}

/// How parameters of a job are checked before a run is started.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum ParamCheck {
    /// Not at all. Over HTTP such a job takes parameters only when it has a task type.
    #[default]
    None,
    /// By a JSON Schema.
    Schema(Value),
    /// By code of the host, such as a Zod schema, which may also change them. The JSON Schema that describes it, when
    /// there is one, is for readers.
    Host(Option<Value>),
}

impl ParamCheck {
    /// The JSON Schema that readers are shown.
    pub fn shown(&self) -> Option<&Value> {
        match self {
            Self::None => None,
            Self::Schema(schema) => Some(schema),
            Self::Host(schema) => schema.as_ref(),
        }
    }
}

/// How a job is found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JobRef {
    /// By its id.
    Id(JobId),
    /// By its name, which has to be unique in the workspace.
    Name(String),
    /// Not at all: the variable that should hold its id does not.
    Missing,
}

/// A job that has a key.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// As it stands in the configuration, or the rest of the variable in lower case.
    pub key: String,
    /// How it is found.
    pub job: JobRef,
    /// The variable that holds its id or should hold it.
    pub variable: String,
    /// What is said about it.
    pub config: JobConfig,
}

/// A variable that names no job, or not the one it seems to name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Ignored {
    /// Its name.
    pub variable: String,
    /// A word for programs: `empty`, `no_key`, `reserved`, `not_an_id`, `shadowed`, `single_unused`.
    pub reason: &'static str,
    /// A sentence for people, with what to do. Holds no value longer than 40 characters.
    pub message: String,
}

/// The jobs of an app, by key.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Registry {
    entries: Vec<Entry>,
    ignored: Vec<Ignored>,
}

/// A resource that an app needs from its platform.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Requirement {
    /// `job-<key>`.
    pub alias: String,
    /// The job's key.
    pub key: String,
    /// The variable that has to hold the job's id.
    pub variable: String,
}

/// An id as people write it in a variable: a positive decimal int64, blanks around it aside.
pub fn parse_id(text: &str) -> Option<i64> {
    let text = text.trim();
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten().filter(|id| *id > 0)
}

/// The variable of a key: `DATABRICKS_JOB_<KEY>`, with `_` for what a shell cannot set; of `default` the single one.
pub fn variable_of(key: &str) -> String {
    if key == DEFAULT_KEY {
        return SINGLE_VARIABLE.to_owned();
    }
    format!("{VARIABLE_PREFIX}{}", settable(&key.to_uppercase()))
}

fn settable(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii_alphanumeric() || c == '_' { c } else { '_' }).collect()
}

/// A variable whose name says that it is about a job.
struct Found<'a> {
    name: &'a str,
    value: &'a str,
    /// Lower case.
    key: String,
    used: bool,
}

impl Registry {
    /// Finds jobs in the environment and puts the configured ones over them (reference: behaviour B7 to B15).
    ///
    /// `environment` holds names and values in any order; only those that begin with [`VARIABLE_PREFIX`] are looked at.
    /// Discovered jobs come first, in the order of the environment, then the configured ones in theirs.
    pub fn discover(environment: &[(String, String)], configured: &[(String, JobConfig)]) -> Self {
        let mut registry = Self::default();
        let found = registry.candidates(environment);
        let single = environment.iter().find(|(name, value)| name == SINGLE_VARIABLE && !blank(value));
        let mut source = Source {
            found,
            single: single.map(|(_, value)| value.as_str()),
            configured: configured.iter().map(|(key, _)| key.as_str()).collect(),
        };
        let explicit: Vec<Entry> =
            configured.iter().map(|(key, config)| source.entry(key, config.clone())).collect();
        registry.discovered(&mut source);
        registry.entries.extend(explicit);
        if single.is_some() && !registry.entries.iter().any(|entry| entry.key == DEFAULT_KEY) {
            let message = "it names the one job of an app, and this app has jobs with keys".to_owned();
            registry.ignore(SINGLE_VARIABLE, "single_unused", message);
        }
        for one in source.found.iter().filter(|one| !one.used) {
            registry.shadowed(one);
        }
        registry.wrong_ids(environment);
        registry
    }

    /// Variables that may name jobs, without those that cannot.
    fn candidates<'a>(&mut self, environment: &'a [(String, String)]) -> Vec<Found<'a>> {
        let mut found = Vec::new();
        for (name, value) in environment {
            let Some(suffix) = name.strip_prefix(VARIABLE_PREFIX) else { continue };
            if suffix.is_empty() {
                self.ignore(name, "no_key", format!("a key has to follow {VARIABLE_PREFIX}"));
            } else if blank(value) {
                self.ignore(name, "empty", "it is empty".to_owned());
            } else if name != SINGLE_VARIABLE {
                found.push(Found { name, value, key: suffix.to_lowercase(), used: false });
            }
        }
        found
    }

    fn discovered(&mut self, source: &mut Source<'_>) {
        for n in 0..source.found.len() {
            let key = source.found[n].key.clone();
            let known = self.entries.iter().any(|entry| entry.key == key);
            if source.found[n].used || known || source.configured.iter().any(|other| claims(other, &key)) {
                continue;
            }
            if RESERVED.contains(&key.as_str()) {
                source.found[n].used = true;
                let message =
                    format!("jobs set it for their tasks; configure a job {key:?} by hand if it names one");
                self.ignore(source.found[n].name, "reserved", message);
                continue;
            }
            let new = source.entry(&key, JobConfig::default());
            self.entries.push(new);
        }
        if source.single.is_some() && source.configured.is_empty() && self.entries.is_empty() {
            let new = source.entry(DEFAULT_KEY, JobConfig::default());
            self.entries.push(new);
        }
    }

    fn shadowed(&mut self, one: &Found<'_>) {
        let owner = self.entries.iter().find(|entry| claims(&entry.key, &one.key));
        let by = match owner {
            Some(entry) if entry.config.id.is_none() => entry.variable.clone(),
            _ => "the configuration".to_owned(),
        };
        self.ignore(one.name, "shadowed", format!("the job's id is taken from {by}"));
    }

    /// Variables that were chosen and hold no id.
    fn wrong_ids(&mut self, environment: &[(String, String)]) {
        let missing: Vec<(String, String)> = self
            .entries
            .iter()
            .filter(|entry| entry.config.id.is_none())
            .map(|entry| (entry.variable.clone(), entry.key.clone()))
            .collect();
        for (variable, key) in missing {
            let Some((_, value)) = environment.iter().find(|(name, _)| *name == variable) else { continue };
            if !blank(value) && parse_id(value).is_none() {
                let shown: String = value.chars().take(40).collect();
                let message = format!(
                    "{shown:?} is not the id of a job (a positive whole number); job {key:?} has none"
                );
                self.ignore(&variable, "not_an_id", message);
            }
        }
    }

    fn ignore(&mut self, variable: &str, reason: &'static str, message: String) {
        self.ignored.push(Ignored { variable: variable.to_owned(), reason, message });
    }

    /// The jobs in order.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The job with exactly this key.
    pub fn get(&self, key: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.key == key)
    }

    /// The variables that were left aside, and why.
    pub fn ignored(&self) -> &[Ignored] {
        &self.ignored
    }

    /// What the platform has to provide: the id of every job that has neither an id nor a name by hand (behaviour B16).
    pub fn requirements(&self) -> Vec<Requirement> {
        let by_variable = |entry: &&Entry| entry.config.id.is_none() && entry.config.name.is_none();
        let requirement = |entry: &Entry| Requirement {
            alias: format!("job-{}", entry.key),
            key: entry.key.clone(),
            variable: entry.variable.clone(),
        };
        self.entries.iter().filter(by_variable).map(requirement).collect()
    }

    /// A sentence about a key that is not there.
    pub fn unknown(&self, key: &str) -> String {
        let mut told = format!("Unknown job {key:?}. ");
        if self.entries.is_empty() {
            let _ = write!(told, "No jobs are configured: set {VARIABLE_PREFIX}<KEY> or {SINGLE_VARIABLE}.");
        } else {
            let keys: Vec<&str> = self.entries.iter().map(|entry| entry.key.as_str()).collect();
            let _ = write!(told, "Available jobs: {}", keys.join(", "));
        }
        told
    }

    /// What a browser may know of the jobs: for each key the schema of its parameters and its task type, or null.
    pub fn client_config(&self) -> Value {
        let jobs = self.entries.iter().map(|entry| (entry.key.clone(), entry.described())).collect();
        json!({ "jobs": Value::Object(jobs) })
    }
}

impl Entry {
    /// The schema of its parameters and its task type, or null.
    pub fn described(&self) -> Value {
        json!({
            "params": self.config.check.shown(),
            "taskType": self.config.task_type.map(TaskType::as_str),
        })
    }

    /// A sentence about a job whose id is not known.
    pub fn without_id(&self) -> String {
        format!("Job {:?} has no configured job ID. Set {} env var.", self.key, self.variable)
    }
}

fn blank(value: &str) -> bool {
    value.trim().is_empty()
}

/// True when a variable with this rest, in lower case, speaks of the key.
fn claims(key: &str, rest: &str) -> bool {
    let own = key.to_lowercase();
    own == rest || settable(&own) == rest
}

/// The variable that spells a key exactly.
fn exact_variable(key: &str) -> String {
    format!("{VARIABLE_PREFIX}{}", key.to_uppercase())
}

/// Where ids come from while the entries are made.
struct Source<'a> {
    found: Vec<Found<'a>>,
    /// The value of the single variable.
    single: Option<&'a str>,
    /// Keys that are configured by hand.
    configured: Vec<&'a str>,
}

impl Source<'_> {
    /// The entry of a key. Its id comes from the configuration, else from the variable that spells the key exactly, else
    /// from one that spells it in other letters and belongs to no other key.
    fn entry(&mut self, key: &str, config: JobConfig) -> Entry {
        let (variable, value) = match self.choose(key, &config) {
            Some(n) => {
                let one = &mut self.found[n];
                one.used = true;
                (one.name.to_owned(), Some(one.value))
            }
            None if key == DEFAULT_KEY => (SINGLE_VARIABLE.to_owned(), self.single),
            None => (variable_of(key), None),
        };
        let job = match (config.id, value.and_then(parse_id), &config.name) {
            (Some(id), _, _) => JobRef::Id(id),
            (None, Some(id), _) => JobRef::Id(JobId(id)),
            (None, None, Some(name)) => JobRef::Name(name.clone()),
            (None, None, None) => JobRef::Missing,
        };
        Entry { key: key.to_owned(), job, variable, config }
    }

    fn choose(&self, key: &str, config: &JobConfig) -> Option<usize> {
        if config.id.is_some() || (key == DEFAULT_KEY && self.single.is_some()) {
            return None;
        }
        let exact = exact_variable(key);
        let (plain, lower) = (settable(&exact), key.to_lowercase());
        let anothers =
            |name: &str| self.configured.iter().any(|other| *other != key && exact_variable(other) == name);
        let rank = |one: &Found<'_>| match () {
            () if one.name == exact => Some(0),
            () if one.used || anothers(one.name) => None,
            () if one.name == plain => Some(1),
            () if one.key == lower => Some(2),
            () if one.key == settable(&lower) => Some(3),
            () => None,
        };
        (0..self.found.len()).filter_map(|n| rank(&self.found[n]).map(|rank| (rank, n))).min().map(|(_, n)| n)
    }
}
