"""Finds the longest known suffix of a host name, matching whole labels only.

Exists because a regular expression searched in a name also finds `notworkers.dev`
and `workers.dev.evil.example`, and because a dictionary of label borders is faster than either.
It does not normalise: give it what `sferic.model.hosts.normalise_host` returned.
"""

from collections.abc import Collection, Container, Iterable, Iterator
from fnmatch import fnmatchcase
from typing import Generic, NamedTuple, TypeVar

T = TypeVar("T")
_TOGETHER = 24
NO_LABEL = r"\.*(?:[^a-z0-9_.-]|$)"
"""What follows a host name: perhaps final dots, then anything a label cannot hold, or the end."""


class Match(NamedTuple, Generic[T]):
    """What a suffix stands for, and whether the host is nothing but that suffix."""

    value: T
    is_whole_host: bool


class _Rule(NamedTuple, Generic[T]):
    """One suffix, its length in labels, and what it stands for."""

    suffix: str
    depth: int
    value: T

    def fits(self, host: str) -> bool:
        if "*" not in self.suffix:
            return host == self.suffix or host.endswith(f".{self.suffix}")
        tail = host.split(".")[-self.depth :]
        return len(tail) == self.depth and all(map(fnmatchcase, tail, self.suffix.split(".")))


class SuffixIndex(Generic[T]):
    """Suffixes such as `workers.dev` or `lambda-url.*.on.aws`, where `*` never crosses a label border.

    The longest suffix in labels wins; of two equally long ones the one without a wildcard wins,
    and of two equal ones the later. A suffix has at least two labels, the last one literal.
    """

    def __init__(self, entries: Iterable[tuple[str, T]]) -> None:
        """Index the (suffix, value) pairs by their last two labels, or by the last before a wildcard."""
        self._rules: dict[str, list[_Rule[T]]] = {}
        for suffix, value in dict(entries).items():
            rule = _Rule(suffix, suffix.count(".") + 1, value)
            self._rules.setdefault(_last_labels(suffix), []).append(rule)
        for rules in self._rules.values():
            rules.sort(key=lambda rule: (-rule.depth, "*" in rule.suffix))

    def find(self, host: str) -> Match[T] | None:
        """Return the value of the longest suffix of a normalised host name, or None."""
        best: _Rule[T] | None = None
        for key in (_last_labels(host), host.rpartition(".")[2]):
            for rule in self._rules.get(key, ()):
                if best is not None and best.depth >= rule.depth:
                    break
                if rule.fits(host):
                    best = rule
        return None if best is None else Match(best.value, best.depth == host.count(".") + 1)


def _last_labels(name: str) -> str:
    head, _, last = name.rpartition(".")
    second = head.rpartition(".")[2]
    return last if "*" in second else f"{second}.{last}"


def as_expressions(suffixes: Collection[str], alone: Container[str] = ()) -> list[str]:
    """Return regular expressions of which one is found, caseless, in every line naming a host with such a suffix.

    A suffix in `alone` may be a whole host; before the others a label must stand. After a suffix no further label
    may follow, so that `workers.dev.example.com` is not found. Several suffixes share one expression, because a
    search engine is built sooner from a few long ones.
    """
    whole: set[str] = set()
    below: set[str] = set()
    for suffix in suffixes:
        bare = suffix.removeprefix("*.")
        (whole if suffix in alone and bare == suffix else below).add(_fragment(bare))
    return [*_grouped("", sorted(whole)), *_grouped(r"\.", sorted(below))]


def _fragment(suffix: str) -> str:
    return suffix.replace(".", r"\.").replace("*", "[a-z0-9_-]+")


def _grouped(before: str, fragments: list[str]) -> Iterator[str]:
    for first in range(0, len(fragments), _TOGETHER):
        yield f"{before}(?:{'|'.join(fragments[first : first + _TOGETHER])}){NO_LABEL}"
