"""One step of the report: waits a moment while a file beside it holds it back, then succeeds or fails as it was asked to."""

import os
import sys
import time
from pathlib import Path

step, region, fail_in = sys.argv[1:4]
gate = Path(__file__).parent / f"{step}.gate"
while gate.exists():
    time.sleep(0.05)
if fail_in == step:
    raise RuntimeError(f"asked to fail by fail_in={step}")
print(f"{step} of {region} done")
