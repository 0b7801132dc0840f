"""Parts of the pages for people: rows of tables and lists, in Markdown."""

from collections.abc import Iterable

from sferic.catalog.detections import Detection, abuse_contacts, attack, false_positives
from sferic.content._contract import Content

_SEEN = {"wire": "in traffic", "audit": "in audit logs", "inferred": "never, only inferred"}


def row(*cells: object) -> str:
    """Return a row of a table; a bar in a cell would end it."""
    return "| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |"


def rows(several: Iterable[Iterable[object]]) -> str:
    """Return several rows."""
    return "\n".join(row(*cells) for cells in several)


def classes_in_short() -> str:
    """List the harmless classes, a line each."""
    return "\n".join(f"   - {one.title}: {one.told_apart}" for one in false_positives().values())


def classes() -> str:
    """Describe each harmless class."""
    return "\n\n".join(
        f"## {one.title}\n\n{one.what}\n\n- **Told apart by:** {one.told_apart}\n- **What to do:** {one.tune}\n"
        f"- **Still look at:** {one.still_look}"
        for one in false_positives().values()
    )


def contacts() -> str:
    """List where providers take reports."""
    known = abuse_contacts().contacts
    return rows((name, one.where, one.evidence, one.say) for name, one in sorted(known.items()))


def platforms(content: Content) -> str:
    """List the hunted platforms by provider, with what a host name shows of the owner."""
    hunted = sorted((p for p in content.catalogue.platforms.values() if p.is_hunted), key=lambda p: (p.provider, p.id))
    return rows((f"{p.provider}: {p.product}", ", ".join(p.suffixes), p.visible) for p in hunted)


def detections(content: Content) -> str:
    """Say of each detection what it finds and what it cannot."""
    return "\n".join(f"- **{one.title}** ({one.level}). {one.sentence} {one.cannot}" for one in _all(content))


def limits(content: Content) -> str:
    """List every number of every detection."""
    return rows((one.id, name, value, _EFFECTS[name]) for one in _all(content) for name, value in one.limits.items())


def techniques() -> str:
    """List the techniques with how they are seen."""
    return rows((name, one.name, _SEEN[one.seen], one.why) for name, one in sorted(attack().techniques.items()))


def _all(content: Content) -> list[Detection]:
    return list(content.detections.values())


_EFFECTS = {
    "connections": "fewer alerts, and later ones",
    "hours": "short sessions fall away, a channel is seen later",
    "bytes_up": "more alerts: larger uploads still count as small",
    "bytes_down": "more alerts: pages and downloads come in",
    "checkins": "fewer alerts, and slow channels need more look-back",
    "clients": "more alerts: what a team uses comes in",
    "merge_s": "bursts count as one check-in; below the fastest sleep only",
    "pause_s": "longer bursts are ignored; a channel that sleeps less is missed",
    "low": "fewer alerts: gaps may be less short",
    "high": "more alerts: gaps may be longer, as after lost records",
    "regular": "fewer alerts: wide jitter and lost records hide a channel",
    "duration_s": "fewer alerts",
    "bytes_per_s": "more alerts: streams come in",
    "machines": "more alerts: software that few machines have comes in",
    "within_h": "more alerts: the change may lie further back",
}
