"""`spark` and SQL tasks against a real Sail server. Needs pysail and pyspark-client in this interpreter."""

import pytest

pytest.importorskip("pysail", reason="Spark tests need: pip install pysail pyspark-client")
pytest.importorskip("pyspark.sql.connect.session", reason="Spark tests need: pip install pysail pyspark-client")

from conftest import HEADER, Tasks  # noqa: E402
from spark_engine import Engine  # noqa: E402


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    started = Engine(tmp_path_factory.mktemp("engine"), ["retail", "second", "lakeflow_system"])
    yield started
    started.stop()


@pytest.fixture
def spark_tasks(tmp_path, engine):
    tasks = Tasks(tmp_path)
    plain = tasks.request
    tasks.request = lambda kind, **fields: plain(kind, **{**engine.fields(), **fields})
    return tasks


def ok(done):
    assert done.code == 0, done.stdout + done.stderr
    return done


# LOCAL[sql] close: `spark` is a Spark Connect session of Sail; tables are Delta, shared between tasks (gaps: `crates/engine/runner/SPARK.md`)
def test_a_table_made_by_one_task_is_read_by_another(spark_tasks):
    ok(
        spark_tasks.cells(
            "spark.sql('CREATE SCHEMA IF NOT EXISTS retail.bronze')",
            "df = spark.createDataFrame([(1, 'a'), (2, 'b')], 'id INT, name STRING')",
            "df.write.saveAsTable('retail.bronze.shared')",
        )
    )
    done = ok(
        spark_tasks.cells(
            "print(spark.table('retail.bronze.shared').count())",
            "dbutils.notebook.exit(spark.sql('SELECT max(name) FROM retail.bronze.shared').first()[0])",
        )
    )
    assert done.stdout == "2\n"
    assert done.result["notebook_exit_value"] == "b"
    assert done.result["spark_used"] is True


def test_overwrite_append_and_schema_change(spark_tasks):
    done = ok(
        spark_tasks.cells(
            "spark.sql('CREATE SCHEMA IF NOT EXISTS retail.silver')\n"
            "def frame(*rows): return spark.createDataFrame(rows, 'id INT, name STRING')\n"
            "def show(): print(sorted(map(tuple, spark.table('retail.silver.t').collect())))",
            "frame((1, 'a')).write.mode('overwrite').saveAsTable('retail.silver.t'); show()",
            "frame((2, 'b')).write.format('delta').mode('overwrite').saveAsTable('retail.silver.t'); show()",
            "frame((3, 'c')).write.mode('append').saveAsTable('retail.silver.t'); show()",
            # Reads the table it replaces.
            "spark.table('retail.silver.t').filter('id = 3').write.mode('overwrite').saveAsTable('retail.silver.t'); show()",
            "spark.table('retail.silver.t').selectExpr('id', 'id * 2 AS twice').write.mode('overwrite')"
            ".option('overwriteSchema', 'true').saveAsTable('retail.silver.t'); show()",
            "print(spark.table('retail.silver.t').columns, [r[0] for r in spark.sql('DESCRIBE TABLE retail.silver.t').collect()])",
        )
    )
    assert done.stdout.splitlines() == [
        "[(1, 'a')]",
        "[(2, 'b')]",
        "[(2, 'b'), (3, 'c')]",
        "[(3, 'c')]",
        "[(3, 6)]",
        "['id', 'twice'] ['id', 'twice']",
    ]
    done = spark_tasks.cells("spark.range(1).write.mode('overwrite').saveAsTable('retail.silver.t')")
    assert done.code == 1 and "schema mismatch" in done.result["error"]
    done = spark_tasks.cells("spark.range(1).write.saveAsTable('retail.silver.t')")
    assert done.code == 1


def test_write_to(spark_tasks):
    done = ok(
        spark_tasks.cells(
            "spark.sql('CREATE SCHEMA IF NOT EXISTS retail.w');",
            "spark.range(2).writeTo('retail.w.v2').using('delta').createOrReplace()",
            "spark.range(3).writeTo('retail.w.v2').using('delta').createOrReplace()",
            "spark.range(1).writeTo('retail.w.v2').append()\nspark.table('retail.w.v2').count()",
            "spark.range(2).selectExpr('id', 'id % 2 AS p').writeTo('retail.w.part').partitionedBy('p').create()\nspark.table('retail.w.part').count()",
        )
    )
    assert done.stdout == "4\n2\n"


