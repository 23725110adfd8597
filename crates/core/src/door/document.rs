//! Definitions, texts of definitions and parameter schemas, for the vectors.

use super::{Answer, read, write};
use crate::job::{ApiVersion, LintOptions, problems};
use crate::params::{Options, ParamSchema};
use crate::source::{Document, Format};
use serde::Deserialize;
use serde_json::{Map, Value, json};

#[derive(Deserialize)]
struct LintInput {
    job: Value,
    #[serde(default)]
    api: String,
}

/// All problems of a definition. `api` is `2.1` or `2.2`.
pub(super) fn lint(input: Value) -> Answer {
    let LintInput { job, api } = read(input)?;
    let api = if api == "2.1" { ApiVersion::V2_1 } else { ApiVersion::V2_2 };
    write(problems(&job, &LintOptions { api, ..LintOptions::default() }))
}

#[derive(Deserialize)]
struct Params {
    schema: Value,
    #[serde(default)]
    instance: Value,
    #[serde(default)]
    resources: Map<String, Value>,
}

/// `{"violations": …, "warnings": …}`, or `{"problems": …}` of a schema that is none.
pub(super) fn params(input: Value) -> Answer {
    let Params { schema, instance, resources } = read(input)?;
    let resources = resources.into_iter().collect();
    Ok(match ParamSchema::compile_with(&schema, &Options { resources, ..Options::default() }) {
        Ok(schema) => json!({ "violations": schema.validate(&instance), "warnings": schema.warnings() }),
        Err(problems) => json!({ "problems": problems }),
    })
}

#[derive(Deserialize)]
struct Source {
    file: String,
    text: String,
    /// Paths whose places are asked for.
    #[serde(default)]
    paths: Vec<String>,
}

/// `{"value": …, "positions": …}` of a YAML or JSON text, or `{"problems": …}`.
pub(super) fn source(input: Value) -> Answer {
    let Source { file, text, paths } = read(input)?;
    let document = match Document::parse(&file, text.as_bytes(), Format::ByExtension) {
        Ok(document) => document,
        Err(problems) => return Ok(json!({ "problems": problems })),
    };
    let place = |path: String| {
        let mark = document.positions().find(&path)?;
        Some((path, json!([mark.line, mark.column])))
    };
    let positions: Map<_, _> = paths.into_iter().filter_map(place).collect();
    Ok(json!({ "value": document.value(), "positions": positions }))
}
