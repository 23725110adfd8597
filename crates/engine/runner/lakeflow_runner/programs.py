"""Programs that tasks start and that come with Python packages. Nothing is installed here."""

import os
import shutil
import sys

from .errors import UNSUPPORTED, TaskError


def installed(name, otherwise):
    """The program beside this interpreter, else the one on the search path; with neither the task fails with `otherwise`."""
    beside = os.path.join(os.path.dirname(sys.executable), name)
    found = beside if os.access(beside, os.X_OK) else shutil.which(name)
    if found is None:
        raise TaskError(UNSUPPORTED, otherwise)
    return found
