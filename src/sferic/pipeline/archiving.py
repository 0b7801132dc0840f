"""Every event of every line into a folder of Parquet files; nothing is filtered by platform."""

import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa

from sferic.engine.ledger import Ledger
from sferic.engine.parquet_writing import Archive
from sferic.engine.period import Period
from sferic.engine.progress import Meter, Watcher
from sferic.engine.reading import Reading
from sferic.engine.tables import within
from sferic.engine.wholesale import Wholesale
from sferic.model.errors import full_disk_named
from sferic.model.report import Account
from sferic.model.settings import Settings
from sferic.pipeline.checking import check
from sferic.sources._contract import chosen_sources


def archive(
    paths: Sequence[str], folder: Path, settings: Settings | None = None, watch: Watcher | None = None
) -> Account:
    """Write the events of all lines of all inputs into a folder, as Parquet, and return the account.

    Raises UsageError for a folder that holds something else, or the events of one of the inputs already.
    """
    settings = settings or Settings()
    check(settings)
    began = time.perf_counter()
    ledger, period = Ledger(), Period(settings)
    with full_disk_named(str(folder)):
        written = Archive(folder)
        try:
            for table in _tables(paths, settings, ledger, written, Meter(watch, None, "reading")):
                written.add(within(table, period))
            account = ledger.account(strict=settings.strict)
            period.tell(account)
            if account.events:
                written.finish(account.files)
        finally:
            written.close()
    account.wall_s = time.perf_counter() - began
    return account


def _tables(
    paths: Sequence[str], settings: Settings, ledger: Ledger, written: Archive, meter: Meter
) -> Iterator[pa.Table]:
    chosen = chosen_sources(settings.only_sources)
    inputs = list(ledger.inputs(paths))
    written.expect(item.label for item in inputs)
    with Wholesale(Reading(chosen, settings, ledger, meter, lambda _path, _marks: None), inputs) as whole:
        for item in inputs:
            yield from whole.tables(item)
