"""`python -m lakeflow_runner`: the same commands as `run.py`, for an installed or `PYTHONPATH`-ed package."""

import sys

from .main import main

sys.exit(main(sys.argv[1:]))
