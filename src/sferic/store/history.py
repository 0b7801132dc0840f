"""What runs add to a store and take out of it; every change is whole or not there, whenever the process ends.

Files go in batch by batch, each with its rows, its mark and what names it taught in one transaction. The clients in
it stay noted as unweighed until a weighing has been written down: a run that was killed in between loses nothing.
"""

import os
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from itertools import islice
from pathlib import Path
from typing import Any, Self

import duckdb
import msgspec
import numpy as np
import pyarrow as pa

from sferic.catalog.place import Place
from sferic.model.errors import UsageError
from sferic.model.finding import Finding, Severity
from sferic.model.history import Contents, Intake, Kept, Mark, Recalled
from sferic.model.machine import short_name
from sferic.model.traffic import UNKNOWN, Seen, Traffic
from sferic.store.arrow import Reader, as_calls, as_table, safe
from sferic.store.tables import full, opened, version

PRIVATE = 0o077
"""What a store takes from everybody but its owner."""
DAY_S = 86_400.0
KEEP_NAMES_S = DAY_S
"""Names of addresses are believed for a day; older ones are of no use."""
BATCH_ROWS = 1 << 16
"""So many rows are read at a time."""
HOPS = 2
"""Who shares an address, a device or a proxy with a client is settled together with it."""


