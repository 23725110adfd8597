"""Makes a file."""

import pathlib
import sys

pathlib.Path(sys.argv[1]).touch()
