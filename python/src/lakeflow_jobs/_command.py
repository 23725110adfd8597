"""The command ``lakeflow``, which the module carries: the same as the program of that name, without its own file."""

from __future__ import annotations

import os
import signal
import sys


def main() -> None:
    """Carries out the command line and exits with its code."""
    from ._native import run_command

    # Ctrl-C is the command's affair, not the interpreter's.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    if not os.environ.get("LAKEFLOW_PYTHON") and not os.environ.get("VIRTUAL_ENV"):
        os.environ["LAKEFLOW_PYTHON"] = sys.executable
    sys.exit(run_command(["lakeflow", *sys.argv[1:]]))


if __name__ == "__main__":
    main()
