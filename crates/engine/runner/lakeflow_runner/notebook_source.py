"""Reads notebook files into cells (reference section 23)."""

import json
import os
import re
from dataclasses import dataclass, field

from .errors import INVALID_CONFIGURATION, RESOURCE_NOT_FOUND, TaskError

EXTENSIONS = (".py", ".ipynb", ".sql", ".scala", ".r")

_HEADERS = {
    ".py": ("# Databricks notebook source", "#", "python"),
    ".sql": ("-- Databricks notebook source", "--", "sql"),
    ".scala": ("// Databricks notebook source", "//", "scala"),
    ".r": ("# Databricks notebook source", "#", "r"),
}

# Magics that own their whole cell, and the language of such a cell.
CELL_MAGICS = {
    "md": "md",
    "md-sandbox": "md",
    "sql": "sql",
    "python": "python",
    "py": "python",
    "scala": "scala",
    "r": "r",
    "sh": "sh",
    "fs": "fs",
    "run": "run",
}

_MAGIC = re.compile(r"\s*%{1,2}([A-Za-z][\w-]*)[ \t]*(.*)", re.DOTALL)


@dataclass
class Cell:
    """One cell. `line` is the 1-based line of the file on which `source` begins."""

    index: int
    language: str
    source: str
    line: int
    title: str = ""
    # The text after the magic on its line, for `%run` and the like.
    argument: str = ""


@dataclass
class Notebook:
    path: str
    language: str
    cells: list
    # Widget defaults from the metadata of an `.ipynb` file.
    widgets: dict = field(default_factory=dict)


def find(path, roots, base=None):
    """The file of a notebook or script: `path` itself, below a root, or beside `base`; with or without extension.

    `base` is the folder of the calling notebook, for relative paths. Raises TaskError `resource_not_found`.
    """
    tried = []
    for candidate in _candidates(path, roots, base):
        for extension in ("", *EXTENSIONS, ".R"):
            if os.path.isfile(candidate + extension):
                return os.path.realpath(candidate + extension)
        tried.append(candidate)
    where = ", ".join(tried)
    raise TaskError(
        RESOURCE_NOT_FOUND, f'Unable to access the notebook or file "{path}": not found. Looked for {where}'
    )


def _candidates(path, roots, base):
    if path.startswith("file:"):
        path = path[5:].replace("//", "", 1) if path.startswith("file://") else path[5:]
    if not path.startswith("/"):
        return [os.path.normpath(os.path.join(folder, path)) for folder in ([base] if base else roots)]
    inside = path[len("/Workspace") :] if path.startswith("/Workspace/") else path
    return [path, *(os.path.join(root, inside.lstrip("/")) for root in roots)]


def read_text(path):
    """The text of a file; TaskError when it cannot be read or is not UTF-8."""
    try:
        with open(path, "rb") as file:
            data = file.read()
    except OSError as error:
        raise TaskError(RESOURCE_NOT_FOUND, f"cannot read {path}: {error.strerror}") from None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        message = f"{path} is not UTF-8 text: byte 0x{data[error.start]:02x} in line {line}"
        raise TaskError(INVALID_CONFIGURATION, message) from None
    return text.replace("\r\n", "\n")


def load(path):
    """Read the notebook file at `path` (with its extension)."""
    text = read_text(path)
    extension = os.path.splitext(path)[1].lower()
    if extension == ".ipynb":
        return _jupyter(path, text)
    header, comment, language = _HEADERS.get(extension, _HEADERS[".py"])
    lines = text.split("\n")
    if lines[0] != header:
        message = (
            f'"{path}" is not a notebook: a notebook\'s first line is "{header}". '
            "A plain file can be run as a Python script task or a SQL file task."
        )
        raise TaskError(RESOURCE_NOT_FOUND, message)
    return Notebook(path, language, list(_source_cells(lines, comment, language)))


def _source_cells(lines, comment, language):
    separator = re.compile(re.escape(comment) + r" COMMAND -{10}\s*$")
    start, index = 1, 0
    for number in range(1, len(lines) + 1):
        if number == len(lines) or separator.match(lines[number]):
            cell = _source_cell(lines[start:number], start + 1, comment, language, index)
            if cell is not None:
                yield cell
                index += 1
            start = number + 1


def _source_cell(lines, first_line, comment, language, index):
    title = ""
    while lines and (not lines[0].strip() or lines[0].startswith(f"{comment} DBTITLE ")):
        if lines[0].strip():
            title = lines[0].partition(",")[2].strip()
        lines, first_line = lines[1:], first_line + 1
    while lines and not lines[-1].strip():
        lines = lines[:-1]
    if not lines:
        return None
    magic = f"{comment} MAGIC"
    if lines[0].startswith(magic):
        # A line without the prefix inside a magic cell is taken as it is.
        stripped = [line[len(magic) :][1:] if line.startswith(magic) else line for line in lines]
        return _cell("\n".join(stripped), first_line, language, index, title)
    lines = [line[len(magic) + 1 :] if line.startswith(magic + " %") else line for line in lines]
    return Cell(index, language, "\n".join(lines), first_line, title)


def _cell(source, line, language, index, title):
    """A cell whose first line may hold a magic."""
    match = _MAGIC.match(source)
    name = match.group(1).lower() if match else None
    if name not in CELL_MAGICS:
        return Cell(index, "python" if match else language, source, line, title)
    rest = match.group(2)
    # Line numbers stay right: the magic itself is blanked, what follows keeps its line.
    line += source[: match.start(2)].count("\n")
    return Cell(index, CELL_MAGICS[name], rest, line, title, argument=rest.strip())


def _jupyter(path, text):
    try:
        document = json.loads(text)
        cells = document["cells"]
        metadata = document.get("metadata") or {}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise TaskError(INVALID_CONFIGURATION, f"{path} is not a Jupyter notebook: {error}") from None
    databricks = metadata.get("application/vnd.databricks.v1+notebook") or {}
    language = (
        databricks.get("language")
        or (metadata.get("language_info") or {}).get("name")
        or (metadata.get("kernelspec") or {}).get("language")
        or "python"
    ).lower()
    widgets = {
        name: str(
            (
                widget.get("currentValue")
                or (widget.get("widgetInfo") or {}).get("defaultValue")
                or widget.get("defValue")
                or ""
            )
        )
        for name, widget in (databricks.get("widgets") or {}).items()
        if isinstance(widget, dict)
    }
    found = []
    for cell in cells:
        if cell.get("cell_type") != "code":
            continue
        source = cell.get("source") or ""
        source = "".join(source) if isinstance(source, list) else source
        if source.strip():
            found.append(_cell(source, 1, language, len(found), _jupyter_title(cell)))
    return Notebook(path, language, found, widgets)


def _jupyter_title(cell):
    block = (cell.get("metadata") or {}).get("application/vnd.databricks.v1+cell") or {}
    return block.get("title") or ""
