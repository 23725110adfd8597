"""Which catalogs a source names, so that the Spark server knows them from its start.

Too many names do no harm, a missing one makes its tables unreachable: every name of three parts counts, in SQL text
and in the strings of Python. Names that a program puts together come through parameters called `catalog`.
"""

import ast
import re

_THREE_PARTS = re.compile(r"(?<![\w.`])`?([A-Za-z_][\w-]*)`?\.`?[A-Za-z_][\w-]*`?\.`?[A-Za-z_]\w*")
_USED = re.compile(r"\bCATALOG\s+`?([A-Za-z_][\w-]*)", re.IGNORECASE)


def in_sql(text):
    """The first parts of all names of three parts, and what `USE CATALOG` names."""
    return set(_THREE_PARTS.findall(text)) | set(_USED.findall(text))


def in_python(text):
    """The same in every string of a program; nothing when it does not parse."""
    try:
        tree = ast.parse(text)
    except SyntaxError:
        return set()
    strings = (node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str))
    return set().union(*map(in_sql, strings))
