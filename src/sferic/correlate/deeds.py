"""Takes the events of cloud audit logs and keeps, slim, those that a rule, a chain or the inventory needs.

The rules run here, while the record is at hand; it is not kept. What is kept is bounded: of deeds that change nothing
(looking around, calls) only the latest, of changes the first so many; what was left out is counted. Calls of a function
may be millions: those by one identity within a minute are one deed that knows their number.
"""

import re
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

import msgspec

from sferic.catalog.cloud import Operations, family, operations
from sferic.model.deed import WRITES, Deed
from sferic.model.event import Event
from sferic.model.hosts import normalise_host, split_target
from sferic.rules.matching import values
from sferic.rules.rulebook import Rulebook, logsources, own_rules

MAX_CHANGES = 200_000
MAX_LOOKS = 50_000
"""Deeds without a change or a rule that are kept, and minutes of calls."""
MAX_ADDRESSES = 65_536
"""Addresses whose networks are remembered."""
MAX_SEEN = 3_000_000
"""Entries that are known again when they come twice."""
MAX_WORDS = 1000
"""Different unknown operations that are counted apart."""
MOST_HOSTS = 20
"""Host names of one operation that are kept."""
_TEXT = 300
_MINUTE_US = 60_000_000
_ROLE = re.compile(r"(arn:[a-z-]{1,20}:sts::\d{0,14}:assumed-role/(?!AWSReservedSSO_)[^/]{1,100})/")
_FAILED = frozenset({"failure", "fail", "failed"})
_NAMED = re.compile(r"(.{1,100})\[(\w{1,60})\]")
_decode = msgspec.json.Decoder(dict[str, Any]).decode


