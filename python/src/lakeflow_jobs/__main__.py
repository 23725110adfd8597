"""``python -m lakeflow_jobs`` is the command ``lakeflow``."""

from ._command import main

main()
