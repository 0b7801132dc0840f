"""Keeps on the disk what can be read only once, so that a hunt reads standard input as often as it reads a file.

The file has no name: it is gone when the process ends, however it ends. What is no log by its first bytes is not kept.
"""

import io
import os
from typing import IO, Any, cast

import msgspec

from sferic.engine.codecs import READ_BYTES, SNIFF_BYTES, may_be_log
from sferic.engine.inputs import Input
from sferic.engine.progress import Progress, Watcher
from sferic.engine.shelf import Disk

STAGE = "keeping"
HINT = "set TMPDIR to a folder with more room, or give the log as a file"


class Spool:
    """What one run has kept, by its labels."""

    def __init__(self) -> None:
        self._kept: dict[str, Input] = {}
        self.find = self._kept.get

    def take(self, item: Input, watch: Watcher | None = None) -> Input:
        """Return an input that can be read again; one that can be already, or cannot be opened, is returned as it is.

        Raises DiskFull where TMPDIR has no room for it.
        """
        if item.can_be_read_again:
            return item
        if item.label in self._kept:
            return self._kept[item.label]
        try:
            stream = item.open()
        except OSError:  # whoever reads it will say what is wrong
            return item
        with stream:
            self._kept[item.label] = _kept(item, stream, watch)
        return self._kept[item.label]


def _kept(item: Input, stream: IO[bytes], watch: Watcher | None) -> Input:
    disk, size, head = Disk("standard input and pipes, which are read more than once,", HINT), 0, b""
    problem: OSError | None = None
    try:
        while data := stream.read(READ_BYTES):
            size = disk.write(size, memoryview(data))
            head = head if len(head) >= SNIFF_BYTES else head + data
            if len(head) >= SNIFF_BYTES and not may_be_log(head):
                break
            if watch:
                watch(Progress(size, None, item.label, STAGE))
    except OSError as error:
        problem = error
    kept = size

    def opened() -> IO[bytes]:
        return cast("IO[bytes]", _Reader(disk, kept, problem))

    return msgspec.structs.replace(item, size=kept, open=opened, is_kept=True)


class _Reader(io.RawIOBase):
    """Reads a file without a name from its beginning, whoever else does so; ends as the original ended."""

    def __init__(self, disk: Disk, size: int, problem: OSError | None) -> None:
        super().__init__()
        self._disk, self._size, self._problem, self._at = disk, size, problem, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, place: int, whence: int = os.SEEK_SET, /) -> int:
        self._at = max(0, place + {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence])
        return self._at

    def readinto(self, buffer: Any, /) -> int:
        count = min(len(buffer), max(0, self._size - self._at))
        if not count and self._problem is not None:
            raise self._problem
        self._disk.read(self._at, memoryview(buffer)[:count])
        self._at += count
        return count
