//! `databricks.yml`: variables, targets, includes, jobs; positions are kept for messages.
