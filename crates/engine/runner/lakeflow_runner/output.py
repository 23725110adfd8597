"""Text that leaves a task: streams that hide secrets, and the outputs of notebook cells."""

import io
import os
import struct
import time

CELL_LIMIT = 8 * 1024 * 1024
NOTEBOOK_LIMIT = 30 * 1024 * 1024
# Shorter values are not hidden: they would blot out ordinary text.
SHORTEST_SECRET = 3

_secrets = set()
_recorder = None


def hide(value):
    """From now on print `[REDACTED]` for `value`."""
    if len(value) >= SHORTEST_SECRET:
        _secrets.add(value)


def redact(text):
    """`text` without the secrets read so far."""
    for secret in sorted(_secrets, key=len, reverse=True):
        text = text.replace(secret, "[REDACTED]")
    return text


def redact_all(value):
    """`redact` for every text inside a JSON value."""
    if not _secrets:
        return value
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, list):
        return [redact_all(item) for item in value]
    if isinstance(value, dict):
        return {key: redact_all(item) for key, item in value.items()}
    return value


class Marked(io.FileIO):
    """Standard error within the file that it shares with standard output: what it wrote is noted beside it."""

    def __init__(self, descriptor, marks):
        super().__init__(descriptor, "w", closefd=False)
        self._marks = marks

    def write(self, data):
        written = super().write(data)
        try:
            # The offset of a file that is appended to is where the last write ended.
            end = os.lseek(self.fileno(), 0, os.SEEK_CUR)
            os.write(self._marks, struct.pack("<QQ", end - written, end))
        except (OSError, TypeError, struct.error):
            pass  # the text is there; that it is standard error is not known then
        return written


class Stream(io.TextIOWrapper):
    """Standard output or error of a task: UTF-8, secrets hidden, copied into the running cell."""

    def __init__(self, descriptor, marks=None):
        file = io.FileIO(descriptor, "w", closefd=False) if marks is None else Marked(descriptor, marks)
        raw = io.BufferedWriter(file)
        # Text that has no UTF-8 form (lone surrogates) must not end a task: it is written escaped.
        super().__init__(raw, encoding="utf-8", errors="backslashreplace", line_buffering=True)

    def write(self, text):
        length = len(text)
        if _secrets:
            text = redact(text)
        if _recorder is not None:
            _recorder.text(text)
        super().write(text)
        return length


class Recorder:
    """Collects the outputs of a notebook's cells within the platform's limits (reference section 18)."""

    def __init__(self):
        self.cells = []
        self.total = 0
        self._size = 0

    def begin(self, cell):
        """A cell starts; until `end`, output belongs to it."""
        global _recorder
        self.cells.append(
            {
                "index": len(self.cells),
                "language": cell.language,
                "title": cell.title,
                "source": cell.source.lstrip("\n"),
                "line": cell.line,
                "status": "running",
                "started_ms": int(time.time() * 1000),
                "duration_ms": 0,
                "truncated": False,
                "outputs": [],
            }
        )
        self._size = 0
        _recorder = self
        return self.cells[-1]

    def end(self, entry, status):
        global _recorder
        _recorder = None
        entry["status"] = status
        entry["duration_ms"] = max(0, int(time.time() * 1000) - entry["started_ms"])
        for output in entry["outputs"]:
            if isinstance(output.get("text"), list):
                output["text"] = "".join(output["text"])

    def text(self, text):
        """Text the running cell printed."""
        outputs = self.cells[-1]["outputs"]
        text = text[: self._room(len(text.encode("utf-8", "backslashreplace")), text)]
        if text:
            if not outputs or outputs[-1]["type"] != "text":
                outputs.append({"type": "text", "text": []})
            outputs[-1]["text"].append(text)

    def add(self, output, size):
        """A table, HTML or an error, of about `size` bytes."""
        if self._take(size):
            self.cells[-1]["outputs"].append(output)

    def _take(self, size):
        if self._size + size > CELL_LIMIT or self.total + size > NOTEBOOK_LIMIT:
            self.cells[-1]["truncated"] = True
            return False
        self._size += size
        self.total += size
        return True

    def _room(self, size, text):
        if self._take(size):
            return len(text)
        # What is left is counted in characters; text of more bytes than that is cut a little early.
        left = max(0, min(CELL_LIMIT - self._size, NOTEBOOK_LIMIT - self.total)) // 4
        self._size, self.total = self._size + left, self.total + left
        return left


def recorder():
    """The recorder of the running cell, or None outside of cells."""
    return _recorder
