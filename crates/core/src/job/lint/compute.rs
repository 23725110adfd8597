//! Compute, libraries, environments and Git (reference section 6).

use super::names::{Limit, count, text};
use super::tasks::kind;
use super::{Block, Lint, Place, rules};
use crate::job::wire::Path;
use crate::json::Listed;
use crate::suggest::did_you_mean;

/// The platform compares them without case (reference section 2.6).
const GIT_PROVIDERS: &[&str] = &[
    "gitHub",
    "gitLab",
    "bitbucketCloud",
    "gitLabEnterpriseEdition",
    "bitbucketServer",
    "azureDevOpsServices",
    "gitHubEnterprise",
    "awsCodeCommit",
];

pub(super) fn judge(lint: &mut Lint<'_>) {
    job_clusters(lint);
    environments(lint);
    if let Some(git) = lint.job.block("git_source") {
        git_source(lint, git);
    }
    lint.each_task(|lint, path, place| {
        declared(lint, path, place.task);
        compute(lint, path, place);
        libraries(lint, path, place.task);
        git_paths(lint, path, place.task);
    });
}

fn job_clusters(lint: &mut Lint<'_>) {
    let root = Path::Root;
    let list = root.key("job_clusters");
    let mut serverless = 0;
    for (n, cluster) in lint.job.list("job_clusters").iter().enumerate() {
        let cluster = Block::of(cluster);
        let item = list.index(n);
        let block = item.key("new_cluster");
        let inside =
            cluster.block("new_cluster").is_some_and(|spec| spec.names().any(|name| name == "libraries"));
        let own = cluster.names().any(|name| name == "libraries");
        for (_, path) in [(own, &item), (inside, &block)].into_iter().filter(|(given, _)| *given) {
            let message =
                format_args!("the job cluster `{}` holds libraries", cluster.key("job_cluster_key"));
            let hint = Some("put `libraries` on the tasks that need them");
            lint.report_with(rules::LIBRARIES_IN_JOB_CLUSTER, &path.key("libraries"), message, hint);
        }
        serverless += usize::from(cluster.has("serverless_compute") || cluster.has("serverless_compute_id"));
    }
    count(lint, &list, "job clusters with serverless compute", serverless, 1);
}

fn environments(lint: &mut Lint<'_>) {
    let root = Path::Root;
    let list = root.key("environments");
    for (n, environment) in lint.job.list("environments").iter().enumerate() {
        let Some(spec) = Block::of(environment).block("spec") else { continue };
        let item = list.index(n);
        let version = spec.has("environment_version") || spec.has("client");
        let base = spec.has("base_environment");
        let project = spec.has("project_environment");
        let more = !spec.list("dependencies").is_empty() || !spec.list("java_dependencies").is_empty();
        let message = match (version, base, project) {
            (false, false, false) => "either a base environment or a version must be given",
            (true, true, _) => "a base environment and a version are both given",
            (_, _, true) if version || base || more => "`project_environment` stands alone",
            _ => continue,
        };
        lint.report(rules::ENVIRONMENT_CHOICE, &item.key("spec"), message);
    }
}

/// Keys that name an entry of a list of the job.
fn declared(lint: &mut Lint<'_>, path: &Path<'_>, task: Block<'_>) {
    for (rule, field, list) in [
        (rules::UNDECLARED_JOB_CLUSTER, "job_cluster_key", "job_clusters"),
        (rules::UNDECLARED_ENVIRONMENT, "environment_key", "environments"),
        (rules::UNDECLARED_ENVIRONMENT_VARIABLES, "environment_variables_key", "environment_variables"),
    ] {
        let Some(key) = task.text(field) else { continue };
        // The entries of these lists have their keys under the same names.
        let known: Vec<&str> = lint.job.list(list).iter().map(|entry| Block::of(entry).key(field)).collect();
        if !known.contains(&key) {
            let message = format_args!("`{key}` is not declared in `{list}`");
            let hint =
                did_you_mean(key, known).unwrap_or_else(|| format!("declare it in `{list}` of the job"));
            lint.report_with(rule, &path.key(field), message, Some(hint));
        }
    }
}

