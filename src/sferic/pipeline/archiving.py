"""Every event of every line into a folder of Parquet files; nothing is filtered by platform."""

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from sferic.engine.gather import Watcher
from sferic.engine.parquet_writing import Archive
from sferic.engine.tables import flat
from sferic.model.event import Event
from sferic.model.report import Account
from sferic.model.settings import Settings
from sferic.pipeline.normalizing import normalize

TOGETHER = 20_000
"""Events that are brought into columns at a time."""


def archive(
    paths: Sequence[str], folder: Path, settings: Settings | None = None, watch: Watcher | None = None
) -> Account:
    """Write the events of all lines of all inputs into a folder, as Parquet, and return the account.

    Raises UsageError for a folder that holds something else, or the events of one of the inputs already.
    """
    found = normalize(paths, settings, watch)
    written = Archive(folder)
    try:
        written.expect(item.label for item in found.inputs)
        events = iter(found)
        while some := _some(events):
            written.add(flat(some))
        account = found.account
        if account.events:
            written.finish(account.files)
    finally:
        written.close()
    return account


def _some(events: Iterator[Event]) -> list[Event]:
    return list(islice(events, TOGETHER))