class Deeds:
    """The deeds of one run; `take` events, then `finish`."""

    def __init__(self, book: Rulebook, network_of: Callable[[str], str]) -> None:
        self._network_of = lru_cache(MAX_ADDRESSES)(network_of)
        self._rules = {name: book.of(name) for name in operations()}
        self._changes: list[Deed] = []
        self._looks: deque[Deed] = deque(maxlen=MAX_LOOKS)
        self._calls: dict[tuple[object, ...], Deed] = {}
        self._seen: set[int] = set()
        self.events = 0
        self.duplicates = 0
        self.left_out = 0
        self.unknown: dict[str, Counter[str]] = {}
        """Source → its operations that nothing here knows, with their number."""

    def take(self, event: Event) -> None:
        """Look at one event of a cloud's audit log."""
        known = operations().get(event.source)
        if known is None:
            return
        self.events += 1
        kind = known.kind(event.app or "", event.operation or "")
        rules = self._rules[event.source]
        if not kind and not rules:
            self._count(event, known)
            return
        record = _decode(event.raw or "{}")
        fired = tuple(rule.id for rule in rules if rule.matches(record))
        if not kind and not fired:
            self._count(event, known)
            return
        if self._is_new(event, _first(record, known.id)):
            network = self._network_of(event.src_ip) if event.src_ip else ""
            self._keep(_deed(event, record, known, kind, fired, network))

    def finish(self) -> list[Deed]:
        """Return what was kept in order of time; entries of one operation are one deed."""
        kept = [*self._changes, *self._looks, *self._calls.values()]
        return sorted(_joined(kept), key=lambda deed: deed.time)

    def _is_new(self, event: Event, identity: str) -> bool:
        key = hash((event.source, identity or event.raw))
        if key in self._seen:
            self.duplicates += 1
            return False
        if len(self._seen) < MAX_SEEN:
            self._seen.add(key)
        return True

    def _keep(self, deed: Deed) -> None:
        if deed.kind == "invoke" and not deed.failed and not deed.rules:
            self._call(deed)
        elif not deed.rules and deed.kind not in WRITES:
            self.left_out += len(self._looks) == MAX_LOOKS
            self._looks.append(deed)
        elif len(self._changes) < MAX_CHANGES:
            self._changes.append(deed)
        else:
            self.left_out += 1

    def _call(self, deed: Deed) -> None:
        """Add a call to those like it within its minute; the latest of them stands for all."""
        key = (deed.where, deed.actor, deed.network, deed.agent, deed.operation, deed.time // _MINUTE_US)
        alike = self._calls.pop(key, None)
        if alike is not None:
            later = max(alike, deed, key=lambda one: one.time)
            deed = msgspec.structs.replace(later, times=alike.times + 1)
        elif len(self._calls) == MAX_LOOKS:
            self.left_out += self._calls.pop(next(iter(self._calls))).times
        self._calls[key] = deed

    def _count(self, event: Event, known: Operations) -> None:
        words = self.unknown.setdefault(event.source, Counter()) if known.open_vocabulary else None
        word = " ".join(part for part in (event.app, event.operation) if part)[:_TEXT]
        if words is not None and (word in words or len(words) < MAX_WORDS):
            words[word] += 1


def foreign_marks(book: Rulebook, chosen: Iterable[str]) -> list[str]:
    """Return what selects all records of the chosen sources for which the book has rules of others."""
    own = {rule.id: rule for rule in own_rules().rules}
    foreign = {rule.source for rule in book.rules if own.get(rule.id) is not rule} & set(chosen)
    return [logsources()[name].mark for name in sorted(foreign)]


def _first(record: Any, paths: Sequence[str]) -> str:
    return next(_texts(record, paths), "")


def _texts(record: Any, paths: Sequence[str]) -> Iterator[str]:
    """Yield the texts and whole numbers at these paths; `path[NAME]` is the value of the object called NAME there."""
    for path in paths:
        named = _NAMED.fullmatch(path)
        yield from _plain(record, path) if named is None else _of_named(record, named[1], named[2])


def _of_named(record: Any, path: str, name: str) -> Iterator[str]:
    for one in values(record, [path]):
        if isinstance(one, dict) and one.get("name") == name:
            yield from _plain(one, "value")


def _plain(record: Any, path: str) -> Iterator[str]:
    for value in values(record, [path]):
        if isinstance(value, str | int) and not isinstance(value, bool) and value != "":
            yield str(value)[:_TEXT]


def _deed(event: Event, record: Any, known: Operations, kind: str, fired: tuple[str, ...], network: str) -> Deed:
    function = _first(record, known.function) or event.resource or ""
    account = event.cloud_account or ""
    return Deed(
        time=event.time, source=event.source, place=f"{event.file}:{event.line}", provider=event.provider or "",
        account=account, function=function[:_TEXT] if kind not in {"identity", "credential"} else "",
        actor=_principal(event.actor or event.user or ""), user=event.user, src_ip=event.src_ip, network=network,
        agent=family(event.user_agent), operation=(event.operation or "")[:_TEXT],
        kind=kind, rules=fired, failed=(event.outcome or "") in _FAILED,
        credential=_first(record, known.credential), made=_first(record, known.made) if kind == "credential" else "",
        call=_first(record, known.call), region=_first(record, known.region), role=_first(record, known.role),
        hosts=_hosts(event, record, known, function), label=_first(record, known.label).lower(),
        leads=tuple(_cut(record, known.leads))[:MOST_HOSTS],
    )  # fmt: skip


def _principal(actor: str) -> str:
    """Leave out the session of a role, which is named anew each time; that of a person's sign-on is the person."""
    role = _ROLE.match(actor)
    return f"{role[1]}" if role else actor[:_TEXT]


def _hosts(event: Event, record: Any, known: Operations, function: str) -> tuple[str, ...]:
    named = [split_target(text).host for text in (*_texts(record, known.hosts), *_cut(record, known.hosts_cut))]
    if known.hosts_made:
        facts = {"function": function, "account": event.cloud_account or "", "region": _first(record, known.region)}
        needed = {name: facts[name] for name in facts if any(f"{{{name}}}" in form for form in known.hosts_made)}
        made = known.names(event.app or "", event.operation or "", **needed)
        named += [normalise_host(name) for name in made]
    return tuple(dict.fromkeys(host for host in named if host))[:MOST_HOSTS]


def _cut(record: Any, paths: Mapping[str, str]) -> Iterator[str]:
    """Yield what the paths' expressions cut out of the texts there."""
    for path, expression in paths.items():
        for text in _texts(record, [path]):
            if found := re.search(expression, text, re.IGNORECASE):
                yield found[1]


def _joined(deeds: Iterable[Deed]) -> Iterator[Deed]:
    """Make one deed of an operation's begin and end: earliest time, latest outcome, all that either knows."""
    held: dict[tuple[str, ...], Deed] = {}
    for deed in sorted(deeds, key=lambda deed: deed.time):
        if not deed.call:
            yield deed
            continue
        key = (deed.source, deed.call, deed.operation.lower(), deed.function)
        before = held.get(key)
        held[key] = deed if before is None else _both(before, deed)
    yield from held.values()


def _both(one: Deed, two: Deed) -> Deed:
    return msgspec.structs.replace(
        one, failed=two.failed, rules=tuple(dict.fromkeys(one.rules + two.rules)),
        hosts=tuple(dict.fromkeys(one.hosts + two.hosts)), src_ip=one.src_ip or two.src_ip, user=one.user or two.user,
        network=one.network or two.network,
        actor=one.actor or two.actor, role=one.role or two.role,
    )  # fmt: skip
