"""Waits for a file that somebody else makes. Says first who waits, in a second file where one is named."""

import os
import pathlib
import sys
import time

awaited = pathlib.Path(sys.argv[1])
if len(sys.argv) > 2:
    told = pathlib.Path(sys.argv[2])
    whole = told.with_suffix(".part")
    whole.write_text(str(os.getpid()))
    whole.rename(told)
deadline = time.monotonic() + 600
while not awaited.exists():
    if time.monotonic() > deadline:
        raise TimeoutError(f"{awaited} never came")
    time.sleep(0.01)
