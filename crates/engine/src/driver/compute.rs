//! What a run's tasks name by key: job clusters, environments and sets of environment variables, as they were when the run was
//! created (reference section 6).

use crate::store::RunFacts;
use lakeflow_core::job::{
    Environment, EnvironmentSpec, EnvironmentVariables, EnvironmentVariablesSpec, JobCluster, Task,
};
use serde::de::DeserializeOwned;
use serde_json::Value;

/// The named parts of one run.
#[derive(Debug)]
pub(super) struct Compute {
    clusters: Vec<JobCluster>,
    environments: Vec<Environment>,
    variables: Vec<EnvironmentVariables>,
}

impl Compute {
    pub(super) fn of(facts: &RunFacts) -> Self {
        Self {
            clusters: read(&facts.job_clusters),
            environments: read(&facts.environments),
            variables: read(&facts.environment_variables),
        }
    }

    /// The specification of the job cluster that a task names.
    pub(super) fn cluster(&self, task: &Task) -> Option<Value> {
        let key = task.job_cluster_key.as_ref()?;
        self.clusters.iter().find(|cluster| cluster.job_cluster_key == *key)?.new_cluster.clone()
    }

    /// The environment that a task names.
    pub(super) fn environment(&self, task: &Task) -> Option<EnvironmentSpec> {
        let key = task.environment_key.as_ref()?;
        self.environments.iter().find(|environment| environment.environment_key == *key)?.spec.clone()
    }

    /// The environment variables that a task names.
    pub(super) fn variables(&self, task: &Task) -> Option<EnvironmentVariablesSpec> {
        let key = task.environment_variables_key.as_ref()?;
        self.variables.iter().find(|set| set.environment_variables_key == *key)?.spec.clone()
    }
}

/// What was written by the same types; a part that cannot be read is as if it were not there.
fn read<T: DeserializeOwned>(parts: &[Value]) -> Vec<T> {
    parts.iter().filter_map(|part| serde_json::from_value(part.clone()).ok()).collect()
}
