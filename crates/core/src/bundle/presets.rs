//! What a target, its mode and the top level give to jobs that do not say it themselves (reference section 19.4).

use super::Mode;
use crate::source::{Data, Node};

/// Levels of permissions of a bundle, and what they are for jobs.
const LEVELS: [(&str, &str); 3] =
    [("CAN_VIEW", "CAN_VIEW"), ("CAN_RUN", "CAN_MANAGE_RUN"), ("CAN_MANAGE", "CAN_MANAGE")];

/// Settings for all jobs of the bundle.
struct Presets {
    name_prefix: Option<String>,
    tags: Vec<(String, Node)>,
    max_concurrent_runs: Option<Node>,
    pause_status: Option<Node>,
    run_as: Option<Node>,
    permissions: Vec<Node>,
    cluster_id: Option<Node>,
}

/// Fills in the jobs of an interpolated bundle.
pub(super) fn apply(root: &mut Node, mode: Option<Mode>, short_name: &str) {
    let presets = read(root, mode, short_name);
    let Some(Data::Object(jobs)) =
        root.get_mut("resources").and_then(|r| r.get_mut("jobs")).map(|j| &mut j.data)
    else {
        return;
    };
    for job in jobs.iter_mut().map(|member| &mut member.value) {
        if matches!(job.data, Data::Object(_)) {
            fill(job, &presets);
        }
    }
}

fn read(root: &Node, mode: Option<Mode>, short_name: &str) -> Presets {
    let mark = root.mark.clone();
    let written = root.get("presets");
    let preset =
        |field: &str| written.and_then(|presets| presets.get(field)).filter(|node| !node.is_null()).cloned();
    let development = mode == Some(Mode::Development);
    let text = |text: &str| development.then(|| Node::text(text, mark.clone()));
    let mut tags: Vec<(String, Node)> = preset("tags")
        .map(|tags| tags.members().iter().map(|tag| (tag.key.clone(), tag.value.clone())).collect())
        .unwrap_or_default();
    if development && !tags.iter().any(|(name, _)| name == "dev") {
        tags.push(("dev".to_owned(), Node::text(short_name, mark.clone())));
    }
    let prefix = preset("name_prefix").or_else(|| text(&format!("[dev {short_name}] ")));
    let four = || development.then(|| Node::new(Data::Number(4.into()), mark.clone()));
    Presets {
        name_prefix: prefix.and_then(|node| node.as_text().map(str::to_owned)),
        tags,
        max_concurrent_runs: preset("jobs_max_concurrent_runs").or_else(four),
        pause_status: preset("trigger_pause_status").or_else(|| text("PAUSED")),
        run_as: root.get("run_as").cloned(),
        permissions: root.get("permissions").map(|list| list.items().to_vec()).unwrap_or_default(),
        cluster_id: root.get("bundle").and_then(|b| b.get("cluster_id")).filter(|_| development).cloned(),
    }
}

fn fill(job: &mut Node, presets: &Presets) {
    if let Some(prefix) = &presets.name_prefix {
        let mark = job.get("name").map_or(&job.mark, |name| &name.mark).clone();
        let name = job.get("name").and_then(Node::as_text).unwrap_or("Untitled");
        let name = format!("{prefix}{name}");
        job.set("name", Node::text(name, mark));
    }
    if !presets.tags.is_empty() {
        let mut tags = job.remove("tags").unwrap_or_else(|| Node::null(job.mark.clone()));
        for (name, value) in &presets.tags {
            if tags.get(name).is_none() {
                tags.set(name, value.clone());
            }
        }
        job.set("tags", tags);
    }
    let whole = [("max_concurrent_runs", &presets.max_concurrent_runs), ("run_as", &presets.run_as)];
    for (field, value) in whole {
        if let (Some(value), None) = (value, job.get(field)) {
            job.set(field, value.clone());
        }
    }
    if let Some(status) = &presets.pause_status {
        for field in ["schedule", "trigger", "continuous"] {
            if let Some(trigger) = job.get_mut(field)
                && trigger.get("pause_status").is_none()
            {
                trigger.set("pause_status", status.clone());
            }
        }
    }
    permissions(job, &presets.permissions);
    if let Some(cluster) = &presets.cluster_id {
        override_compute(job, cluster);
    }
}

/// Permissions of the bundle come after those of the job; a principal that the job names itself is left out.
fn permissions(job: &mut Node, entries: &[Node]) {
    let principal = |entry: &Node| {
        let fields = ["user_name", "group_name", "service_principal_name"];
        fields.iter().find_map(|field| Some(((*field).to_owned(), entry.get(field)?.as_text()?.to_owned())))
    };
    let mut list = job.get("permissions").map(|list| list.items().to_vec()).unwrap_or_default();
    let before = list.len();
    for entry in entries {
        let level = entry.get("level").and_then(Node::as_text);
        let Some((_, level)) = LEVELS.iter().find(|(bundle, _)| Some(*bundle) == level) else { continue };
        if !list.iter().any(|own| principal(own) == principal(entry)) {
            let mut entry = entry.clone();
            entry.set("level", Node::text(*level, entry.mark.clone()));
            list.push(entry);
        }
    }
    if list.len() > before {
        let mark = list[before].mark.clone();
        job.set("permissions", Node::new(Data::List(list), mark));
    }
}

/// Every task that has a cluster gets this one.
fn override_compute(job: &mut Node, cluster: &Node) {
    let Some(Data::List(tasks)) = job.get_mut("tasks").map(|tasks| &mut tasks.data) else { return };
    for task in tasks {
        replace_cluster(task, cluster);
        if let Some(nested) = task.get_mut("for_each_task").and_then(|block| block.get_mut("task")) {
            replace_cluster(nested, cluster);
        }
    }
}

fn replace_cluster(task: &mut Node, cluster: &Node) {
    let fields = ["job_cluster_key", "new_cluster", "existing_cluster_id", "environment_key"];
    let had = fields.iter().filter(|field| task.remove(field).is_some()).count();
    if had > 0 {
        task.set("existing_cluster_id", cluster.clone());
    }
}
