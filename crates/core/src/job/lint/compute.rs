//! Compute, libraries, environments and Git (reference section 6).

use super::names::{Limit, count, text};
use super::{Lint, Place, rules};
use crate::job::wire::Path;
use crate::job::{GitSource, Library, Source, Task, TaskKind};
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
    if let Some(git) = &lint.job.git_source {
        git_source(lint, git);
    }
    lint.each_task(|lint, path, place| {
        declared(lint, path, place.task);
        compute(lint, path, place);
        libraries(lint, path, &place.task.libraries);
        git_paths(lint, path, place.task);
    });
}

fn job_clusters(lint: &mut Lint<'_>) {
    let root = Path::Root;
    let list = root.key("job_clusters");
    for (n, cluster) in lint.job.job_clusters.iter().enumerate() {
        let item = list.index(n);
        let block = item.key("new_cluster");
        let inside = cluster.new_cluster.as_ref().is_some_and(|spec| spec.get("libraries").is_some());
        let places = [(cluster.unknown.contains_key("libraries"), &item), (inside, &block)];
        for (_, path) in places.into_iter().filter(|(given, _)| *given) {
            let message = format!("the job cluster `{}` holds libraries", cluster.job_cluster_key);
            let hint = Some("put `libraries` on the tasks that need them");
            lint.report_with(rules::LIBRARIES_IN_JOB_CLUSTER, &path.key("libraries"), message, hint);
        }
    }
    let serverless =
        |c: &&crate::job::JobCluster| c.serverless_compute.is_some() || c.serverless_compute_id.is_some();
    let serverless = lint.job.job_clusters.iter().filter(serverless).count();
    count(lint, &list, "job clusters with serverless compute", serverless, 1);
}

