//! `lakeflow sql`: the rows of a query on the local engine's tables, `system.lakeflow` among them.

use crate::Ended;
use crate::args::{BundleArgs, Sql};
use crate::failure::{Failure, exit};
use crate::host::{self, Connection};
use crate::interrupt::Interrupts;
use crate::print::Printer;
use crate::render;
use lakeflow_core::api::SqlRows;
use lakeflow_core::error::{Error, ErrorCode};
use serde_json::Value;
use std::io::Read;
use std::time::Duration;

pub(crate) async fn run(args: &Sql, printer: &Printer) -> Ended {
    let statement = text(args)?;
    let mut interrupts = Interrupts::new()?;
    let bundle = BundleArgs { target: None, variables: Vec::new() };
    let connection = host::connect(&args.host, &bundle, printer).await?;
    let rows = tokio::select! {
        rows = rows(&connection, &statement, args) => rows.map_err(Failure::Error),
        () = interrupts.next() => Err(Failure::Told(exit::INTERRUPTED)),
    };
    connection.close().await;
    show(&rows?, args, printer)
}

fn text(args: &Sql) -> Result<String, Failure> {
    let unreadable = |from: String, e: std::io::Error| Failure::usage(format!("cannot read {from}: {e}"));
    let text = match (&args.file, args.statement.as_deref()) {
        (Some(path), _) => {
            std::fs::read_to_string(path).map_err(|e| unreadable(path.display().to_string(), e))?
        }
        (None, Some("-")) => {
            let mut text = String::new();
            let read = std::io::stdin().read_to_string(&mut text);
            read.map_err(|e| unreadable("standard input".to_owned(), e))?;
            text
        }
        (None, statement) => statement.unwrap_or_default().to_owned(),
    };
    if text.trim().is_empty() {
        return Err(Failure::usage("there is no SQL statement to run"));
    }
    Ok(text)
}

async fn rows(connection: &Connection, statement: &str, args: &Sql) -> Result<SqlRows, Error> {
    let timeout = Duration::from_secs(args.timeout);
    let rows = connection.jobs.sql(statement, Some(args.limit), timeout).await;
    rows.map_err(|error| match error.code {
        ErrorCode::DeadlineExceeded => {
            let text = format!("the query took longer than {} s and was ended; see --timeout", args.timeout);
            Error::new(ErrorCode::DeadlineExceeded, "sql", text)
        }
        _ => error,
    })
}

fn show(rows: &SqlRows, args: &Sql, printer: &Printer) -> Ended {
    if args.json {
        printer.json(&rows.rows)?;
    } else {
        let head: Vec<&str> = rows.columns.iter().map(|column| column.name.as_str()).collect();
        let cells: Vec<Vec<String>> =
            rows.rows.iter().map(|row| head.iter().map(|name| cell(&row[*name])).collect()).collect();
        for line in render::table(&head, &cells) {
            printer.line(&line)?;
        }
        if rows.rows.is_empty() {
            printer.note("no rows");
        }
    }
    if rows.truncated {
        printer.note(&format!("there are more than {} rows; see --limit", args.limit));
    }
    Ok(exit::SUCCESS)
}

fn cell(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
