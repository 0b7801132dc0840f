"""Keeps one finding a channel where two analytics found the same one: a rhythm and a program that is wrong."""

from collections import defaultdict
from collections.abc import Sequence

from msgspec.structs import replace

from sferic.catalog.programs import spelt
from sferic.model.finding import Finding


def with_processes(found: Sequence[Finding], alone: Sequence[Finding]) -> list[Finding]:
    """Return the findings by rhythm, and of those by process the ones about channels that are not among them.

    A finding by rhythm whose log names no process gets that of the one it stands for.
    """
    kept = list(found)
    of_machine: dict[tuple[str | None, ...], list[int]] = defaultdict(list)
    for n, one in enumerate(kept):
        of_machine[_where(one)].append(n)
    for one in alone:
        same = [n for n in of_machine[_where(one)] if _is_same(one, kept[n])]
        for n in same:
            if kept[n].process is None:
                facts = {name: getattr(one, name) for name in ("process", "process_tree", "process_is_guessed")}
                kept[n] = replace(kept[n], **facts)
        if not same:
            of_machine[_where(one)].append(len(kept))
            kept.append(one)
    return kept


def _where(one: Finding) -> tuple[str | None, ...]:
    return (one.device or one.src_ip, one.platform)


def _is_same(one: Finding, other: Finding) -> bool:
    """Say whether both, of one machine and platform, are about one owner and, where both know it, one program."""
    owner = one.tenant is not None and one.tenant == other.tenant
    if not owner and not set(one.hosts) & set(other.hosts):
        return False
    return None in (one.process, other.process) or spelt(one.process or "") == spelt(other.process or "")
