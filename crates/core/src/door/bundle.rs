//! A bundle from files in memory.

use super::{Answer, read};
use crate::bundle::{self, Bundle, MemoryFiles, Options, ResourceReference};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

#[derive(Default, Deserialize)]
#[serde(default)]
struct Settings {
    target: Option<String>,
    variables: BTreeMap<String, String>,
    environment: BTreeMap<String, String>,
    user_name: Option<String>,
    git: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Input {
    files: BTreeMap<String, String>,
    #[serde(default)]
    path: String,
    #[serde(default)]
    options: Settings,
    /// Values of fields of deployed resources, by `resources.KIND.KEY.FIELD`; with them the jobs are resolved.
    ids: Option<BTreeMap<String, Value>>,
    /// Workspace paths whose files are asked for.
    #[serde(default)]
    paths: Vec<String>,
}

/// `{"bundle": …, "problems": …}`; `bundle` is `null` when nothing useful could be read.
pub(super) fn load(input: Value) -> Answer {
    let Input { files, path, options, ids, paths } = read(input)?;
    let files: MemoryFiles = files.into_iter().collect();
    let defaults = Options::default();
    let options = Options {
        target: options.target,
        variables: options.variables,
        environment: options.environment,
        user_name: options.user_name.unwrap_or_else(|| defaults.user_name.clone()),
        git: options.git,
        ..defaults
    };
    let (bundle, problems) = bundle::load(&files, &path, &options);
    let bundle = bundle.map(|bundle| told(&bundle, ids.as_ref(), &paths));
    Ok(json!({ "bundle": bundle, "problems": problems }))
}

fn told(bundle: &Bundle, ids: Option<&BTreeMap<String, Value>>, paths: &[String]) -> Value {
    let workspace = &bundle.workspace;
    let others: Vec<Value> = bundle.others.iter().map(|o| json!([o.kind, o.key, o.value])).collect();
    let local: Map<_, _> = paths.iter().map(|path| (path.clone(), json!(bundle.local_path(path)))).collect();
    let jobs = bundle.jobs.iter().map(|(key, job)| (key.clone(), job.body().clone()));
    let mut told = json!({
        "shape": format!("{:?}", bundle.shape),
        "name": bundle.name,
        "target": bundle.target,
        "mode": bundle.mode.map(|mode| format!("{mode:?}")).unwrap_or_default(),
        "order": bundle.deployment_order(),
        "files": bundle.files,
        "workspace": {
            "root_path": workspace.root_path, "file_path": workspace.file_path,
            "artifact_path": workspace.artifact_path, "state_path": workspace.state_path,
        },
        "variables": bundle.variables,
        "jobs": jobs.collect::<Map<_, _>>(),
        "others": others,
        "local": local,
    });
    let references = bundle.jobs.iter().map(|(key, job)| {
        let named: Vec<String> = job.references().iter().map(name).collect();
        (key.clone(), json!(named))
    });
    told["references"] = references.collect::<Map<_, _>>().into();
    if let Some(ids) = ids {
        let resolved = bundle.jobs.iter().map(|(key, job)| {
            let body = job.resolve(&|reference| ids.get(&name(reference)).cloned());
            let told =
                body.map_or_else(|problems| json!({ "problems": problems }), |body| json!({ "body": body }));
            (key.clone(), told)
        });
        told["resolved"] = resolved.collect::<Map<_, _>>().into();
    }
    told
}

fn name(reference: &ResourceReference) -> String {
    format!("resources.{}.{}.{}", reference.kind, reference.key, reference.field)
}
