//! `lakeflow destinations`: where notifications go, and what became of them.

use crate::Ended;
use crate::args::{Config, Create, Deliveries, Destinations, Named, Retry, Update};
use crate::failure::{Failure, exit};
use crate::host::{self, Connection};
use crate::print::Printer;
use crate::render;
use lakeflow_core::api;
use lakeflow_core::error::{Error, ErrorCode};
use lakeflow_core::suggest::did_you_mean;
use serde_json::{Map, Value, json};
use std::io::Read;
use std::path::Path;

pub(crate) async fn run(command: Destinations, printer: &Printer) -> Ended {
    let host = match &command {
        Destinations::List(args) => &args.host,
        Destinations::Create(args) => &args.host,
        Destinations::Update(args) => &args.host,
        Destinations::Delete(args) | Destinations::Test(args) => &args.host,
        Destinations::Deliveries(args) => &args.host,
        Destinations::Retry(args) => &args.host,
    };
    let connection = host::reach(host, printer).await?;
    let ended = match &command {
        Destinations::List(args) => list(&connection, args.json, printer).await,
        Destinations::Create(args) => create(&connection, args, printer).await,
        Destinations::Update(args) => update(&connection, args, printer).await,
        Destinations::Delete(args) => delete(&connection, args, printer).await,
        Destinations::Test(args) => test(&connection, args, printer).await,
        Destinations::Deliveries(args) => deliveries(&connection, args, printer).await,
        Destinations::Retry(args) => retry(&connection, args, printer).await,
    };
    connection.close().await;
    ended
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// Every destination, page by page.
async fn all(connection: &Connection) -> Result<Vec<Value>, Failure> {
    let mut found = Vec::new();
    let mut token: Option<String> = None;
    loop {
        let page = connection.call(&api::list_destinations(token.as_deref())).await?;
        found.extend(page.get("results").and_then(Value::as_array).into_iter().flatten().cloned());
        token = page.get("next_page_token").and_then(Value::as_str).map(str::to_owned);
        if token.as_ref().is_none_or(String::is_empty) {
            return Ok(found);
        }
    }
}

/// The id of a destination that is named by id or by a name that no other one has.
async fn find(connection: &Connection, named: &str) -> Result<String, Failure> {
    let all = all(connection).await?;
    if all.iter().any(|one| text(one, "id") == named) {
        return Ok(named.to_owned());
    }
    let by_name: Vec<&Value> = all.iter().filter(|one| text(one, "display_name") == named).collect();
    match by_name.as_slice() {
        [one] => Ok(text(one, "id").to_owned()),
        [] => {
            let names = all.iter().map(|one| text(one, "display_name"));
            let hint = did_you_mean(named, names).map(|hint| format!(" ({hint})")).unwrap_or_default();
            let text = format!("there is no notification destination {named:?}{hint}");
            Err(Failure::Error(Error::new(ErrorCode::NotFound, "find_destination", text)))
        }
        several => {
            let ids: Vec<&str> = several.iter().map(|one| text(one, "id")).collect();
            Err(Failure::usage(format!(
                "several destinations are named {named:?}; name one by id: {}",
                ids.join(", ")
            )))
        }
    }
}

async fn list(connection: &Connection, as_json: bool, printer: &Printer) -> Ended {
    let all = all(connection).await?;
    if as_json {
        for one in &all {
            printer.json(one)?;
        }
        return Ok(exit::SUCCESS);
    }
    if all.is_empty() {
        printer.note("there are no notification destinations");
        return Ok(exit::SUCCESS);
    }
    let cell = |one: &Value, name: &str| text(one, name).to_owned();
    let row = |one: &Value| vec![cell(one, "id"), cell(one, "destination_type"), cell(one, "display_name")];
    for line in render::table(&["ID", "TYPE", "NAME"], &all.iter().map(row).collect::<Vec<_>>()) {
        printer.line(&line)?;
    }
    Ok(exit::SUCCESS)
}

async fn create(connection: &Connection, args: &Create, printer: &Printer) -> Ended {
    let mut body = json!({ "display_name": args.name });
    if let Some(config) = config(&args.config)? {
        body["config"] = config;
    }
    if let Some(id) = &args.id {
        body["id"] = json!(id);
    }
    let created = connection.call(&api::create_destination(body)).await?;
    printer.line(text(&created, "id"))?;
    Ok(exit::SUCCESS)
}

async fn update(connection: &Connection, args: &Update, printer: &Printer) -> Ended {
    let mut body = json!({});
    if let Some(name) = &args.name {
        body["display_name"] = json!(name);
    }
    if let Some(config) = config(&args.config)? {
        body["config"] = config;
    }
    let id = find(connection, &args.destination).await?;
    connection.call(&api::update_destination(&id, body)).await?;
    printer.note(&format!("{id} is changed"));
    Ok(exit::SUCCESS)
}

/// `config` as the arguments say it; `None` when they do not. What it may hold is judged by the host.
fn config(args: &Config) -> Result<Option<Value>, Failure> {
    let mut webhook = Map::new();
    let mut put = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            webhook.insert(name.to_owned(), json!(value));
        }
    };
    put("url", args.webhook.clone());
    put("username", args.username.clone());
    put("password", args.password_file.as_deref().map(secret).transpose()?);
    put("signing_secret", args.signing_secret_file.as_deref().map(secret).transpose()?);
    let mut config = Map::new();
    if !webhook.is_empty() {
        config.insert("generic_webhook".to_owned(), Value::Object(webhook));
    }
    for (name, url) in [("slack", &args.slack), ("microsoft_teams", &args.teams)] {
        if let Some(url) = url {
            config.insert(name.to_owned(), json!({ "url": url }));
        }
    }
    if !args.email.is_empty() {
        config.insert("email".to_owned(), json!({ "addresses": args.email }));
    }
    Ok((!config.is_empty()).then_some(Value::Object(config)))
}

