"""Where `dbfs:/`, `/Volumes/` and `/Workspace/` paths lie on this machine."""

import os
import posixpath

from .errors import INVALID_CONFIGURATION, TaskError


class Paths:
    def __init__(self, request):
        self.data_root = request.get("data_root")
        self.roots = request.get("roots") or []
        # The longest folder first, so that a mount inside another one is found.
        self.mounts = sorted((request.get("mounts") or {}).items(), key=lambda item: -len(item[0]))

    def local(self, path):
        """The local path for a path as `dbutils.fs` takes it. A path without scheme belongs to `dbfs:/`."""
        path = str(path)
        if path.startswith("file:"):
            inside = posixpath.normpath("/" + path[len("file:") :].lstrip("/"))
            # As on the platform, the workspace is part of the file system.
            return self._workspace(inside[len("/Workspace") :].lstrip("/")) if in_workspace(inside) else inside
        inside = path[len("dbfs:") :] if path.startswith("dbfs:") else path
        # Resolving against the root first keeps `..` from leaving the data folder.
        inside = posixpath.normpath("/" + inside.lstrip("/"))
        if in_workspace(inside):
            return self._workspace(inside[len("/Workspace") :].lstrip("/"))
        if self.data_root is None:
            raise TaskError(INVALID_CONFIGURATION, f"{path}: this task has no data folder for dbfs:/ and /Volumes/")
        if inside == "/Volumes" or inside.startswith("/Volumes/"):
            return self.data_root + "/volumes" + inside[len("/Volumes") :]
        return os.path.join(self.data_root, "dbfs", inside.lstrip("/"))

    def _workspace(self, inside):
        for folder, local in self.mounts:
            folder = folder[len("/Workspace") :] if in_workspace(folder) else folder
            folder = folder.strip("/")
            if inside == folder or inside.startswith(folder + "/"):
                return os.path.join(local, inside[len(folder) :].lstrip("/")).rstrip("/")
        for root in self.roots:
            if os.path.exists(os.path.join(root, inside)):
                return os.path.join(root, inside)
        if not self.roots:
            raise TaskError(INVALID_CONFIGURATION, f"/Workspace/{inside}: this task has no workspace folder")
        return os.path.join(self.roots[0], inside)

    def shown(self, path, child):
        """How the entry `child` of the folder `path` is called in a listing."""
        if path.startswith("/Volumes") or path.startswith("dbfs:/Volumes"):
            return f"dbfs:{path[5:] if path.startswith('dbfs:') else path}".rstrip("/") + "/" + child
        scheme = "" if path.startswith(("dbfs:", "file:", "/Workspace")) else "dbfs:"
        return (scheme + path).rstrip("/") + "/" + child

    def for_spark(self, path):
        """A path given to Spark: only those that do not mean the local file system as it is are changed."""
        if isinstance(path, str) and self.data_root:
            plain = "/" + path[len("file:") :].lstrip("/") if path.startswith("file:") else path
            if path.startswith(("dbfs:/", "/Volumes/")) or in_workspace(plain):
                return "file://" + self.local(path)
        if isinstance(path, (list, tuple)):
            return type(path)(self.for_spark(item) for item in path)
        return path


def in_workspace(path):
    return path == "/Workspace" or path.startswith("/Workspace/")