fn compute(lint: &mut Lint<'_>, path: &Path<'_>, place: Place<'_>) {
    let task = place.task;
    let named = task.given(&["existing_cluster_id", "new_cluster", "job_cluster_key", "environment_key"]);
    if named.len() > 1 {
        let message = format_args!("only one of {} may be given", Listed(&named, ", "));
        lint.report(rules::SEVERAL_COMPUTES, path, message);
    }
    let Some(kind) = kind(task) else { return };
    match kind {
        "spark_python_task" | "python_wheel_task" | "spark_jar_task" | "spark_submit_task" | "dbt_task"
            if named.is_empty() =>
        {
            let message = format_args!("a workspace refuses a {kind} without compute");
            let hint = Some("name an `environment_key` or a cluster; the local engine needs none");
            lint.report_with(rules::COMPUTE_MISSING, path, message, hint);
        }
        "sql_task" | "pipeline_task" | "run_job_task" | "condition_task" | "for_each_task" => {
            for field in named {
                let message = format_args!("`{field}` has no effect on a {kind}");
                lint.report(rules::COMPUTE_WITHOUT_EFFECT, &path.key(field), message);
            }
        }
        _ => {}
    }
}

fn libraries(lint: &mut Lint<'_>, path: &Path<'_>, task: Block<'_>) {
    const KINDS: &[&str] = &["jar", "egg", "whl", "requirements", "pypi", "maven", "cran"];
    let list = path.key("libraries");
    for (n, library) in task.list("libraries").iter().enumerate() {
        let library = Block::of(library);
        let mut given: Vec<&str> = library.given(KINDS);
        given.extend(library.names().filter(|name| !KINDS.contains(name)));
        let message = match given.len() {
            0 => "the library names nothing to install".to_owned(),
            1 => continue,
            _ => format!("only one of {} may be given", Listed(&given, ", ")),
        };
        let hint = Some("one list entry for each library: jar, whl, requirements, pypi, maven or cran");
        lint.report_with(rules::LIBRARY_CHOICE, &list.index(n), message, hint);
    }
}

fn git_source(lint: &mut Lint<'_>, git: Block<'_>) {
    let root = Path::Root;
    let path = root.key("git_source");
    for field in ["git_url", "git_provider"].into_iter().filter(|field| !git.has(field)) {
        lint.report(rules::GIT_SOURCE_INCOMPLETE, &path, format_args!("`{field}` is missing"));
    }
    if let Some(provider) = git.text("git_provider")
        && !GIT_PROVIDERS.iter().any(|known| known.eq_ignore_ascii_case(provider))
    {
        let message = format_args!("`{provider}` is not a known Git provider");
        let hint = did_you_mean(provider, GIT_PROVIDERS.iter().copied())
            .unwrap_or_else(|| format!("known providers are {}", Listed(GIT_PROVIDERS, ", ")));
        lint.report_with(rules::GIT_PROVIDER, &path.key("git_provider"), message, Some(hint));
    }
    let given = git.given(&["git_branch", "git_tag", "git_commit"]);
    if given.len() > 1 {
        let message = format_args!("only one of {} may be given", Listed(&given, ", "));
        lint.report(rules::GIT_REFERENCE, &path, message);
    }
    for (field, most) in [("git_url", 300), ("git_branch", 255), ("git_tag", 255), ("git_commit", 64)] {
        text(lint, &path.key(field), git.text(field), Limit::Characters(most));
    }
}

fn git_paths(lint: &mut Lint<'_>, path: &Path<'_>, task: Block<'_>) {
    for (block, field) in [
        ("notebook_task", "notebook_path"),
        ("spark_python_task", "python_file"),
        ("dbt_task", "project_directory"),
    ] {
        if let Some(code) = task.block(block) {
            git_path(lint, &path.key(block), code, field);
        }
    }
    if let Some(file) = task.block("sql_task").and_then(|sql| sql.block("file")) {
        git_path(lint, &path.key("sql_task").key("file"), file, "path");
    }
}

/// Where a block takes its code from.
fn git_path(lint: &mut Lint<'_>, path: &Path<'_>, block: Block<'_>, field: &str) {
    if block.text("source") != Some("GIT") {
        return;
    }
    if lint.job.block("git_source").is_none() {
        let message = "the source is GIT, but the job has no `git_source`";
        lint.report(rules::GIT_SOURCE_MISSING, &path.key("source"), message);
    }
    let code = block.key(field);
    if code.starts_with('/') || code.starts_with("./") {
        let message = format_args!("`{code}` is not a path in a repository");
        let hint = Some("paths in a repository begin with neither `/` nor `./`");
        lint.report_with(rules::GIT_PATH, &path.key(field), message, hint);
    }
}
