r"""What a source may offer beside its reader: to read many lines at once, as columns.

Reading line by line costs microseconds a line, most of them for calls. A `Reader` may therefore have a method

    def bulk(self, lines: Lines) -> list[Rows] | None

which reads those lines that are as plain as they come, and leaves all others to `read`; None leaves them all. It gets
lines of ASCII, each with `\n` at its end and no `\r` in it, and sees none that begins with `#`.
JSON that a collector may have wrapped is left (`Bare`). What it takes it must claim as `LIKELY` at least and read
exactly as `read` does, without a change of state; a test holds it to that. A reader whose reading depends on lines
before (a header) says on what by `state`, which can be compared.

What it does not do: make columns (`_columns`, which few runs need and none should wait for) or tables (the engine).
"""

from collections.abc import Hashable
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import msgspec

from sferic.sources._contract import Reader

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Bare(msgspec.Struct, gc=False):
    """An object that no collector can have wrapped: a key of which an envelope needs one is a failure here."""

    raw: None = msgspec.field(default=None, name="_raw")
    result: None = None
    lastrow: None = None
    event: None = None
    stamp: None = msgspec.field(default=None, name="@timestamp")
    document: None = msgspec.field(default=None, name="_source")
    payload: None = None
    row: None = msgspec.field(default=None, name="@message")
    message: None = None
    log: None = None


class Lines(msgspec.Struct, frozen=True):
    """What is given to read."""

    text: bytes
    ends: "NDArray[np.int64]"
    """Where each line's `\\n` stands, so that nobody has to look for it again."""


class Rows(msgspec.Struct, frozen=True):
    """Events as columns by field; a field that is not there is unknown."""

    lines: "NDArray[np.int64]"
    """Which of the given lines the rows are, ascending."""
    columns: dict[str, Any]
    """An Arrow array, or a text that stands for itself in every row."""


@runtime_checkable
class BulkReader(Reader, Protocol):
    """A reader with the method."""

    @property
    def state(self) -> Hashable:
        """What its reading depends on; None if each line stands alone."""

    def bulk(self, lines: Lines) -> list[Rows] | None:
        """Read the plain ones of these lines."""
