//! The environment variables of a task (reference sections 6.2 and 6.5).

use super::{Attempt, ExecConfig, Failure};
use lakeflow_core::job::EnvironmentVariablesSpec;
use lakeflow_core::run::TerminationCode;
use serde_json::Value;
use std::collections::BTreeMap;

/// Bytes of a file of variables at most.
const FILE_BYTES: usize = 32 * 1024;

/// Bytes of one line of it at most.
const LINE_BYTES: usize = 1024;

/// Characters of a name at most.
const NAME_CHARS: usize = 256;

/// Variables of the engine's own environment that open a workspace or the engine itself; no task gets them.
const WITHHELD: [&str; 4] = ["DATABRICKS_", "LAKEFLOW_", "BUNDLE_VAR_", "SAIL_"];

pub(super) type Variables = BTreeMap<String, String>;

/// The whole environment of an attempt: the engine's without its secrets, its address and token if tasks are to have them, the cluster's `spark_env_vars`, the files of
/// the selected entry in order, its inline variables; later ones win. Fails when a file is missing or has a bad line.
pub(super) fn of(config: &ExecConfig, attempt: &Attempt) -> Result<Variables, Failure> {
    let mut variables = inherited();
    if let Some(token) = &config.shared_token {
        variables.insert("DATABRICKS_HOST".to_owned(), config.engine_url.clone());
        variables.insert("DATABRICKS_TOKEN".to_owned(), token.0.clone());
    }
    let cluster = attempt.task.new_cluster.as_ref().or(attempt.cluster.as_ref());
    let own = cluster.and_then(|cluster| cluster["spark_env_vars"].as_object());
    for (name, value) in own.into_iter().flatten() {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        variables.insert(name.clone(), if *value == Value::Null { String::new() } else { text });
    }
    if let Some(selected) = &attempt.environment_variables {
        variables.extend(files(config, selected)?);
        variables.extend(selected.variables.iter().map(|(name, value)| (name.to_owned(), value.to_owned())));
    }
    Ok(variables)
}

/// The engine's environment as a program may have it that is not the engine. Names and values that are not text are
/// left out.
pub(super) fn inherited() -> Variables {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .filter(|(name, _)| !WITHHELD.iter().any(|prefix| name.starts_with(prefix)))
        .collect()
}

fn files(config: &ExecConfig, selected: &EnvironmentVariablesSpec) -> Result<Variables, Failure> {
    let mut variables = Variables::new();
    let mut problems = Vec::new();
    for name in &selected.files {
        let read = config
            .paths
            .resolve(name)
            .map_err(|error| error.message)
            .and_then(|path| std::fs::read(&path).map_err(|error| error.to_string()));
        match read {
            Ok(bytes) => parse(name, &bytes, &mut variables, &mut problems),
            Err(reason) => problems.push(format!("{name}: {reason}")),
        }
    }
    if problems.is_empty() {
        return Ok(variables);
    }
    let message = format!("The files of environment variables cannot be used: {}", problems.join("; "));
    Err(Failure::new(TerminationCode::InvalidRunConfiguration, message))
}

/// Adds the variables of one file, and what is wrong with it. Values are taken as they are, without unquoting.
fn parse(file: &str, bytes: &[u8], variables: &mut Variables, problems: &mut Vec<String>) {
    if bytes.len() > FILE_BYTES {
        problems.push(format!("{file}: {} bytes, {FILE_BYTES} are the most", bytes.len()));
        return;
    }
    let Ok(text) = std::str::from_utf8(bytes) else {
        problems.push(format!("{file}: not UTF-8 text"));
        return;
    };
    for (index, line) in text.lines().enumerate() {
        let mut problem = |what: &str| problems.push(format!("{file}, line {}: {what}", index + 1));
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        match line.split_once('=') {
            // The line itself may be a secret: it is not repeated.
            _ if line.len() > LINE_BYTES => problem("longer than 1024 bytes"),
            Some((name, value)) if is_name(name) && !value.contains('\0') => {
                variables.insert(name.to_owned(), value.to_owned());
            }
            _ => problem("not KEY=VALUE"),
        }
    }
}

fn is_name(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
        && chars.all(|c| c.is_ascii_alphanumeric() || c == '_')
        && name.len() <= NAME_CHARS
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> (Variables, Vec<String>) {
        let (mut variables, mut problems) = Default::default();
        parse("f", text.as_bytes(), &mut variables, &mut problems);
        (variables, problems)
    }

    #[test]
    fn lines_are_names_and_values_and_nothing_else() {
        let (variables, problems) = parsed("# note\r\n\r\nA=1\r\n_b2=\"x = y\"\nEMPTY=\n");
        assert_eq!(problems, Vec::<String>::new());
        let expect = [("A", "1"), ("EMPTY", ""), ("_b2", "\"x = y\"")];
        assert_eq!(variables, expect.map(|(k, v)| (k.to_owned(), v.to_owned())).into());
    }

    #[test]
    fn every_bad_line_is_told_with_its_number_and_without_its_text() {
        let text = format!("export A=1\nnothing\n1A=x\n A=1\n=x\nLONG={}\n", "x".repeat(LINE_BYTES));
        let (_, problems) = parsed(&text);
        assert_eq!(problems.len(), 6, "{problems:?}");
        assert_eq!(problems[1], "f, line 2: not KEY=VALUE");
        assert_eq!(problems[5], "f, line 6: longer than 1024 bytes");
        assert_eq!(parsed(&"#".repeat(FILE_BYTES + 1)).1.len(), 1);
        let (mut variables, mut problems) = Default::default();
        parse("f", b"A=\xff\n", &mut variables, &mut problems);
        assert_eq!(problems, ["f: not UTF-8 text"]);
    }
}
