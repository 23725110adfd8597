"""Runs the cells of a notebook in one namespace."""

import ast
import inspect
import linecache
import os
import re
import sys
import types

from . import catalog_names, display, magics, notebook_source, output
from .errors import UNSUPPORTED, NotebookExit, TaskError, describe

_MAGIC_LINE = re.compile(r"^(?:%{1,2}|!)\s*\S")


class Runner:
    """One notebook task: the namespace, the recorder of outputs, and the way into `%run` notebooks."""

    def __init__(self, attempt, tools, lazy_spark):
        self.attempt = attempt
        self.tools = tools
        self.recorder = output.Recorder()
        self.folder = None
        self._loop = None
        module = sys.modules["__main__"] = types.ModuleType("__main__")
        self.namespace = module.__dict__
        self.namespace.update(
            dbutils=tools,
            spark=lazy_spark,
            sc=display.NoSparkContext(),
            display=display.display,
            displayHTML=display.display_html,
            getArgument=tools.widgets.getArgument,
            sql=lambda text, *args, **kwargs: lazy_spark.sql(text, *args, **kwargs),
            table=lambda name: lazy_spark.table(name),
        )
        lazy_spark.bind(self.namespace)

    def run(self, path):
        """Run the notebook at `path`; errors of cells are raised after they are recorded."""
        self.attempt.result["cells"] = self.recorder.cells
        try:
            self.include(path, record=True)
        except NotebookExit as leaving:
            self.attempt.event(durable=True, event="notebook_exit", value=leaving.value)
            self.attempt.exit_value(leaving.value)
        finally:
            if self._loop is not None:
                self._loop.close()

    def include(self, path, record=False):
        """Run all cells of a notebook here: the task's own, or one named by `%run`."""
        book = notebook_source.load(path)
        self._check_language(book)
        for cell in book.cells:
            named = catalog_names.in_sql if cell.language == "sql" else catalog_names.in_python
            self.attempt.catalogs |= named(cell.source)
        self.tools.widgets._metadata.update(book.widgets)
        outer = (self.folder, self.tools.notebook._folder, self.namespace.get("__file__"))
        self.folder = self.tools.notebook._folder = os.path.dirname(path)
        self.namespace["__file__"] = path
        try:
            for cell in book.cells:
                if record:
                    self._recorded(book, cell)
                else:
                    self._cell(book, cell)
        finally:
            self.folder, self.tools.notebook._folder, self.namespace["__file__"] = outer

    def _check_language(self, book):
        if book.language not in ("python", "sql"):
            raise TaskError(
                UNSUPPORTED, f"{book.path}: notebooks in {book.language} cannot run locally; Python and SQL can"
            )

    def _recorded(self, book, cell):
        entry = self.recorder.begin(cell)
        self.attempt.event(event="cell", index=entry["index"], status="running")
        status = "success"
        try:
            self._cell(book, cell)
        except NotebookExit:
            raise
        except BaseException as error:
            status = "failed"
            message, trace = describe(error)
            self.recorder.add({"type": "error", "error": message, "error_trace": trace}, len(trace))
            raise
        finally:
            self.recorder.end(entry, status)
            self.attempt.event(event="cell", index=entry["index"], status=status)

    def _cell(self, book, cell):
        if self.attempt.request.get("sql_only") and cell.language not in ("sql", "md"):
            where = f"{book.path}, cell {cell.index + 1}"
            why = f"a notebook on a SQL warehouse may hold SQL cells only, this one is {cell.language}"
            raise TaskError(UNSUPPORTED, f"{where}: {why}")
        if cell.language == "python":
            self._python(book, cell)
        else:
            magics.run_cell(self, cell)

    def _python(self, book, cell):
        name = self._file_name(book, cell)
        try:
            tree = _parse(cell, name)
        except SyntaxError:
            rewritten = _magic_lines(cell.source)
            if rewritten is None:
                raise
            tree = _parse(cell, name, rewritten)
        shown = None
        if tree.body and isinstance(tree.body[-1], ast.Expr) and not _ends_with_semicolon(cell.source):
            shown = ast.Expression(tree.body.pop().value)
        self.namespace["__lakeflow_magic__"] = lambda line: magics.run_line(self, line)
        self._execute(tree, name, "exec")
        if shown is not None:
            value = self._execute(shown, name, "eval")
            if value is not None:
                self.namespace["_"] = value
                display.show_value(value)

    def _execute(self, tree, name, mode):
        code = compile(tree, name, mode, flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        value = eval(code, self.namespace)
        if not code.co_flags & inspect.CO_COROUTINE:
            return value
        if self._loop is None:
            # Only notebooks with `await` at the top pay for it.
            import asyncio

            self._loop = asyncio.new_event_loop()
        return self._loop.run_until_complete(value)

    def _file_name(self, book, cell):
        """The name shown in tracebacks: the file itself, or for JSON notebooks file and cell."""
        if not book.path.endswith(".ipynb"):
            return book.path
        name = f"{book.path}, cell {cell.index + 1}"
        lines = [line + "\n" for line in cell.source.split("\n")]
        linecache.cache[name] = (len(cell.source), None, lines, name)
        return name

    def with_parameters(self, values, body):
        """Run `body` while `values` stand for widgets of the same name."""
        passed = self.attempt.parameters
        before = dict(passed)
        passed.update(values)
        try:
            body()
        finally:
            passed.clear()
            passed.update(before)


def _parse(cell, name, source=None):
    """The tree of a cell, with the line numbers of the notebook file."""
    source = cell.source if source is None else source
    padded = "\n" * (cell.line - 1) + source
    return compile(padded, name, "exec", ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)


def _magic_lines(source):
    """`source` with lines such as `%pip install x` or `!ls` as calls, or None when there are none."""
    lines = source.split("\n")
    found = [i for i, line in enumerate(lines) if _MAGIC_LINE.match(line)]
    for i in found:
        lines[i] = f"__lakeflow_magic__({lines[i]!r})"
    return "\n".join(lines) if found else None


def _ends_with_semicolon(source):
    return source.rstrip().endswith(";")
