//! Variables and the chain of their values (reference section 19.3).

use super::files::{Files, Kind, join};
use super::loader::Problems;
use super::{Options, rules};
use crate::source::{Data, Document, Format, Mark, Node};
use crate::suggest::did_you_mean;

/// Puts the values that a target gives into the declarations, where they win over defaults. A target writes a value
/// as it is, or a declaration of its own with `default` or `lookup`. Only variables that the bundle declares can be set.
pub(super) fn target_values(root: &mut Node, values: Option<Node>, problems: &mut Problems) {
    let Some(values) = values else { return };
    let mut variables = root.remove("variables").unwrap_or_else(|| Node::null(values.mark.clone()));
    let names: Vec<String> = variables.members().iter().map(|member| member.key.clone()).collect();
    for member in values.members() {
        let name = &member.key;
        if !names.contains(name) {
            let message = format!("the variable `{name}`, which the target gives a value, is not declared");
            let hint = did_you_mean(name, names.iter().map(String::as_str));
            let path = format!("variables.{name}");
            problems.report(rules::UNKNOWN_VARIABLE, &member.mark, &path, message, hint);
        }
        let declares = |field: &str| member.value.get(field).is_some();
        let declaration =
            declares("default") || declares("lookup") || declares("description") || declares("type");
        let mut variable = variables.remove(name).unwrap_or_else(|| Node::null(member.mark.clone()));
        if declaration {
            for field in member.value.members() {
                variable.set(&field.key, field.value.clone());
            }
            if declares("lookup") {
                variable.remove("default");
            } else if declares("default") {
                variable.remove("lookup");
            }
        } else {
            variable.remove("lookup");
            variable.set("default", member.value.clone());
        }
        variables.set(name, variable);
    }
    root.set("variables", variables);
}

/// Gives every declared variable its value, as `variables.<name>.value`, and returns the names. From first to last:
/// the command line, `BUNDLE_VAR_<name>`, the file `.databricks/bundle/<target>/variable-overrides.json`, the target,
/// `lookup`, `default`. A variable without a value is a problem; one that is looked up is a problem where it is used.
pub(super) fn assign(
    root: &mut Node,
    target: &str,
    files: &dyn Files,
    folder: &str,
    options: &Options,
    problems: &mut Problems,
) -> Vec<String> {
    let mark = root.mark.clone();
    let mut variables = root.remove("variables").unwrap_or_else(|| Node::null(mark.clone()));
    let names: Vec<String> = variables.members().iter().map(|member| member.key.clone()).collect();
    undeclared(options, &names, &mark, problems);
    let overrides = overrides(files, folder, target, problems);
    for name in &names {
        let Some(variable) = variables.get_mut(name) else { continue };
        let at = variable.mark.clone();
        let path = format!("variables.{name}");
        let outside = options
            .variables
            .get(name)
            .or_else(|| options.environment.get(&format!("BUNDLE_VAR_{name}")))
            .map(|text| given(text, &at))
            .or_else(|| overrides.as_ref().and_then(|overrides| overrides.get(name)).cloned());
        let complex = variable.get("type").and_then(Node::as_text) == Some("complex");
        // Where a value is given, it takes the place of the default, so that it is judged once.
        let default = variable.remove("default");
        let looked_up = variable.get("lookup").is_some();
        let value = outside.or(default.filter(|_| !looked_up));
        if value.is_none() && !looked_up {
            let message = format!("the variable `{name}` has no value");
            let hint = format!("give it a `default`, set BUNDLE_VAR_{name}, or pass --var {name}=…");
            problems.report(rules::VARIABLE_WITHOUT_VALUE, &at, &path, message, Some(hint));
        }
        if let Some(value) = value {
            if !complex && matches!(value.data, Data::List(_) | Data::Object(_)) {
                let message = format!("the value of `{name}` is a list or an object");
                let hint = Some("add `type: complex`".to_owned());
                problems.report(rules::VARIABLE_TYPE, &value.mark, &path, message, hint);
            }
            variable.set("value", value);
        }
    }
    root.set("variables", variables);
    names
}

fn undeclared(options: &Options, names: &[String], mark: &Mark, problems: &mut Problems) {
    for name in options.variables.keys().filter(|name| !names.contains(name)) {
        let message = format!("the variable `{name}`, which is given a value, is not declared");
        let hint = did_you_mean(name, names.iter().map(String::as_str));
        problems.report(rules::UNKNOWN_VARIABLE, mark, "variables", message, hint);
    }
}

/// A value from outside is text; `true` and `false` are booleans, since no field takes them as text only. Fields that
/// hold numbers read them from text.
fn given(text: &str, mark: &Mark) -> Node {
    let data = match text {
        "true" => Data::Bool(true),
        "false" => Data::Bool(false),
        text => Data::Text(text.to_owned()),
    };
    Node::new(data, mark.clone())
}

fn overrides(files: &dyn Files, folder: &str, target: &str, problems: &mut Problems) -> Option<Node> {
    let path = join(folder, &format!(".databricks/bundle/{target}/variable-overrides.json"))?;
    if files.kind(&path) != Kind::File {
        return None;
    }
    match files.read(&path).map(|bytes| Document::parse(&path, &bytes, Format::Json)) {
        Ok(Ok(document)) => Some(document.root),
        Ok(Err(found)) => {
            problems.0.extend(found);
            None
        }
        Err(why) => {
            let message = format!("`{path}` cannot be read: {why}");
            problems.0.push(rules::UNREADABLE_FILE.problem("", message));
            None
        }
    }
}
