"""Starts the runner from wherever this folder lies: `python -I -u run.py serve` or `… task REQUEST.json`."""

import os
import sys

_HERE = os.path.dirname(os.path.abspath(__file__))

if __name__ == "__main__":
    # Isolated mode leaves this folder off sys.path. It is taken off again once the package is loaded,
    # so that user code sees no module of ours by accident.
    sys.path.insert(0, _HERE)
    from lakeflow_runner.main import main

    sys.path.remove(_HERE)
    sys.exit(main(sys.argv[1:]))
