//! Dynamic value references (`{{job.parameters.x}}`): parse, list, resolve, report what cannot be resolved.
