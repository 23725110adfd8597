"""Finds the function of a wheel task (reference section 5.3)."""

import importlib
import importlib.metadata
import re

from .errors import INVALID_CONFIGURATION, TaskError


def entry_point(package, name):
    """The function to call: from the package's entry points, else `package.name`."""
    if not package or not name:
        raise TaskError(INVALID_CONFIGURATION, "a wheel task needs package_name and entry_point")
    declared = _declared(package)
    for point in declared:
        if point.name == name:
            return point.load()
    module = _module(package)
    function = getattr(module, name, None)
    if not callable(function):
        known = ", ".join(sorted({point.name for point in declared})) or "none"
        message = f"Entry point '{name}' not found in package '{package}': declared entry points: {known}"
        raise TaskError(INVALID_CONFIGURATION, message)
    return function


def _declared(package):
    try:
        distribution = importlib.metadata.distribution(package)
    except importlib.metadata.PackageNotFoundError:
        return []
    return list(distribution.entry_points)


def _module(package):
    module = re.sub(r"[-.]+", "_", package)
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name != module:
            raise
        message = f"Package '{package}' is not installed: add its wheel to the task's libraries or environment"
        raise TaskError(INVALID_CONFIGURATION, message) from None
