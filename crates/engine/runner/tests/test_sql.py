"""SQL text: tokens, statements, rewrites. No Spark is needed."""

import pytest

from lakeflow_runner.sql_rewrite import (
    Replace,
    fill_legacy,
    parameters_in,
    rewrite_names,
    rewrite_paths,
    rewrite_statement,
)
from lakeflow_runner.sql_tokens import join, split_name, split_statements, tokenize

ALIASES = {"system.lakeflow": "lakeflow_system.lakeflow"}


@pytest.mark.parametrize(
    "text",
    ["", "SELECT 1", "a'b;''c'--x\n/* y /* z */ */`q``;`::int:p", "'open", "/* open", "r'\\'", "1.5e3-.2", "ü.é = 😀"],
)
def test_tokens_join_to_the_text(text):
    assert join(tokenize(text)) == text


@pytest.mark.parametrize(
    "text, expect",
    [
        ("SELECT 1; SELECT 2", ["SELECT 1", "SELECT 2"]),
        ("SELECT ';' ;;\n;", ["SELECT ';'"]),
        (
            "SELECT 'it''s; x', \"a;b\", `c;d` -- no; split\n, 2; SELECT 3",
            ["SELECT 'it''s; x', \"a;b\", `c;d` -- no; split\n, 2", "SELECT 3"],
        ),
        ("/* a; /* b; */ c; */ SELECT 1;", ["/* a; /* b; */ c; */ SELECT 1"]),
        ("SELECT '\\';'; SELECT 2", ["SELECT '\\';'", "SELECT 2"]),
        ("-- only a comment;", []),
        ("SELECT r'a\\'; SELECT 2", ["SELECT r'a\\'; SELECT 2"]),
    ],
)
def test_statements(text, expect):
    assert split_statements(text) == expect


def test_parameters():
    assert parameters_in("SELECT :a, x::int, j:field, ':b', :c -- :d\n, f(:e)[:f]") == {"a", "c", "e", "f"}


def test_legacy_parameters():
    values = {"day": "2026", "t": "a.b"}
    text = "SELECT * FROM ${t} WHERE d = '$day' AND x = getArgument('day') -- ${day}\nAND y = '$other'"
    assert fill_legacy(text, values) == "SELECT * FROM a.b WHERE d = '2026' AND x = '2026' -- ${day}\nAND y = '$other'"


@pytest.mark.parametrize(
    "text, expect",
    [
        ("SELECT * FROM system.lakeflow.jobs", "SELECT * FROM lakeflow_system.lakeflow.jobs"),
        ("FROM `SYSTEM` . `lakeflow`.jobs", "FROM lakeflow_system.lakeflow.jobs"),
        (
            "SELECT 'system.lakeflow.jobs' -- system.lakeflow.jobs",
            "SELECT 'system.lakeflow.jobs' -- system.lakeflow.jobs",
        ),
        ("SELECT a.system.lakeflow.x", "SELECT a.system.lakeflow.x"),
        ("SELECT * FROM system.session.x, lakeflow.y", "SELECT * FROM system.session.x, lakeflow.y"),
        ("system.lakeflow.job_run_timeline", "lakeflow_system.lakeflow.job_run_timeline"),
    ],
)
def test_names(text, expect):
    assert rewrite_names(text, ALIASES) == expect


def test_paths():
    local = {"/Volumes/a/b": "file:///d/Volumes/a/b", "dbfs:/x": "file:///d/dbfs/x"}.get
    text = "CREATE TABLE t USING csv LOCATION '/Volumes/a/b'"
    assert rewrite_paths(text, local) == "CREATE TABLE t USING csv LOCATION 'file:///d/Volumes/a/b'"
    assert (
        rewrite_paths("SELECT '/Volumes/a/b' FROM csv.`dbfs:/x`", local)
        == "SELECT '/Volumes/a/b' FROM csv.`file:///d/dbfs/x`"
    )


@pytest.mark.parametrize(
    "text, expect",
    [
        ("USE retail.bronze", ["USE CATALOG retail", "USE SCHEMA bronze"]),
        ("-- go\nuse bronze", ["USE SCHEMA bronze"]),
        ("USE CATALOG retail", ["USE CATALOG retail"]),
        ("TRUNCATE TABLE a.b", ["DELETE FROM a.b"]),
        (
            "CREATE OR REPLACE TABLE a.b (id INT) USING delta",
            ["DROP TABLE IF EXISTS a.b", "CREATE TABLE a.b (id INT) USING delta"],
        ),
        ("SELECT 1 AS use", ["SELECT 1 AS use"]),
        ("CREATE OR REPLACE TABLE `a`.`b c`.t AS SELECT 1", Replace("`a`.`b c`.t", "SELECT 1", [])),
        (
            "create or replace table t using delta partitioned by (d, `e f`) comment 'AS' as with x as (select 1) select * from x",
            Replace("t", "with x as (select 1) select * from x", ["d", "e f"]),
        ),
        ("SELECT * FROM IDENTIFIER(:c || '.s.' || :t)", ["SELECT * FROM cat.s.`my-t`"]),
        ("CREATE TABLE IDENTIFIER('x.y') (id INT)", ["CREATE TABLE x.y (id INT)"]),
        ("SELECT IDENTIFIER(concat(:c, 'x'))", ["SELECT IDENTIFIER(concat(:c, 'x'))"]),
        ("SELECT * FROM IDENTIFIER(:unknown)", ["SELECT * FROM IDENTIFIER(:unknown)"]),
    ],
)
def test_statement_rewrites(text, expect):
    assert rewrite_statement(text, {"c": "cat", "t": "`my-t`"}) == expect


def test_split_name():
    assert split_name("a.`b.c`.d") == ["a", "b.c", "d"]
