//! JAR tasks: a plain Java program, without Spark (reference section 5.4).

use super::command::Launch;
use super::variables::Variables;
use super::{Attempt, AttemptFiles, ExecConfig, Failure, TaskOutput, log};
use lakeflow_core::execution::Exit;
use lakeflow_core::job::SparkJarTask;
use lakeflow_core::run::{Outcome, TerminationCode};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// Bytes of the log in which the exception is looked for; also the longest trace.
const TRACE_BYTES: u64 = 64 * 1024;

/// The command line of a JAR task. Fails when there is no class, no JAR or no Java.
pub(super) fn launch(
    config: &ExecConfig,
    attempt: &Attempt,
    task: &SparkJarTask,
    variables: Variables,
    files: &AttemptFiles,
) -> Result<Launch, Failure> {
    let invalid = |message: &str| Failure::new(TerminationCode::InvalidRunConfiguration, message);
    let class = task.main_class_name.as_deref().filter(|name| !name.is_empty());
    let class = class.ok_or_else(|| invalid("spark_jar_task.main_class_name is missing"))?;
    let class_path = class_path(config, attempt, task)?;
    if class_path.is_empty() {
        return Err(invalid("a JAR task needs a `jar` library or `java_dependencies` of its environment"));
    }
    let joined = std::env::join_paths(class_path).map_err(|error| invalid(&error.to_string()))?;
    let mut arguments: Vec<OsString> = vec!["-cp".into(), joined, class.into()];
    arguments.extend(task.parameters.iter().map(|parameter| parameter.0.clone().into()));
    Ok(Launch { program: java(&variables)?, arguments, variables, folder: files.dir.clone() })
}

fn class_path(config: &ExecConfig, attempt: &Attempt, task: &SparkJarTask) -> Result<Vec<PathBuf>, Failure> {
    let libraries = attempt.task.libraries.iter().filter_map(|library| library.jar.as_ref());
    let environment = attempt.environment.iter().flat_map(|environment| &environment.java_dependencies);
    let named = libraries.chain(environment).chain(&task.jar_uri);
    let (mut found, mut missing) = (Vec::new(), Vec::new());
    for name in named {
        match config.paths.resolve(name) {
            Ok(path) if path.is_file() => found.push(path),
            Ok(path) => missing.push(format!("{name} (no file {})", path.display())),
            Err(error) => missing.push(error.message),
        }
    }
    if missing.is_empty() {
        return Ok(found);
    }
    let message = format!("JARs are missing: {}", missing.join("; "));
    Err(Failure::new(TerminationCode::LibraryInstallationError, message))
}

/// The Java of `JAVA_HOME`, else of the search path.
fn java(variables: &Variables) -> Result<PathBuf, Failure> {
    let home = variables.get("JAVA_HOME").map(|home| Path::new(home).join("bin"));
    let path = variables.get("PATH").into_iter().flat_map(|path| std::env::split_paths(path));
    let found = home.into_iter().chain(path).map(|folder| folder.join("java")).find(|java| java.is_file());
    found.ok_or_else(|| {
        let message =
            "there is no Java: install a Java runtime and put it on the search path, or set JAVA_HOME";
        Failure::new(TerminationCode::FeatureDisabled, message)
    })
}

/// How a Java program went, by its exit code and what it printed last.
pub(super) fn ended(
    files: &AttemptFiles,
    code: Option<i32>,
    signal: Option<i32>,
    output: &mut TaskOutput,
) -> Exit {
    if code == Some(0) {
        return Exit {
            outcome: Outcome::Success,
            code: TerminationCode::Success,
            message: String::new(),
            output: None,
        };
    }
    let (text, _) = log::tail(&files.log(), TRACE_BYTES);
    match exception(&text).filter(|_| code.is_some()) {
        Some((error, trace)) => {
            output.error = Some(error);
            output.error_trace = Some(trace);
            super::result::user_failure()
        }
        None => super::result::unexplained(files, code, signal, output),
    }
}

/// The last exception that ended a thread, or what the launcher had to say, and the text from there on.
fn exception(text: &str) -> Option<(String, String)> {
    let starts = |line: &str| line.starts_with("Exception in thread ") || line.starts_with("Error: ");
    let mut offset = 0;
    let mut last = None;
    for line in text.split_inclusive('\n') {
        if starts(line) {
            last = Some((offset, line.trim_end()));
        }
        offset += line.len();
    }
    let (offset, line) = last?;
    // `Exception in thread "main" java.lang.X: message`
    let error = line.strip_prefix("Exception in thread \"").and_then(|rest| rest.split_once("\" "));
    let error = error.map_or(line, |(_, error)| error);
    Some((error.to_owned(), text[offset..].trim_end().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::exception;

    #[test]
    fn the_exception_is_the_last_one_that_ended_a_thread() {
        let text = "working\nException in thread \"w 1\" a.B: early\n\tat x\nException in thread \"main\" a.C: late\n\tat y\nCaused by: z\n";
        let (error, trace) = exception(text).unwrap();
        assert_eq!(error, "a.C: late");
        assert_eq!(trace, "Exception in thread \"main\" a.C: late\n\tat y\nCaused by: z");
        let (error, _) = exception("Error: Could not find or load main class X\n").unwrap();
        assert_eq!(error, "Error: Could not find or load main class X");
        assert!(exception("nothing of the kind\n").is_none());
    }
}