# LOCAL[sql] close: SQL files: create, insert, merge, select on the local Spark
def test_sql_statements_of_a_medallion(spark_tasks):
    text = """
    CREATE SCHEMA IF NOT EXISTS retail.sqls; -- a comment; with a semicolon
    DROP TABLE IF EXISTS retail.sqls.t;
    CREATE TABLE retail.sqls.t (id INT, name STRING);
    INSERT INTO retail.sqls.t VALUES (1, 'semi;colon'), (2, 'b');
    UPDATE retail.sqls.t SET name = 'z' WHERE id = 2;
    MERGE INTO retail.sqls.t t USING (SELECT 3 AS id, 'c' AS name) s ON t.id = s.id
      WHEN MATCHED THEN UPDATE SET * WHEN NOT MATCHED THEN INSERT *;
    DELETE FROM retail.sqls.t WHERE id = 2;
    CREATE OR REPLACE TABLE retail.sqls.g AS SELECT count(*) AS n FROM retail.sqls.t;
    CREATE OR REPLACE TABLE retail.sqls.g USING delta AS SELECT id, name FROM retail.sqls.t;
    CREATE OR REPLACE TABLE retail.sqls.g AS SELECT id + 10 AS id, name FROM retail.sqls.g;
    CREATE OR REPLACE TABLE retail.sqls.empty (id INT);
    CREATE OR REPLACE TABLE retail.sqls.empty (id INT, other STRING);
    INSERT INTO retail.sqls.empty VALUES (1, 'x');
    TRUNCATE TABLE retail.sqls.empty;
    USE retail.sqls;
    SELECT id, name, (SELECT count(*) FROM empty) AS none FROM g ORDER BY id;
    """
    spark_tasks.write("etl.sql", text)
    done = ok(spark_tasks.run("sql_file", path="/Workspace/etl.sql"))
    result = done.result["sql_output"]
    assert result["statements"] == 16
    assert result["query_result"] == {
        "columns": [{"name": "id"}, {"name": "name"}, {"name": "none"}],
        "rows": [
            {"values": [{"string_value": "11"}, {"string_value": "semi;colon"}, {"string_value": "0"}]},
            {"values": [{"string_value": "13"}, {"string_value": "c"}, {"string_value": "0"}]},
        ],
        "truncated": False,
    }


def test_replace_of_a_managed_table_keeps_it_readable(spark_tasks):
    ok(
        spark_tasks.run(
            "sql_query",
            query="CREATE SCHEMA IF NOT EXISTS retail.m; DROP TABLE IF EXISTS retail.m.t; CREATE TABLE retail.m.t (id INT); INSERT INTO retail.m.t VALUES (1)",
        )
    )
    done = ok(
        spark_tasks.cells(
            "spark.createDataFrame([(5,)], 'id INT').write.mode('overwrite').saveAsTable('retail.m.t')",
            "[r.id for r in spark.table('retail.m.t').collect()]",
            "spark.sql('CREATE OR REPLACE TABLE retail.m.t AS SELECT id, 1.5D AS x FROM retail.m.t')",
            "[tuple(r) for r in spark.table('retail.m.t').collect()]",
        )
    )
    assert [line for line in done.stdout.splitlines() if line.startswith("[")] == ["[5]", "[(5, 1.5)]"]


# LOCAL[sql] same: named parameters of SQL, legacy forms too
def test_parameters(spark_tasks):
    done = ok(
        spark_tasks.run(
            "sql_query",
            query="SELECT :day AS day, ':day' AS text, :n::INT + 1 AS n",
            widgets={"day": "it's", "n": "4", "unused": "x"},
        )
    )
    values = [v["string_value"] for v in done.result["sql_output"]["query_result"]["rows"][0]["values"]]
    assert values == ["it's", ":day", "5"]
    spark_tasks.write(
        "p.py",
        HEADER
        + "# MAGIC %sql\n# MAGIC CREATE SCHEMA IF NOT EXISTS IDENTIFIER(:catalog || '.ident');\n# MAGIC SELECT :catalog AS a, '${catalog}' AS b, getArgument('catalog') AS c\n\n# COMMAND ----------\n\nprint(_sqldf.first().asDict())\n",
    )
    done = ok(spark_tasks.run("notebook", path="p", widgets={"catalog": "second"}))
    assert done.stdout.splitlines()[-1] == "{'a': 'second', 'b': 'second', 'c': 'second'}"
    assert done.result["cells"][0]["outputs"][0]["columns"] == ["a", "b", "c"]


def test_a_missing_parameter_fails(spark_tasks):
    done = spark_tasks.run("sql_query", query="SELECT :nope")
    assert done.code == 1 and "nope" in done.result["error"]


# LOCAL[sql] same: the first error ends a SQL task
def test_first_error_ends_a_sql_task(spark_tasks, engine):
    done = spark_tasks.run("sql_query", query="SELECT 1; SELECT * FROM retail.none.t; CREATE SCHEMA retail.never")
    assert (done.code, done.result["error_kind"]) == (1, "user_error")
    assert "none" in done.result["error"] or "not found" in done.result["error"].lower()
    assert ("retail", "never") not in engine.catalog.schemas
    done = spark_tasks.run("sql_query", query=" -- nothing\n;")
    assert done.result["error_kind"] == "invalid_configuration"


