"""Modules that user code imports on the platform: `databricks.sdk.runtime`, `pyspark.dbutils`.

They are made when they are imported, so that a task that does not ask for them pays nothing.
"""

import importlib.abc
import importlib.machinery
import importlib.util
import sys

from . import display

_OURS = ("databricks.sdk.runtime", "pyspark.dbutils")
_PARENTS = ("databricks", "databricks.sdk")


def install(tools, lazy_spark):
    """Put the finders in place: ours first, empty parents only where nothing real is installed."""
    names = {
        "dbutils": tools,
        "spark": lazy_spark,
        "sc": display.NoSparkContext(),
        "display": display.display,
        "displayHTML": display.display_html,
        "getArgument": tools.widgets.getArgument,
        "sql": lambda text, *args, **kwargs: lazy_spark.sql(text, *args, **kwargs),
        "table": lambda name: lazy_spark.table(name),
    }
    sys.meta_path.insert(0, _Finder(_OURS, {"databricks.sdk.runtime": names, "pyspark.dbutils": _dbutils_class(tools)}))
    sys.meta_path.insert(0, _SessionFinder(lazy_spark))
    sys.meta_path.append(_Finder(_PARENTS, {}))


def _dbutils_class(tools):
    class DBUtils:
        """`DBUtils(spark)` is the task's dbutils."""

        def __new__(cls, *_args, **_kwargs):
            return tools

    return {"DBUtils": DBUtils}


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def __init__(self, names, contents):
        self._names = names
        self._contents = contents

    def find_spec(self, name, path=None, target=None):
        if name not in self._names:
            return None
        return importlib.machinery.ModuleSpec(name, self, is_package=name not in self._contents)

    def create_module(self, spec):
        return None

    def exec_module(self, module):
        module.__dict__.update(self._contents.get(module.__name__, {}))


class _SessionFinder(importlib.abc.MetaPathFinder):
    """Makes `SparkSession.builder.getOrCreate()` in scripts give the task's session."""

    def __init__(self, lazy_spark):
        self._lazy_spark = lazy_spark
        self._busy = False

    def find_spec(self, name, path=None, target=None):
        if name != "pyspark.sql.session" or self._busy:
            return None
        self._busy = True
        try:
            spec = importlib.util.find_spec(name)
        finally:
            self._busy = False
        if spec is not None and spec.loader is not None:
            spec.loader = _SessionLoader(spec.loader, self._lazy_spark)
        return spec


class _SessionLoader(importlib.abc.Loader):
    def __init__(self, inner, lazy_spark):
        self._inner = inner
        self._lazy_spark = lazy_spark

    def create_module(self, spec):
        return self._inner.create_module(spec)

    def exec_module(self, module):
        self._inner.exec_module(module)
        builder = module.SparkSession.Builder
        original, lazy_spark = builder.getOrCreate, self._lazy_spark

        def get_or_create(self):
            """The task's session, unless the caller named a server."""
            if self._options.get("spark.remote") or self._options.get("spark.master"):
                return original(self)
            session = lazy_spark.session()
            for key, value in self._options.items():
                if key not in ("spark.app.name",):
                    session.conf.set(key, value)
            return session

        builder.getOrCreate = get_or_create
