"""Adds a line to a file, and fails as long as the file has fewer than so many lines."""

import pathlib
import sys

file, wanted = pathlib.Path(sys.argv[1]), int(sys.argv[2])
with open(file, "a", encoding="utf-8") as lines:
    lines.write("run\n")
done = len(file.read_text(encoding="utf-8").splitlines())
if done < wanted:
    raise RuntimeError(f"{done} of {wanted}")