def test_rows_are_capped(spark_tasks):
    done = ok(spark_tasks.run("sql_query", query="SELECT id FROM range(1500) ORDER BY id"))
    result = done.result["sql_output"]["query_result"]
    assert (len(result["rows"]), result["truncated"]) == (1000, True)
    done = ok(spark_tasks.run("sql_query", query="SELECT repeat('x', 1000) AS x FROM range(100)"))
    result = done.result["sql_output"]["query_result"]
    assert (len(result["rows"]), result["truncated"]) == (49, True)


def test_system_tables_are_found_under_their_name(spark_tasks, engine):
    folder = spark_tasks.folder / "timeline"
    folder.mkdir()
    (folder / "a.json").write_text(
        '{"run_name": "etl", "result_state": "SUCCESS", "period_start_time": "2026-01-01T00:00:00Z"}\n'
    )
    ok(
        spark_tasks.run(
            "sql_query",
            query="CREATE SCHEMA IF NOT EXISTS lakeflow_system.lakeflow; DROP TABLE IF EXISTS lakeflow_system.lakeflow.job_run_timeline; CREATE TABLE lakeflow_system.lakeflow.job_run_timeline (run_name STRING, result_state STRING, period_start_time TIMESTAMP) USING json LOCATION 'file://%s'"
            % folder,
        )
    )
    done = ok(
        spark_tasks.cells(
            "spark.table('system.lakeflow.job_run_timeline').count()",
            "spark.sql(\"SELECT date(period_start_time) AS d, run_name, 'system.lakeflow.x' AS s FROM system . lakeflow.job_run_timeline\").display()",
        )
    )
    assert done.stdout.startswith("1\n")
    assert done.result["cells"][1]["outputs"][0]["rows"] == [["2026-01-01", "etl", "system.lakeflow.x"]]


# LOCAL[sql] same: `/Volumes` and `dbfs:` paths in Spark
def test_volume_paths(spark_tasks):
    done = ok(
        spark_tasks.cells(
            "dbutils.fs.put('/Volumes/c/s/v/in.csv', 'a,b\\n1,x\\n2,y\\n')",
            "spark.read.option('header', True).option('inferSchema', True).csv('/Volumes/c/s/v/in.csv').createOrReplaceTempView('v')",
            "spark.sql('SELECT sum(a) AS s FROM v').first()['s']",
            "spark.table('v').write.mode('overwrite').parquet('dbfs:/out')",
            "spark.sql('SELECT count(*) AS n FROM parquet.`dbfs:/out`').first()['n']",
        )
    )
    assert done.stdout.splitlines()[2:] == ["3", "2"]


def test_a_path_without_files_is_an_error_and_not_an_empty_table(spark_tasks):
    for path in ("/Volumes/c/s/v/nothing.csv", "/Volumes/c/s/v/*.nothing", "file:/nowhere/at/all"):
        done = spark_tasks.cells(f"spark.read.csv({path!r}).count()")
        assert done.code == 1
        assert f"[PATH_NOT_FOUND] Path does not exist: {path}" in done.result["error"]


def test_scripts_get_the_session(spark_tasks):
    done = ok(
        spark_tasks.script(
            "from pyspark.sql import SparkSession\n"
            "spark = SparkSession.builder.appName('x').getOrCreate()\n"
            "print(spark.range(3).count(), SparkSession.builder.getOrCreate() is spark)\nspark.stop()\n"
        )
    )
    assert done.stdout == "3 True\n"
    done = ok(spark_tasks.script("from databricks.sdk.runtime import spark\nprint(spark.range(4).count())\n"))
    assert done.stdout == "4\n"


def test_the_name_spark_is_a_session(spark_tasks):
    done = ok(
        spark_tasks.cells(
            "spark.range(1).count()",
            "from pyspark.sql import DataFrame, SparkSession, functions as F\nisinstance(spark.range(1), DataFrame)",
            "@F.udf('int')\ndef plus(x): return x + 1\nspark.range(2).select(plus('id')).collect()[1][0]",
            "sql('SELECT 7 AS x').first().x, table('range(1)') if False else None",
            "display(spark.range(3))",
        )
    )
    assert done.stdout.startswith("1\nTrue\n2\n(7, None)\n")


def test_wrong_token(spark_tasks):
    done = spark_tasks.cells("spark.range(1)", task_token="other")
    assert done.code == 70 and "unknown task token" in done.result["error"]


def test_a_dead_server_does_not_hold_the_task(tmp_path, tmp_path_factory):
    engine = Engine(tmp_path_factory.mktemp("dying"), ["retail", "other"])
    try:
        tasks = Tasks(tmp_path)
        done = tasks.cells(
            "spark.range(1).count()",
            f"import os, signal\nos.kill({engine.sail.pid}, signal.SIGKILL)",
            **engine.fields(),
        )
        assert done.code == 0
    finally:
        engine.stop()
