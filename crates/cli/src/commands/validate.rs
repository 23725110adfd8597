//! `lakeflow validate`: every problem of a bundle or a job file.

use crate::Ended;
use crate::args::Validate;
use crate::failure::exit;
use crate::print::{Colour, Printer};
use crate::project;
use lakeflow_core::problem::Problem;
use serde_json::json;

pub(crate) fn run(args: &Validate, printer: &Printer) -> Ended {
    let checked = project::load(&args.path, &args.bundle, None)?;
    let jobs: Vec<String> = checked.bundle.iter().flat_map(|bundle| bundle.jobs.keys().cloned()).collect();
    let errors = checked.problems.iter().filter(|p| p.is_error()).count();
    let warnings = checked.problems.len() - errors;
    if args.json {
        printer.json(&json!({
            "path": args.path.display().to_string(),
            "jobs": jobs,
            "errors": errors,
            "warnings": warnings,
            "problems": checked.problems,
        }))?;
    } else {
        for problem in &checked.problems {
            printer.problem_line(problem)?;
        }
        printer.line(&summary(printer, &jobs, &checked.problems, errors))?;
    }
    Ok(if errors == 0 { exit::SUCCESS } else { exit::USAGE })
}

fn summary(printer: &Printer, jobs: &[String], problems: &[Problem], errors: usize) -> String {
    let counted = |n: usize, word: &str| format!("{n} {word}{}", if n == 1 { "" } else { "s" });
    let found = format!("{}, {}", counted(errors, "error"), counted(problems.len() - errors, "warning"));
    if errors > 0 {
        return printer.paint(Colour::Red, &format!("invalid: {found}"));
    }
    let what = match jobs {
        [] => "no jobs".to_owned(),
        jobs => format!("{} ({})", counted(jobs.len(), "job"), jobs.join(", ")),
    };
    printer.paint(Colour::Green, &format!("valid: {what}; {found}"))
}
