"""Where paths lie, and which catalogs a source names."""

from lakeflow_runner import catalog_names
from lakeflow_runner.paths import Paths

MOUNTED = {
    "data_root": "/d",
    "roots": ["/d/workspace"],
    "mounts": {"/Workspace/Users/a/files": "/bundle", "/Workspace/Users/a/files/data": "/csv"},
}


def test_a_mounted_folder_lies_where_it_was_mounted():
    paths = Paths(MOUNTED)
    assert paths.local("/Workspace/Users/a/files/x.py") == "/bundle/x.py"
    assert paths.local("file:/Workspace/Users/a/files/data/f.csv") == "/csv/f.csv"
    assert paths.local("/Workspace/Users/a/files") == "/bundle"
    assert paths.local("/Workspace/Users/a/files2/x") == "/d/workspace/Users/a/files2/x"


def test_dots_do_not_lead_out_of_a_mount():
    assert Paths(MOUNTED).local("/Workspace/Users/a/files/../../../../etc/passwd") == "/d/dbfs/etc/passwd"


def test_spark_gets_local_files_for_workspace_and_volume_paths_and_nothing_else():
    paths = Paths(MOUNTED)
    assert paths.for_spark("file:/Workspace/Users/a/files/data/f.csv") == "file:///csv/f.csv"
    assert paths.for_spark("/Volumes/c/s/v/f.csv") == "file:///d/volumes/c/s/v/f.csv"
    assert paths.for_spark(["/tmp/x", "s3://b/x"]) == ["/tmp/x", "s3://b/x"]
    assert paths.for_spark("file:/tmp/x") == "file:/tmp/x"


def test_catalogs_are_named_by_three_parts_and_by_use_catalog():
    assert catalog_names.in_sql("SELECT * FROM retail.gold.t JOIN `my-cat`.s.t; USE CATALOG lab") == {
        "retail",
        "my-cat",
        "lab",
    }
    assert catalog_names.in_sql("SELECT s.t, 1.5 FROM s.t") == set()


def test_only_strings_of_a_program_name_catalogs():
    assert catalog_names.in_python("import os.path\nos.path.join('a')\nspark.table('lab.s.t')") == {"lab"}
    assert catalog_names.in_python("not python (") == set()