class History:
    """An open store. Close it, or use it with `with`."""

    def __init__(self, path: Path, *, read_only: bool = False, memory_bytes: int = 1 << 30) -> None:
        """Open a store, and make it if need be, with so much memory for DuckDB. Raises what `tables.opened` raises.

        Until it is closed, whatever this process makes is for its owner alone: DuckDB makes files of its own beside it.
        """
        self._path = path
        with ExitStack() as undo:
            undo.callback(os.umask, os.umask(PRIVATE))
            self._con = opened(path, read_only=read_only, memory_bytes=memory_bytes)
            self._undo = undo.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        self.close()
        if said := full(self._path, error):
            raise said from error

    def close(self) -> None:
        """Close the file; what was committed stays."""
        self._con.close()
        self._undo.close()

    def hold_to(self, **settings: str) -> None:
        """Refuse settings other than those with which the files were taken: what they left out is not kept."""
        for key, value in settings.items():
            found = self._con.execute("SELECT value FROM meta WHERE key = ?", [key]).fetchall()
            if not found:
                self._con.execute("INSERT INTO meta VALUES (?, ?)", [key, value])
            elif found[0][0] != value:
                raise UsageError(f"{key} was {found[0][0]!r} when this store was begun, and is {value!r} now",
                                 where=str(self._path), hint="begin another store for other settings")  # fmt: skip

    def marks(self) -> list[Mark]:
        """Return what is known of the files that were taken."""
        rows = self._con.sql("SELECT label, size, lines, head, tail, grows FROM files").fetchall()
        return [Mark(*row) for row in rows]

    def names(self) -> Iterator[tuple[str, Seen]]:
        """Yield what addresses were called within the last day, oldest first."""
        told = self._con.sql("SELECT address, time_s, client, host FROM names ORDER BY time_s, address, host")
        for batch in told.to_arrow_reader(BATCH_ROWS):
            for where, *seen in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                yield where, Seen(*seen)

    def domains(self) -> dict[str, Place]:
        """Return own domains and the places to which they lead."""
        rows = self._con.sql("SELECT host, body FROM domains ORDER BY host").fetchall()
        return {host: msgspec.json.decode(body, type=Place) for host, body in rows}

    def move(self, renamed: Mapping[str, str], packed: Sequence[Mark] = ()) -> None:
        """Let files that were renamed be known by their new names, all at once, for names are passed on.

        What findings quote is found there, too. Of those that were packed take what they are known by now.
        """
        if not (renamed or packed):
            return
        renamed = {safe(old): safe(new) for old, new in renamed.items()}
        moves = pa.table({"old": pa.array(renamed, pa.string()), "new": pa.array(renamed.values(), pa.string())})
        with self._transaction():
            self._with("moves", moves, "UPDATE labels SET label = moves.new FROM moves WHERE label = moves.old")
            self._with(
                "moves", moves,
                "CREATE TEMP TABLE moved AS SELECT m.new AS label, size, lines, head, tail, grows "
                "FROM files JOIN moves m ON label = m.old",
            )  # fmt: skip
            self._with(
                "moves", moves, "DELETE FROM files WHERE label IN (SELECT old FROM moves UNION SELECT new FROM moves)"
            )
            self._con.execute("INSERT INTO files SELECT * FROM moved")
            self._con.execute("DROP TABLE moved")
            self._mark(packed)
            for kept in self.findings():
                if (finding := _moved(kept.finding, renamed)) != kept.finding:
                    self._con.execute("UPDATE findings SET body = ? WHERE id = ?", [_text(finding), finding.id])

    def take(self, intake: Intake) -> None:
        """Add a batch of files."""
        with self._transaction():
            for label in intake.replaced:
                self._con.execute(
                    "DELETE FROM rows WHERE file IN (SELECT number FROM labels WHERE label = ?)", [safe(label)]
                )
            numbers: tuple[list[int], list[int]] | None = None
            for collected in intake.collected:
                numbers = numbers or (self._places(collected.places), self._files(collected.words["file"]))
                self._add(as_table(collected, *numbers))
            self._mark(intake.marks)
            self._learn(intake)

    def _mark(self, marks: Sequence[Mark]) -> None:
        rows = [[safe(mark.label), *msgspec.structs.astuple(mark)[1:]] for mark in marks]
        if rows:
            self._con.executemany("INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?, ?)", rows)

    def _add(self, rows: pa.Table) -> None:
        self._with("fresh", rows, "INSERT INTO rows BY NAME SELECT * FROM fresh")
        self._with("fresh", rows, "INSERT INTO unweighed SELECT DISTINCT coalesce(client, '') FROM fresh")

    def _learn(self, intake: Intake) -> None:
        names = iter(intake.names)
        while some := list(islice(names, BATCH_ROWS)):
            told = pa.table({
                "address": [where for where, _ in some], "client": [s.client for _, s in some],
                "host": [s.host for _, s in some], "time_s": [s.time_s for _, s in some],
            })  # fmt: skip
            self._with("told", told, "INSERT INTO names BY NAME SELECT * FROM told")
        self._con.execute("DELETE FROM names WHERE time_s < (SELECT max(time_s) FROM names) - ?", [KEEP_NAMES_S])
        for host, place in intake.domains.items():
            self._con.execute("INSERT OR REPLACE INTO domains VALUES (?, ?)", [host, _text(place)])

    def _places(self, places: Sequence[Place]) -> list[int]:
        """Return the numbers of places; those not met before get new ones."""
        known = {body: n for n, body in self._con.sql("SELECT number, body FROM places").fetchall()}
        bodies = [_text(place) for place in places]
        new = [(body, place) for body, place in zip(bodies, places, strict=True) if body not in known]
        first = max(known.values(), default=-1) + 1
        rows = [[first + n, place.owner, body] for n, (body, place) in enumerate(new)]
        if rows:
            self._con.executemany("INSERT INTO places VALUES (?, ?, ?)", rows)
        known |= {str(body): int(str(number)) for number, _, body in rows}
        return [known[body] for body in bodies]

    def _files(self, labels: Sequence[str]) -> list[int]:
        """Return the numbers of files; those not met before get new ones."""
        known = dict(self._con.sql("SELECT label, number FROM labels").fetchall())
        labels = [safe(label) for label in labels]
        for label in labels:
            if label not in known:
                known[label] = max(known.values(), default=-1) + 1
                self._con.execute("INSERT INTO labels VALUES (?, ?)", [known[label], label])
        return [known[label] for label in labels]

    def recall(self, alike: Collection[tuple[str, str]] = ()) -> Recalled | None:
        """Return what is needed to weigh the clients heard of since the last weighing; None if there are none.

        Of each pair of names in `alike` one may stand for the other.
        """
        clients = self._together(alike)
        if not clients:
            return None
        bodies = self._con.sql("SELECT number, body FROM places ORDER BY number").fetchall()
        reader = Reader({number: msgspec.json.decode(body, type=Place) for number, body in bodies})
        first, last = self._con.sql("SELECT coalesce(min(time_s), 0), coalesce(max(time_s), 0) FROM rows").fetchall()[0]
        callers = self._with(
            "wanted", pa.table({"name": sorted(clients)}),
            "SELECT first_s AS time_s, source, nullif(client, '') AS client, \"user\", process, agent, place "
            "FROM callers WHERE client NOT IN (SELECT name FROM wanted) ORDER BY first_s",
        )  # fmt: skip
        others = reader.read(callers.to_arrow_table())
        return Recalled(self._rows(clients, reader), reader.texts, others, frozenset(clients), (first, last))

    def _rows(self, clients: Collection[str], reader: Reader) -> Iterator[dict[str, Any]]:
        wanted = pa.table({"name": sorted(clients)})
        rows = self._with(
            "wanted", wanted,
            "SELECT rows.* REPLACE (label AS file) FROM rows JOIN labels ON file = number "
            "WHERE coalesce(client, '') IN (SELECT name FROM wanted)",
        )  # fmt: skip
        batches = rows.to_arrow_reader(BATCH_ROWS)
        yield reader.read(batches.schema.empty_table())  # clients of an interrupted run may have no rows any more
        for batch in batches:
            yield reader.read(pa.Table.from_batches([batch]))

    def _together(self, alike: Collection[tuple[str, str]]) -> set[str]:
        """Return the unweighed clients, those of open findings, and all that must be settled together with them."""
        found = {name for (name,) in self._con.sql("SELECT DISTINCT client FROM unweighed").fetchall()}
        if found:  # what is open is weighed with each new estate, and beside what may be its other side
            found = found.union(*(_names(kept.finding) for kept in self.findings() if kept.state == "open"))
        for _ in range(HOPS if found else 0):
            found |= self._spelt_alike(found)
            found = found.union(*(pair for pair in alike if not found.isdisjoint(pair)))
            rows = self._with(
                "near", pa.table({"name": sorted(found)}),
                "WITH n AS (SELECT name FROM near), told AS (SELECT DISTINCT client, address, forwarded FROM rows "
                "WHERE address IS NOT NULL OR forwarded IS NOT NULL) "
                "SELECT unnest([address, forwarded]) AS name FROM told WHERE client IN (FROM n) "
                "UNION SELECT coalesce(client, '') FROM told WHERE address IN (FROM n) OR forwarded IN (FROM n)",
            )  # fmt: skip
            found |= {name for (name,) in rows.fetchall() if name is not None}
        return found | self._spelt_alike(found)

    def _spelt_alike(self, names: Collection[str]) -> set[str]:
        """Return the clients whose names may be other spellings of these."""
        short = {short_name(name) for name in names}
        rows = self._con.sql("SELECT DISTINCT client FROM rows WHERE client IS NOT NULL").fetchall()
        return {name for (name,) in rows if short_name(name) in short}

    def conclude(
        self, found: Sequence[Finding], parts: Iterable[Traffic], clients: Collection[str], now: int, keep_days: int
    ) -> None:
        """Write a weighing down: the settled traffic of these clients, and what was found in it. Forget what is old.

        No client has rows in two parts of the traffic.
        """
        with self._transaction():
            self._replace_callers(clients, None)
            for traffic in parts:
                present = np.unique(traffic.client).tolist()
                self._replace_callers({traffic.clients[number] for number in present if number != UNKNOWN}, traffic)
            for finding in found:
                self._con.execute(
                    "INSERT INTO findings VALUES (?, ?, 'open', ?, ?, ?, ?, ?, NULL) ON CONFLICT (id) DO UPDATE SET "
                    "client = excluded.client, state = 'open', score = excluded.score, "
                    "last_found = excluded.last_found, last_seen = excluded.last_seen, body = excluded.body",
                    [finding.id, _client(finding), finding.score, now, now, finding.last_seen, _text(finding)],
                )
            self._con.execute("DELETE FROM unweighed")
            self._forget(keep_days)
        with suppress(duckdb.Error):  # another reader may hold it off; the next run does it
            self._con.execute("CHECKPOINT")

    def _replace_callers(self, clients: Collection[str], traffic: Traffic | None) -> None:
        weighed = pa.table({"name": pa.array(sorted(clients), pa.string())})
        self._with("weighed", weighed, "UPDATE findings SET state = 'below' WHERE client IN (SELECT name FROM weighed)")
        self._with("weighed", weighed, "DELETE FROM callers WHERE client IN (SELECT name FROM weighed)")
        if traffic is not None:
            self._with(
                "settled", as_calls(traffic),
                "INSERT INTO callers SELECT min(time_s), max(time_s), source, coalesce(client, '') AS client, "
                '"user", process, agent, place, count(*) FROM settled GROUP BY ALL',
            )  # fmt: skip

    def _forget(self, keep_days: int) -> None:
        (last,) = self._con.sql("SELECT max(last_s) FROM callers").fetchall()[0]
        if last is None:
            return
        before = last - keep_days * DAY_S
        self._con.execute("DELETE FROM rows WHERE time_s < ?", [before])
        self._con.execute("DELETE FROM callers WHERE last_s < ?", [before])
        self._con.execute("UPDATE findings SET state = 'below' WHERE last_seen < ?", [before * 1e6])
        self._con.execute("DELETE FROM findings WHERE told IS NULL AND last_seen < ?", [before * 1e6])

    def findings(self) -> list[Kept]:
        """Return all findings, those that are open before others, highest first."""
        rows = self._con.sql(
            "SELECT body, state, told, first_found, last_found FROM findings "
            "ORDER BY state = 'open' DESC, score DESC, id"
        ).fetchall()
        return [Kept(msgspec.json.decode(row[0], type=Finding), *row[1:]) for row in rows]

    def tell(self, told: Mapping[str, Severity | None]) -> None:
        """Note at which severity an output told of findings; None of one that it told to be closed."""
        with self._transaction():
            for finding, severity in told.items():
                self._con.execute("UPDATE findings SET told = ? WHERE id = ?", [severity, finding])

    def contents(self) -> Contents:
        """Return in numbers what is kept."""
        one = self._con.sql(
            "SELECT (SELECT count(*) FROM files), (SELECT count(*) FROM rows), count(DISTINCT client), "
            "count(DISTINCT owner), min(first_s), max(last_s) FROM callers LEFT JOIN places ON place = number"
        ).fetchall()[0]
        (waiting,) = self._con.sql("SELECT count(DISTINCT client) FROM unweighed").fetchall()[0]
        days = self._con.sql(
            "SELECT strftime(make_timestamp((time_s * 1e6)::BIGINT), '%Y-%m-%d') AS day, count(*), "
            "count(DISTINCT client), count(DISTINCT owner) FROM rows LEFT JOIN places ON place = number "
            "GROUP BY day ORDER BY day"
        ).fetchall()
        first, last = (None if second is None else round(second * 1e6) for second in one[4:])
        return Contents(
            schema=version(self._con), bytes=self._path.stat().st_size, files=one[0], rows=one[1], clients=one[2],
            owners=one[3], unweighed=waiting, first_time=first, last_time=last, days=days, findings=self.findings(),
        )  # fmt: skip

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._con.execute("BEGIN")
        whole = False
        try:
            yield
            whole = True
        finally:
            if whole:
                self._con.execute("COMMIT")
            else:
                with suppress(duckdb.Error):  # on a full disk DuckDB gives up the connection, which rolls back, too
                    self._con.execute("ROLLBACK")

    def _with(self, name: str, table: pa.Table, sql: str) -> Any:
        """Run SQL that reads an Arrow table under a name.

        A table that is registered would be held in memory until the transaction ends, however soon it is forgotten.
        """
        return self._con.from_arrow(table).query(name, sql)


def _moved(finding: Finding, renamed: Mapping[str, str]) -> Finding:
    """Return a finding that names the lines of renamed files by their new names."""

    def moved(place: str) -> str:
        label, colon, line = place.rpartition(":")
        return f"{renamed.get(label, label)}{colon}{line}"

    return msgspec.structs.replace(
        finding,
        reasons=tuple(msgspec.structs.replace(r, events=tuple(map(moved, r.events))) for r in finding.reasons),
        samples=tuple(msgspec.structs.replace(s, place=moved(s.place)) for s in finding.samples),
    )


def _client(finding: Finding) -> str:
    return finding.device or finding.src_ip or ""


def _names(finding: Finding) -> tuple[str, ...]:
    return (_client(finding), *finding.also_seen_as)


def _text(record: Any) -> str:
    return msgspec.json.encode(record).decode()
