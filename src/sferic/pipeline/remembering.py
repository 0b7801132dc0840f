"""A hunt with a memory: files go into a store once, and what is new is weighed together with what is kept.

It reports all findings that are open. A run that takes something new weighs them anew, with all clients of which the
new lines say something; whoever else is below the floor stays there until heard of.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import msgspec
import numpy as np

from sferic import __version__
from sferic.catalog.assets import load_assets
from sferic.catalog.platforms import load_catalogue
from sferic.catalog.weights import load_weights
from sferic.engine import memory
from sferic.engine.gather import Gatherer
from sferic.engine.gauge import Gauge
from sferic.engine.memory import budget_of, room_of
from sferic.engine.part import Tally
from sferic.engine.parts import Spilled
from sferic.engine.progress import Watcher
from sferic.engine.quoting import quote
from sferic.engine.settling import Settler, Traits, recognise
from sferic.engine.shelf import Shelf
from sferic.engine.taken import Known, Step, marked
from sferic.model.errors import UsageError
from sferic.model.finding import SEVERITIES, Finding, News
from sferic.model.history import Intake, Kept, Mark, Recalled
from sferic.model.report import Account, FileAccount, Missing, Report
from sferic.model.settings import Settings
from sferic.model.traffic import Collected
from sferic.pipeline.checking import ACTIVITY, AS_PUBLISHED, check
from sferic.pipeline.hunting import Began, account_of, is_traffic, spent
from sferic.pipeline.weighing import Weighed, Weighing
from sferic.signals._estate import Sighted, sight
from sferic.signals._kinds import kinds_of
from sferic.sources._contract import chosen_sources
from sferic.store.history import History
from sferic.store.tables import LEAST_BYTES

BATCH_BYTES = 256 << 20
"""So much is read before it is committed: what an interrupted run loses, and what shares its names both ways."""
BATCH_FILES = 1000
"""And so many files, for a small one takes some milliseconds, however small it is."""
BATCH_ROWS = 1 << 16
"""So many rows of a batch are put into the store at a time; until then they wait on the disk."""
OF_BUDGET = 4
"""DuckDB gets this part of a run's memory."""
LIBRARY_BYTES = 64 << 20
"""What DuckDB and Arrow take before there is a row."""
KNOWN = frozenset({"same", "packed"})
"""Files of these kinds are not read."""
KEEP_DAYS = 90
AUDIT = "is not kept by a store, so who changed which function is not weighed: hunt these logs without `--store`"


