//! Clusters, environments, libraries and Git sources (reference section 6). Cluster specifications are opaque.

use crate::job::wire::{TextMap, wire_struct};
use crate::value::Value;

wire_struct! {
    /// A cluster that tasks of one run share.
    pub struct JobCluster {
        /// 1 to 100 characters of `[A-Za-z0-9_-]`, unique in the job.
        pub job_cluster_key: String,
        /// Opaque specification.
        pub new_cluster: Option<Value>,
        /// Serverless compute; opaque.
        pub serverless_compute: Option<Value>,
        /// Serverless compute by id.
        pub serverless_compute_id: Option<String>,
    }
}

wire_struct! {
    /// What a serverless environment installs (reference section 6.4).
    pub struct EnvironmentSpec {
        /// Text that holds an integer.
        pub environment_version: Option<String>,
        /// Older name of the same.
        pub client: Option<String>,
        /// Path or id of a base; instead of a version.
        pub base_environment: Option<String>,
        /// pip requirement lines.
        pub dependencies: Vec<String>,
        /// Paths of JARs.
        pub java_dependencies: Vec<String>,
        /// Path of a `pyproject.toml`.
        pub project_environment: Option<String>,
    }
}

wire_struct! {
    /// A serverless environment that tasks name by key.
    pub struct Environment {
        /// 1 to 100 characters of `[A-Za-z0-9_-]`, unique in the job.
        pub environment_key: String,
        /// What it installs.
        pub spec: Option<EnvironmentSpec>,
    }
}

wire_struct! {
    /// Variables and files of a set (reference section 6.5).
    pub struct EnvironmentVariablesSpec {
        /// Names and values.
        pub variables: TextMap,
        /// Paths of `.env` files; later ones win.
        pub files: Vec<String>,
    }
}

wire_struct! {
    /// A set of environment variables that tasks name by key.
    pub struct EnvironmentVariables {
        /// 1 to 100 characters of `[A-Za-z0-9_-]`, unique in the job.
        pub environment_variables_key: String,
        /// Variables and files.
        pub spec: Option<EnvironmentVariablesSpec>,
    }
}

wire_struct! {
    /// A package of PyPI.
    pub struct PypiLibrary {
        /// A requirement such as `requests==2.32.0`.
        pub package: String,
        /// Index to use.
        pub repo: Option<String>,
    }
}

wire_struct! {
    /// One thing to install; exactly one field is set (reference section 6.3).
    pub struct Library {
        /// Path or URI of a JAR.
        pub jar: Option<String>,
        /// Deprecated.
        pub egg: Option<String>,
        /// Path or URI of a wheel.
        pub whl: Option<String>,
        /// Path of a requirements file.
        pub requirements: Option<String>,
        /// A package of PyPI.
        pub pypi: Option<PypiLibrary>,
        /// A Maven artefact; opaque.
        pub maven: Option<Value>,
        /// A CRAN package; opaque.
        pub cran: Option<Value>,
    }
}

wire_struct! {
    /// The repository of tasks with source `GIT` (reference section 6.6).
    pub struct GitSource {
        /// At most 300 characters.
        pub git_url: Option<String>,
        /// Case-insensitive name of the provider.
        pub git_provider: Option<String>,
        /// At most one of branch, tag and commit.
        pub git_branch: Option<String>,
        /// At most one of branch, tag and commit.
        pub git_tag: Option<String>,
        /// At most one of branch, tag and commit.
        pub git_commit: Option<String>,
        /// What a run used; only on runs.
        pub git_snapshot: Option<Value>,
        /// Cone patterns; opaque.
        pub sparse_checkout: Option<Value>,
        /// For jobs defined in Git; opaque.
        pub job_source: Option<Value>,
    }
}
