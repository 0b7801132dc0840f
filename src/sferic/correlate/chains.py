"""Finds several deeds that mean more together, as `catalog/cloud/chains.toml` says."""

from collections.abc import Callable, Iterator, Mapping, Sequence

from sferic.catalog.cloud import Chain, chains
from sferic.correlate.hits import Hit, of_chain
from sferic.model.deed import Deed

_MINUTE_US = 60_000_000
Trace = tuple[Deed, ...]


def chained(deeds: Sequence[Deed], rule_ids: Mapping[str, str], is_known: Callable[[Deed], bool]) -> Iterator[Hit]:
    """Yield every chain that the deeds, in order of time, make; `rule_ids` are by name."""
    names = {rule: f"rule:{name}" for name, rule in rule_ids.items()}
    words = [frozenset([deed.kind, *(names[rule] for rule in deed.rules if rule in names)]) for deed in deeds]
    first_use: dict[str, int] = {}
    for deed in deeds:
        first_use.setdefault(deed.credential, deed.time)
    for name, chain in chains().items():
        for trace in _traces(chain, deeds, words):
            if chain.stranger and is_known(trace[0]):
                continue
            used = trace[-1].credential
            if not chain.unseen or (used and not trace[0].made and first_use[used] >= trace[0].time):
                yield of_chain(name, chain, trace)


def _traces(chain: Chain, deeds: Sequence[Deed], words: Sequence[frozenset[str]]) -> Iterator[Trace]:
    """Yield the deeds of each chain; the latest deed that makes a step stands for it."""
    begun: dict[tuple[str, ...], dict[int, Trace]] = {}
    last = len(chain.wanted) - 1
    for deed, fits in zip(deeds, words, strict=True):
        steps = [] if deed.failed else [i for i, step in enumerate(chain.wanted) if step & fits]
        key = _key(chain.same, deed) if steps else None
        if key is None:
            continue
        traces = begun.setdefault(key, {})
        for step in reversed(steps):
            trace = (*traces.get(step - 1, ()), deed)
            if len(trace) <= step or deed.time - trace[0].time > chain.minutes * _MINUTE_US:
                continue
            if step < last:
                traces[step] = trace
            elif all(getattr(trace[0], name) != getattr(deed, name) for name in chain.apart):
                traces.clear()
                yield trace
                break


def _key(same: tuple[str, ...], deed: Deed) -> tuple[str, ...] | None:
    """Return what the deeds of one chain share; None if this one does not say it."""
    found = [deed.provider]
    for name in same:
        value = (deed.made if deed.kind == "credential" else deed.credential) if name == "credential" else ""
        value = value or (str(getattr(deed, name) or "") if name != "credential" else "")
        if not value:
            return None
        found += [deed.account, value] if name == "function" else [value]
    return tuple(found)