def hunt_on(
    paths: Sequence[str], store: Path, settings: Settings | None = None, watch: Watcher | None = None,
    *, keep_days: int = KEEP_DAYS, batch_bytes: int = BATCH_BYTES,
) -> Report:  # fmt: skip
    """Take into a store what it has not, weigh what that touches, and return all open findings.

    Raises UsageError for settings that would leave things out of the store, and where another run has it open.
    """
    settings = settings or Settings()
    check(settings)
    _check(settings)
    began = Began()
    database = max(LEAST_BYTES, budget_of(settings) // OF_BUDGET)
    with Gauge(wanted=settings.memory_bytes > 0) as gauge, History(store, memory_bytes=database) as history:
        history.hold_to(
            tiers=",".join(sorted(settings.tiers)) or "default", analytics=",".join(sorted(settings.analytics))
        )
        run = _Run(history, settings, budget_of(settings) - database - LIBRARY_BYTES)
        run.take(paths, watch, batch_bytes)
        report = run.weigh(keep_days)
        spent(report.account, began, settings, gauge)
    report.version, report.made_at, report.paths = __version__, int(time.time() * 1e6), tuple(paths)
    return report


def tell(store: Path, report: Report) -> None:
    """Note that an output told of the findings of a report: to the next run they are known.

    Kept apart from the hunt, so that what was found is new until somebody has it.
    """
    with History(store) as history:
        history.tell({f.id: f.severity for f in report.findings if f.news in {"new", "risen"}})
        history.tell({f.id: None for f in report.closed})


def _check(settings: Settings) -> None:
    least = memory.LEAST_BYTES + LEAST_BYTES + LIBRARY_BYTES
    if 0 < settings.memory_bytes < least:
        raise UsageError("no hunt with a store fits into so little memory", where="--memory",
                         expected=f"at least {-(-least // 10**6)}MB, or 0 for what is usual")  # fmt: skip
    if settings.since is not None or settings.until is not None:
        raise UsageError("a store takes the whole of a file, and `--since` or `--until` would leave something out",
                         hint="leave them out, or hunt without `--store`")  # fmt: skip
    if published := {ACTIVITY, AS_PUBLISHED} & set(settings.analytics):
        raise UsageError(f"{', '.join(sorted(published))} keeps no history", hint="hunt without `--store`")


class _Run:
    """One run over a store."""

    def __init__(self, history: History, settings: Settings, memory_bytes: int) -> None:
        self._history, self._settings = history, settings
        chosen = chosen_sources(settings.only_sources)
        assets = load_assets(Path(settings.assets_file)) if settings.assets_file else ()
        catalogue = load_catalogue(settings.platform_files)
        self._room = room_of(msgspec.structs.replace(settings, memory_bytes=memory_bytes))
        room = msgspec.structs.replace(self._room, rows=min(self._room.rows, BATCH_ROWS))
        self._gatherer = Gatherer(catalogue, chosen, settings, assets, room=room)
        self._gatherer.names.recall(history.names())
        self._gatherer.aliases.recall(history.domains())
        self._domains = len(self._gatherer.aliases)
        self._steps: list[Step] = []
        self._read: set[str] = set()

    def take(self, paths: Sequence[str], watch: Watcher | None, batch_bytes: int) -> None:
        """Read what the store has not, batch by batch."""
        known = Known(self._history.marks(), self._settings.limits)
        self._steps = [known.step(item) for item in self._gatherer.ledger.inputs(paths)]
        self._history.move(_renamed(self._steps), _packed(self._steps))
        for batch in _batches([s for s in self._steps if s.change not in KNOWN], batch_bytes):
            self._take(batch, watch)

    def _take(self, batch: Sequence[Step], watch: Watcher | None) -> None:
        gatherer = self._gatherer
        done = len(gatherer.ledger.files)
        gatherer.read([step.item for step in batch], watch)
        accounts = {account.path: account for account in gatherer.ledger.files[done:]}
        before = {step.item.label: step.lines_before for step in batch}
        marks = (marked(step, accounts[step.item.label]) for step in batch if step.item.label in accounts)
        learned = list(gatherer.aliases.learned().items())
        self._history.take(
            Intake(
                collected=(_numbered_on(rows, before) for rows in gatherer.collected()),
                marks=[mark for mark in marks if mark],
                replaced=[step.item.label for step in batch if step.change == "rewritten"],
                names=gatherer.names.fresh(), domains=dict(learned[self._domains :]),
            )
        )  # fmt: skip
        self._domains = len(learned)
        self._read.update(before)

    def weigh(self, keep_days: int) -> Report:
        """Weigh the clients heard of, write that down, and report what is open."""
        settings, history = self._settings, self._history
        recalled = history.recall(self._gatherer.identities.pairs())
        weighed = parts = None
        if recalled is not None:
            parts, others = self._settling(recalled)
            # a run that shows less closes nothing that others would show
            usual = msgspec.structs.replace(settings, min_score=min(settings.min_score, Settings().min_score))
            weighing = Weighing(parts, recalled.span_s, usual, load_weights(), self._room.processes, others=[others])
            weighed = weighing.weigh(Tally())
            found, settled = self._quoted(weighed.findings), (parts.load(part) for part in range(len(parts)))
            history.conclude(found, settled, recalled.clients, int(time.time() * 1e6), keep_days)
        kept = [_with_news(k) for k in history.findings()]
        standing = [f for f in kept if f.news and f.news != "closed"]
        shown = sorted((f for f in standing if f.score >= settings.min_score), key=lambda f: (-f.points, f.id))
        account = self._account(weighed, parts)
        if recalled is not None and account.first_time is None:  # an earlier run read, this one only weighed
            account.first_time, account.last_time = (round(second * 1e6) for second in recalled.span_s)
        closed = tuple(f for f in kept if f.news == "closed")
        return Report(account=account, findings=tuple(shown), standing=len(standing) - len(shown), closed=closed)

    def _quoted(self, found: Sequence[Finding]) -> tuple[Finding, ...]:
        """Fill in sample lines: of a finding known before, only those read now or known, for earlier files are many."""
        kept = {k.finding.id: k.finding for k in self._history.findings()}
        texts = {sample.place: sample.text for finding in kept.values() for sample in finding.samples if sample.text}
        new = tuple(f for f in found if f.id not in kept)
        old = tuple(f for f in found if f.id in kept)
        return (*quote(new, self._settings.limits), *quote(old, self._settings.limits, self._read, texts))

    def _settling(self, recalled: Recalled) -> tuple[Spilled, Sighted]:
        """Put the rows of these clients on the disk to be settled in parts; return what is known of all others, too."""
        gatherer, shelf, traits, rows = self._gatherer, Shelf(), Traits(), 0
        for columns in recalled.rows:
            recognise(columns, recalled.texts.words["client"], gatherer.identities)
            traits.note(columns)
            order = np.arange(rows, rows := rows + len(columns["time_s"]))
            shelf.add(columns | {"order": order}, columns["client"])
        settler = Settler(
            recalled.texts, traits, gatherer.identities, self._settings.proxy_addresses, gatherer.aliases.same_owner
        )
        parts = Spilled(recalled.texts.words["host"], shelf, settler, self._room.part_rows)
        return parts, sight(kinds_of(settler.settled(recalled.callers)))

    def _account(self, weighed: Weighed | None, parts: Spilled | None) -> Account:
        strict = self._settings.strict
        if weighed is None or parts is None:
            account = self._gatherer.ledger.account(strict=strict)
            account.weighed = False
        else:
            gathered = self._gatherer.gathered(parts)
            account = account_of(gathered, weighed.filled, weighed.estate, weighed.counted, strict=strict)
        audits = sorted(name for name, lines in self._gatherer.ledger.kinds.items() if lines and not is_traffic(name))
        account.missing += tuple(Missing(name, "changes of functions", AUDIT) for name in audits)
        changes = [step.change for step in self._steps]
        account.kept, account.replaced = sum(change in KNOWN for change in changes), changes.count("replaced")
        account.continued = changes.count("grown")
        return account


def _numbered_on(rows: Collected, before: Mapping[str, int]) -> Collected:
    """Number the lines of what was added to a file as in the whole file."""
    shift = np.array([*(before.get(name, 0) for name in rows.words["file"]), 0], np.int64)
    lines = rows.columns["line"] + shift[rows.columns["file"]]
    return msgspec.structs.replace(rows, columns=rows.columns | {"line": lines})


def _with_news(kept: Kept) -> Finding:
    """Return a finding with what it is to whoever read the outputs so far; nothing if it is known to be closed."""
    news: News | None = "known"
    if kept.state != "open":
        news = "closed" if kept.told else None
    elif kept.told is None:
        news = "new"
    elif SEVERITIES.index(kept.finding.severity) > SEVERITIES.index(kept.told):
        news = "risen"
    return msgspec.structs.replace(kept.finding, news=news, known_since=kept.first_found)


def _renamed(steps: Sequence[Step]) -> dict[str, str]:
    """Return old and new names of what was renamed; a file that was replaced under its name gets one of the past.

    A copy is no new name: where the old name still holds the content, it stays.
    """
    held = {s.item.label for s in steps if s.known and s.known.label == s.item.label and s.change != "replaced"}
    moves = {s.known.label: s.item.label for s in steps if s.known and s.change in {*KNOWN, "grown", "rewritten"}}
    moves = {old: new for old, new in moves.items() if old != new and old not in held}
    for step in steps:
        if step.change == "replaced" and step.known and step.known.label not in moves:
            moves[step.known.label] = f"{step.known.label} (until {step.known.tail[:8]})"
    return moves


def _packed(steps: Sequence[Step]) -> list[Mark]:
    """Return what packed copies of known files are known by from now on."""
    packed = [(step, step.known.lines) for step in steps if step.known and step.change == "packed"]
    marks = (marked(step, FileAccount(path=step.item.label, codec="packed", lines=lines)) for step, lines in packed)
    return [mark for mark in marks if mark]


def _batches(steps: Sequence[Step], batch_bytes: int) -> Iterator[list[Step]]:
    """Deal files out in order, so that a run that goes on where one stopped deals them alike."""
    batch: list[Step] = []
    size = 0
    for step in steps:
        batch.append(step)
        size += step.item.size or 0
        if size >= batch_bytes or len(batch) == BATCH_FILES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