/// The first line of a file, or of standard input for `-`.
fn secret(path: &Path) -> Result<String, Failure> {
    let told = |what: String| Failure::usage(format!("{}: {what}", path.display()));
    let mut text = String::new();
    let read = if path == Path::new("-") {
        std::io::stdin().read_to_string(&mut text).map(|_| ())
    } else {
        std::fs::read_to_string(path).map(|read| text = read)
    };
    read.map_err(|e| told(e.to_string()))?;
    let line = text.lines().next().unwrap_or_default();
    if line.is_empty() { Err(told("its first line is empty".to_owned())) } else { Ok(line.to_owned()) }
}

async fn delete(connection: &Connection, args: &Named, printer: &Printer) -> Ended {
    let id = find(connection, &args.destination).await?;
    connection.call(&api::delete_destination(&id)).await?;
    printer.note(&format!("{id} is removed"));
    Ok(exit::SUCCESS)
}

async fn test(connection: &Connection, args: &Named, printer: &Printer) -> Ended {
    let id = find(connection, &args.destination).await?;
    let answer = connection.call(&api::test_destination(&id)).await?;
    if answer.get("delivered") == Some(&Value::Bool(true)) {
        printer.line("the test has arrived")?;
        return Ok(exit::SUCCESS);
    }
    printer.error(text(&answer, "error"));
    Ok(exit::FAILED)
}

async fn deliveries(connection: &Connection, args: &Deliveries, printer: &Printer) -> Ended {
    let mut filter = vec![("limit".to_owned(), args.limit.to_string())];
    filter.extend(args.run.map(|run| ("run_id".to_owned(), run.to_string())));
    let state = args.state.as_ref().map(|state| state.to_uppercase().replace('-', "_"));
    filter.extend(state.map(|state| ("state".to_owned(), state)));
    let page = connection.call(&api::list_deliveries(filter)).await?;
    let all: Vec<&Value> = page.get("deliveries").and_then(Value::as_array).into_iter().flatten().collect();
    if args.json {
        for one in &all {
            printer.json(one)?;
        }
        return Ok(exit::SUCCESS);
    }
    if all.is_empty() {
        printer.note("there are no such deliveries");
        return Ok(exit::SUCCESS);
    }
    let head = ["DELIVERY", "RUN", "EVENT", "RECIPIENT", "STATE", "TRIES", "NEXT TRY"];
    for line in render::table(&head, &all.iter().map(|one| row(one)).collect::<Vec<_>>()) {
        printer.line(&line)?;
    }
    // What went wrong is longer than a cell.
    for one in all.iter().filter(|one| text(one, "state") != "SENT" && !text(one, "error").is_empty()) {
        printer.line(&format!("{}: {}", one["delivery_id"], text(one, "error")))?;
    }
    Ok(exit::SUCCESS)
}

fn row(one: &Value) -> Vec<String> {
    let number = |name: &str| one.get(name).and_then(Value::as_i64);
    let shown = |name: &str| number(name).map_or_else(String::new, |number| number.to_string());
    let next = number("next_try_time").map_or_else(String::new, |at| render::time(Some(at)));
    vec![
        shown("delivery_id"),
        shown("run_id"),
        text(one, "event_type").to_owned(),
        text(one, "recipient").to_owned(),
        text(one, "state").to_owned(),
        shown("tries"),
        next,
    ]
}

async fn retry(connection: &Connection, args: &Retry, printer: &Printer) -> Ended {
    connection.call(&api::retry_delivery(args.delivery)).await?;
    printer.note(&format!("delivery {} is tried again", args.delivery));
    Ok(exit::SUCCESS)
}
