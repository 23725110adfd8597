"""Tells who is on call that a run needs a look. Arguments: run id, result of the transformation."""

import sys

run_id, result = sys.argv[1:]
print(f"run {run_id}: transform ended as {result}; repair it with: lakeflow runs repair {run_id}")
