"""A layer for the ATT&CK Navigator that shows what is seen, and separately what is only inferred."""

from collections.abc import Iterator

import msgspec

from sferic.catalog.detections import attack
from sferic.content._contract import Content, Text

_SCORES = {"wire": 3, "audit": 2, "inferred": 1}
_LEGEND = (("#4e79a7", "seen on the wire"), ("#76b7b2", "seen in audit logs"), ("#d3d3d3", "inferred, not seen"))


def texts(content: Content) -> Iterator[Text]:
    """Write the one layer."""
    known = attack()
    layer = {
        "name": "Sferic",
        "versions": {"attack": known.version, "navigator": "5.1.0", "layer": "4.5"},
        "domain": "enterprise-attack",
        "description": "Three shades: seen on the wire, seen in audit logs, only inferred from either.",
        "gradient": {"colors": [color for color, _ in reversed(_LEGEND)], "minValue": 1, "maxValue": 3},
        "legendItems": [{"color": color, "label": label} for color, label in _LEGEND],
        "techniques": [
            {
                "techniqueID": name, "tactic": one.tactic, "score": _SCORES[one.seen], "comment": one.why,
                "metadata": [{"name": "detections", "value": ", ".join(_by(name, content)) or "none"}],
            }
            for name, one in sorted(known.techniques.items())
        ],
    }  # fmt: skip
    yield Text("sferic-layer.json", msgspec.json.format(msgspec.json.encode(layer), indent=2).decode() + "\n")


def _by(technique: str, content: Content) -> list[str]:
    return [one.id for one in content.detections.values() if technique in (*one.techniques, *one.may_mean)]
