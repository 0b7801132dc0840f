"""Says which evidence these logs cannot give, and which log would."""

from collections.abc import Mapping

from sferic.model.report import Missing
from sferic.signals._contract import signals

_WANTED = {
    "user_agent": ("client software", "a proxy or sensor that logs user agents (TLS inspection, Zeek http)"),
    "path": ("paths", "a proxy with TLS inspection"),
    "bytes_up": ("upload sizes", "a log with bytes in both directions"),
    "duration_ms": ("durations", "a log with durations"),
    "user": ("users", "authentication on the proxy, or user-ID on the firewall"),
}
PROCESSES = (
    "no log here names the programs that call (the signals about programs cannot speak): endpoint logs of the same "
    "machines (Sysmon 1, 3 and 22, Microsoft Defender, Elastic Defend, CrowdStrike) would"
)


def missing(
    fields_of: Mapping[str, frozenset[str]], joined: int, nameless: int, linked: int = 0
) -> tuple[Missing, ...]:
    """Return what cannot be said, per source that was read (source id → the fields it carries).

    Flows without names were named by their address (`joined`), by their connection's id (`linked`) or not at all.
    """
    told = []
    for name, fields in sorted(fields_of.items()):
        if "dst_host" not in fields:
            told.append(Missing(name, "host names", _names_text(name, (linked, joined, nameless))))
        for field, (what, remedy) in _WANTED.items():
            if field not in fields:
                silent = sorted(s.id for s in signals().values() if s.fields == {field})
                lost = f" ({', '.join(silent)} cannot speak)" if silent else ""
                told.append(Missing(name, what, f"{name} has no {what}{lost}: {remedy} would add it"))
    if fields_of and not any("process_path" in fields for fields in fields_of.values()):
        told.append(Missing("all", "processes", PROCESSES))
    return tuple(told)


def _names_text(name: str, flows: tuple[int, int, int]) -> str:
    linked, joined, nameless = flows
    ways = ((linked, "by their connection's id"), (joined, "by address from other logs"))
    named = [f"{way} ({count:,})" for count, way in ways if count]
    if named:
        return f"{name} has no host names: flows were named {' and '.join(named)}, {nameless:,} were not"
    return f"{name} has no host names and nothing here names its addresses: give me DNS or TLS logs of the same time"
