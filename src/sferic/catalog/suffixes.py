"""Finds the longest known suffix of a host name, matching whole labels only.

Exists because a regular expression searched in a name also finds `notworkers.dev`
and `workers.dev.evil.example`, and because a dictionary of label borders is faster than either.
It does not normalise: give it what `sferic.model.hosts.normalise_host` returned.
"""

from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import Generic, NamedTuple, TypeVar

T = TypeVar("T")


class _Rule(NamedTuple, Generic[T]):
    """One suffix: its labels up to the last wildcard, its length in labels, and what it stands for."""

    head: tuple[str, ...]
    depth: int
    value: T


class Match(NamedTuple, Generic[T]):
    """What a suffix stands for, and whether the host is nothing but that suffix."""

    value: T
    is_whole_host: bool


class SuffixIndex(Generic[T]):
    """Suffixes such as `workers.dev` or `lambda-url.*.on.aws`, where `*` never crosses a label border.

    The longest suffix in labels wins; of two equally long ones the one without a wildcard wins,
    and of two equal ones the later.
    """

    def __init__(self, entries: Iterable[tuple[str, T]]) -> None:
        """Index the (suffix, value) pairs by the literal labels at their end."""
        self._rules: dict[str, dict[tuple[str, ...], _Rule[T]]] = {}
        self._deepest = 0
        for suffix, value in entries:
            labels = tuple(suffix.split("."))
            cut = max((i + 1 for i, label in enumerate(labels) if "*" in label), default=0)
            rules = self._rules.setdefault(".".join(labels[cut:]), {})
            rules[labels[:cut]] = _Rule(labels[:cut], len(labels), value)
            self._deepest = max(self._deepest, len(labels) - cut)

    def find(self, host: str) -> Match[T] | None:
        """Return the value of the longest suffix of a normalised host name, or None."""
        labels = host.split(".")
        best: _Rule[T] | None = None
        for start in range(max(0, len(labels) - self._deepest), len(labels)):
            for rule in self._rules.get(".".join(labels[start:]), {}).values():
                if (best is None or rule.depth > best.depth) and _fits(rule.head, labels[:start]):
                    best = rule
        return None if best is None else Match(best.value, best.depth == len(labels))


def _fits(head: tuple[str, ...], labels: list[str]) -> bool:
    if not head:
        return True
    tail = labels[-len(head) :]
    return len(tail) == len(head) and all(map(fnmatchcase, tail, head))


def as_expression(suffix: str) -> str:
    """Return an unanchored regular expression that is found in every line naming a host with this suffix."""
    return suffix.removeprefix("*.").replace(".", r"\.").replace("*", "[a-z0-9_-]+")
