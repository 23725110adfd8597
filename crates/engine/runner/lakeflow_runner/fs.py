"""`dbutils.fs` on local folders."""

import os
import shutil
from collections import namedtuple

from .paths import Paths

HEAD_BYTES = 65536


class FileInfo(namedtuple("FileInfo", "path name size modificationTime")):
    """One entry of a listing. Folders end with `/` and have size 0; the time is in milliseconds."""

    __slots__ = ()

    def isDir(self):
        return self.name.endswith("/")

    def isFile(self):
        return not self.isDir()


class FileSystem:
    def __init__(self, request):
        self._paths = Paths(request)

    def ls(self, path):
        """The entries of a folder, or the file itself."""
        local = self._existing(path)
        if os.path.isfile(local):
            parent, name = os.path.split(str(path).rstrip("/"))
            return [self._info(parent, os.path.dirname(local), name)]
        return [self._info(str(path), local, name) for name in sorted(os.listdir(local))]

    def cp(self, source, to, recurse=False):
        """Copy a file, or with recurse a folder."""
        origin, target = self._existing(source), self._paths.local(to)
        if os.path.isdir(origin):
            if not recurse:
                raise OSError(f"{source} is a folder: pass recurse=True")
            shutil.copytree(origin, target, dirs_exist_ok=True)
        else:
            target = self._file_target(origin, target)
            shutil.copyfile(origin, target)
        return True

    def mv(self, source, to, recurse=False):
        """Move a file, or with recurse a folder."""
        origin, target = self._existing(source), self._paths.local(to)
        if os.path.isdir(origin) and not recurse:
            raise OSError(f"{source} is a folder: pass recurse=True")
        shutil.move(origin, target if os.path.isdir(origin) else self._file_target(origin, target))
        return True

    def rm(self, path, recurse=False):
        """Remove a file, or with recurse a folder; False when there is nothing."""
        local = self._paths.local(path)
        if not os.path.lexists(local):
            return False
        if os.path.isdir(local) and not os.path.islink(local):
            if not recurse and os.listdir(local):
                raise OSError(f"{path} is a folder that is not empty: pass recurse=True")
            shutil.rmtree(local)
        else:
            os.remove(local)
        return True

    def mkdirs(self, path):
        """Make a folder and what is missing above it."""
        os.makedirs(self._paths.local(path), exist_ok=True)
        return True

    def put(self, file, contents, overwrite=False):
        """Write a text file."""
        local = self._paths.local(file)
        os.makedirs(os.path.dirname(local), exist_ok=True)
        data = contents.encode()
        with open(local, "wb" if overwrite else "xb") as target:
            target.write(data)
        print(f"Wrote {len(data)} bytes.")
        return True

    def head(self, file, maxBytes=HEAD_BYTES):
        """The first bytes of a file, as text."""
        with open(self._existing(file), "rb") as source:
            data = source.read(maxBytes + 1)
        if len(data) > maxBytes:
            print(f"[Truncated to first {maxBytes} bytes]")
        return data[:maxBytes].decode("utf-8", "replace")

    def help(self, method=None):
        """Print the methods."""
        for name in ("cp", "head", "ls", "mkdirs", "mv", "put", "rm"):
            if method in (None, name):
                print(f"{name}: {getattr(self, name).__doc__}")

    def __getattr__(self, name):
        if name.startswith("_"):
            raise AttributeError(name)
        raise AttributeError(f"dbutils.fs.{name} is not available in the local engine")

    def _existing(self, path):
        local = self._paths.local(path)
        if not os.path.exists(local):
            raise FileNotFoundError(f"No such file or directory: {path} (locally {local})")
        return local

    def _file_target(self, origin, target):
        if os.path.isdir(target):
            return os.path.join(target, os.path.basename(origin))
        os.makedirs(os.path.dirname(target), exist_ok=True)
        return target

    def _info(self, path, local, name):
        status = os.stat(os.path.join(local, name))
        folder = os.path.isdir(os.path.join(local, name))
        shown = name + "/" if folder else name
        size = 0 if folder else status.st_size
        return FileInfo(self._paths.shown(path, shown), shown, size, status.st_mtime_ns // 1_000_000)
