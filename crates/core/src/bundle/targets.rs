//! Targets: which one holds, and what it changes (reference section 19.4).

use super::loader::Problems;
use super::merge::merge;
use super::{Mode, rules, variables};
use crate::source::{Data, Node};
use crate::suggest::did_you_mean;

/// Finds the target that holds, and merges it over the rest.
pub(super) fn select(
    root: &mut Node,
    asked: Option<&str>,
    problems: &mut Problems,
) -> (String, Option<Mode>) {
    let older = root.remove("environments");
    let targets = root.remove("targets").or(older);
    let members = targets.as_ref().map(Node::members).unwrap_or_default();
    let names: Vec<&str> = members.iter().map(|member| member.key.as_str()).collect();
    let is_default = |node: &Node| matches!(node.get("default").map(|d| &d.data), Some(Data::Bool(true)));
    let defaults: Vec<_> = members.iter().filter(|member| is_default(&member.value)).collect();
    let mark = targets.as_ref().map_or(&root.mark, |targets| &targets.mark).clone();
    if let [_, second, ..] = defaults.as_slice() {
        let message = format!("`{}` is a second default target", second.key);
        let path = format!("targets.{}", second.key);
        problems.report(rules::SEVERAL_DEFAULT_TARGETS, &second.mark, &path, message, None);
    }
    let chosen = match (asked, members, defaults.first()) {
        (Some(asked), ..) => {
            let found = members.iter().find(|member| member.key == asked);
            if found.is_none() && !(members.is_empty() && asked == "default") {
                let message = format!("the target `{asked}` does not exist");
                let hint =
                    did_you_mean(asked, names.iter().copied()).unwrap_or_else(|| match names.as_slice() {
                        [] => "the bundle has no targets".to_owned(),
                        names => format!("the targets are {}", names.join(", ")),
                    });
                problems.report(rules::UNKNOWN_TARGET, &mark, "targets", message, Some(hint));
            }
            found
        }
        (None, _, Some(default)) => Some(*default),
        (None, [only], _) => Some(only),
        (None, [], _) => None,
        (None, ..) => {
            let message = format!("a target is needed: one of {}", names.join(", "));
            let hint = Some("ask for one, or set `default: true` on one of them".to_owned());
            problems.report(rules::TARGET_NEEDED, &mark, "targets", message, hint);
            None
        }
    };
    let Some(chosen) = chosen else { return (asked.unwrap_or("default").to_owned(), None) };
    let (name, mut target) = (chosen.key.clone(), chosen.value.clone());
    if !matches!(target.data, Data::Object(_) | Data::Null) {
        let message = format!("the target `{name}` must be an object");
        problems.report(rules::NOT_AN_OBJECT, &chosen.mark, &format!("targets.{name}"), message, None);
        return (name, None);
    }
    let mode = read_mode(&name, &mut target, problems);
    target.remove("default");
    for field in ["cluster_id", "compute_id"] {
        if let Some(id) = target.remove(field) {
            let mut bundle = Node::null(id.mark.clone());
            bundle.set("cluster_id", id);
            let mut over = Node::null(bundle.mark.clone());
            over.set("bundle", bundle);
            merge(root, over);
        }
    }
    variables::target_values(root, target.remove("variables"), problems);
    merge(root, target);
    (name, mode)
}

fn read_mode(name: &str, target: &mut Node, problems: &mut Problems) -> Option<Mode> {
    let mode = target.remove("mode")?;
    match mode.as_text() {
        Some("development") => Some(Mode::Development),
        Some("production") => Some(Mode::Production),
        _ => {
            let message = format!("the mode {} is not known", mode.value());
            let hint = Some("use development or production".to_owned());
            let path = format!("targets.{name}.mode");
            problems.report(rules::UNKNOWN_MODE, &mode.mark, &path, message, hint);
            None
        }
    }
}
