//! Deep merge of one tree over another, as targets and includes need it (reference section 19.4).

use crate::source::{Data, Node};

/// Lists whose elements are merged by a field; all other lists are appended.
const KEYED: [(&str, &str); 3] =
    [("tasks", "task_key"), ("job_clusters", "job_cluster_key"), ("parameters", "name")];

/// Merges `over` into `base`: objects field by field, keyed lists by key, other lists one after the other; everything
/// else is replaced. Each value keeps the place where it is written.
pub(super) fn merge(base: &mut Node, over: Node) {
    merge_field(base, over, "");
}

fn merge_field(base: &mut Node, over: Node, field: &str) {
    match (&mut base.data, over.data) {
        (Data::Object(members), Data::Object(others)) => {
            for other in others {
                match members.iter_mut().find(|member| member.key == other.key) {
                    Some(member) => merge_field(&mut member.value, other.value, &other.key),
                    None => members.push(other),
                }
            }
        }
        (Data::List(items), Data::List(others)) => match KEYED.iter().find(|(name, _)| *name == field) {
            Some((_, key)) => merge_keyed(items, others, key),
            None => items.extend(others),
        },
        // A name without a value says nothing about what is there.
        (_, Data::Null) => {}
        (data, other) => {
            *data = other;
            base.mark = over.mark;
        }
    }
}

fn merge_keyed(items: &mut Vec<Node>, others: Vec<Node>, key: &str) {
    let name = |node: &Node| node.get(key).and_then(Node::as_text).map(str::to_owned);
    for other in others {
        let wanted = name(&other);
        match items.iter_mut().find(|item| wanted.is_some() && name(item) == wanted) {
            Some(item) => merge_field(item, other, ""),
            None => items.push(other),
        }
    }
    // The platform's own tool sorts merged tasks; other lists keep their order.
    if key == "task_key" {
        items.sort_by_key(|item| name(item));
    }
}
