"""How logs write one machine: its short name, its full name, with or without Windows' `$`, in any case."""

from collections.abc import Iterable

from sferic.model.hosts import is_address


def full_name(name: str) -> str:
    r"""Return a device's name in one spelling: `CORP\NB061$` is `nb061`; an address stays as it is."""
    return name.rpartition("\\")[2].casefold().removesuffix("$").rstrip(".") or name


def short_name(name: str) -> str:
    """Return the same without its domain: what different spellings of one machine have in common."""
    full = full_name(name)
    return full if is_address(full) else full.partition(".")[0] or full


def same_machines(names: Iterable[str]) -> dict[str, str]:
    """Return for each spelling that stands for no machine itself the one that does.

    `NB061$` and `nb061.corp.example` are one machine where the logs know one `nb061` of some domain and no second. Of
    several spellings the full name stands for the machine, else the first in the order of the alphabet.
    """
    alike: dict[str, dict[str, list[str]]] = {}
    for name in names:
        alike.setdefault(short_name(name), {}).setdefault(full_name(name), []).append(name)
    found: dict[str, str] = {}
    for short, spellings in alike.items():
        full = [one for one in spellings if one != short]
        if len(full) == 1 and short in spellings:
            spellings[full[0]] += spellings.pop(short)
        for written in spellings.values():
            best = min(written, key=_rank)
            found |= {name: best for name in written if name != best}
    return found


def _rank(name: str) -> tuple[bool, bool, str]:
    return "." not in name, name.endswith("$"), name