fn environments(lint: &mut Lint<'_>) {
    let root = Path::Root;
    let list = root.key("environments");
    for (n, environment) in lint.job.environments.iter().enumerate() {
        let Some(spec) = &environment.spec else { continue };
        let item = list.index(n);
        let version = spec.environment_version.is_some() || spec.client.is_some();
        let base = spec.base_environment.is_some();
        let project = spec.project_environment.is_some();
        let more = !spec.dependencies.is_empty() || !spec.java_dependencies.is_empty();
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
fn declared(lint: &mut Lint<'_>, path: &Path<'_>, task: &Task) {
    let job = lint.job;
    let clusters = job.job_clusters.iter().map(|c| c.job_cluster_key.as_str()).collect();
    let environments = job.environments.iter().map(|e| e.environment_key.as_str()).collect();
    let sets = job.environment_variables.iter().map(|v| v.environment_variables_key.as_str()).collect();
    let mut judge = |rule, field, list, key: Option<&String>, known: Vec<&str>| {
        if let Some(key) = key
            && !known.contains(&key.as_str())
        {
            let message = format!("`{key}` is not declared in `{list}`");
            let hint =
                did_you_mean(key, known).unwrap_or_else(|| format!("declare it in `{list}` of the job"));
            lint.report_with(rule, &path.key(field), message, Some(hint));
        }
    };
    let key = task.job_cluster_key.as_ref();
    judge(rules::UNDECLARED_JOB_CLUSTER, "job_cluster_key", "job_clusters", key, clusters);
    let key = task.environment_key.as_ref();
    judge(rules::UNDECLARED_ENVIRONMENT, "environment_key", "environments", key, environments);
    let key = task.environment_variables_key.as_ref();
    let rule = rules::UNDECLARED_ENVIRONMENT_VARIABLES;
    judge(rule, "environment_variables_key", "environment_variables", key, sets);
}

fn compute(lint: &mut Lint<'_>, path: &Path<'_>, place: Place<'_>) {
    let task = place.task;
    let named = [
        ("existing_cluster_id", task.existing_cluster_id.is_some()),
        ("new_cluster", task.new_cluster.is_some()),
        ("job_cluster_key", task.job_cluster_key.is_some()),
        ("environment_key", task.environment_key.is_some()),
    ];
    let named: Vec<&str> = named.iter().filter(|(_, given)| *given).map(|(name, _)| *name).collect();
    if named.len() > 1 {
        let message = format!("only one of {} may be given", named.join(", "));
        lint.report(rules::SEVERAL_COMPUTES, path, message);
    }
    let Some(kind) = task.kind() else { return };
    match kind {
        TaskKind::SparkPython(_)
        | TaskKind::PythonWheel(_)
        | TaskKind::SparkJar(_)
        | TaskKind::SparkSubmit(_)
        | TaskKind::Dbt(_)
            if named.is_empty() =>
        {
            let message = format!("a workspace refuses a {} without compute", kind.field());
            let hint = Some("name an `environment_key` or a cluster; the local engine needs none");
            lint.report_with(rules::COMPUTE_MISSING, path, message, hint);
        }
        TaskKind::Sql(_)
        | TaskKind::Pipeline(_)
        | TaskKind::RunJob(_)
        | TaskKind::Condition(_)
        | TaskKind::ForEach(_) => {
            for field in named {
                let message = format!("`{field}` has no effect on a {}", kind.field());
                lint.report(rules::COMPUTE_WITHOUT_EFFECT, &path.key(field), message);
            }
        }
        _ => {}
    }
}

fn libraries(lint: &mut Lint<'_>, path: &Path<'_>, libraries: &[Library]) {
    let list = path.key("libraries");
    for (n, library) in libraries.iter().enumerate() {
        let given = [
            ("jar", library.jar.is_some()),
            ("egg", library.egg.is_some()),
            ("whl", library.whl.is_some()),
            ("requirements", library.requirements.is_some()),
            ("pypi", library.pypi.is_some()),
            ("maven", library.maven.is_some()),
            ("cran", library.cran.is_some()),
        ];
        let known = given.iter().filter(|(_, given)| *given).map(|(name, _)| *name);
        let given: Vec<&str> = known.chain(library.unknown.keys().map(String::as_str)).collect();
        let message = match given.len() {
            0 => "the library names nothing to install".to_owned(),
            1 => continue,
            _ => format!("only one of {} may be given", given.join(", ")),
        };
        let hint = Some("one list entry for each library: jar, whl, requirements, pypi, maven or cran");
        lint.report_with(rules::LIBRARY_CHOICE, &list.index(n), message, hint);
    }
}

fn git_source(lint: &mut Lint<'_>, git: &GitSource) {
    let root = Path::Root;
    let path = root.key("git_source");
    let missing = [("git_url", git.git_url.is_none()), ("git_provider", git.git_provider.is_none())];
    for (field, _) in missing.into_iter().filter(|(_, missing)| *missing) {
        lint.report(rules::GIT_SOURCE_INCOMPLETE, &path, format!("`{field}` is missing"));
    }
    if let Some(provider) = &git.git_provider
        && !GIT_PROVIDERS.iter().any(|known| known.eq_ignore_ascii_case(provider))
    {
        let message = format!("`{provider}` is not a known Git provider");
        let hint = did_you_mean(provider, GIT_PROVIDERS.iter().copied())
            .unwrap_or_else(|| format!("known providers are {}", GIT_PROVIDERS.join(", ")));
        lint.report_with(rules::GIT_PROVIDER, &path.key("git_provider"), message, Some(hint));
    }
    let references = [
        ("git_branch", git.git_branch.as_deref(), 255),
        ("git_tag", git.git_tag.as_deref(), 255),
        ("git_commit", git.git_commit.as_deref(), 64),
    ];
    let given: Vec<&str> =
        references.iter().filter(|(_, text, _)| text.is_some()).map(|(name, ..)| *name).collect();
    if given.len() > 1 {
        let message = format!("only one of {} may be given", given.join(", "));
        lint.report(rules::GIT_REFERENCE, &path, message);
    }
    text(lint, &path.key("git_url"), git.git_url.as_deref(), Limit::Characters(300));
    for (field, value, limit) in references {
        text(lint, &path.key(field), value, Limit::Characters(limit));
    }
}

/// Where a task takes its code from: block, field, path, source.
type CodePath<'a> = (&'static str, &'static str, &'a str, Option<&'a Source>);

fn code_paths(task: &Task) -> Vec<CodePath<'_>> {
    let mut paths = Vec::new();
    if let Some(t) = &task.notebook_task {
        paths.push(("notebook_task", "notebook_path", t.notebook_path.as_str(), t.source.as_ref()));
    }
    if let Some(t) = &task.spark_python_task {
        paths.push(("spark_python_task", "python_file", t.python_file.as_str(), t.source.as_ref()));
    }
    if let Some(t) = &task.dbt_task {
        let folder = t.project_directory.as_deref().unwrap_or_default();
        paths.push(("dbt_task", "project_directory", folder, t.source.as_ref()));
    }
    paths
}

fn git_paths(lint: &mut Lint<'_>, path: &Path<'_>, task: &Task) {
    let mut paths: Vec<(Path<'_>, &str, &str, Option<&Source>)> = Vec::new();
    for (block, field, code, source) in code_paths(task) {
        paths.push((path.key(block), field, code, source));
    }
    let sql = path.key("sql_task");
    if let Some(file) = task.sql_task.as_ref().and_then(|sql| sql.file.as_ref()) {
        paths.push((sql.key("file"), "path", &file.path, file.source.as_ref()));
    }
    for (at, field, code, source) in paths {
        if source != Some(&Source::Git) {
            continue;
        }
        if lint.job.git_source.is_none() {
            let message = "the source is GIT, but the job has no `git_source`";
            lint.report(rules::GIT_SOURCE_MISSING, &at.key("source"), message);
        }
        if code.starts_with('/') || code.starts_with("./") {
            let message = format!("`{code}` is not a path in a repository");
            let hint = Some("paths in a repository begin with neither `/` nor `./`");
            lint.report_with(rules::GIT_PATH, &at.key(field), message, hint);
        }
    }
}
