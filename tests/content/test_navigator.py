"""The layer shows as seen only what some detection really sees."""

import json

from sferic.content._contract import Content
from tests.content.conftest import written


def test_seen_and_inferred(content: Content) -> None:
    """A technique that a detection lists as seen has a shade for that; the others are pale."""
    layer = json.loads(written("navigator", content)["sferic-layer.json"])
    scores = {one["techniqueID"]: one["score"] for one in layer["techniques"]}
    seen = {one for detection in content.detections.values() for one in detection.techniques}
    assert {name for name, score in scores.items() if score > 1} == seen
    assert {name for name, score in scores.items() if score == 1} == {"T1090.002", "T1583.007"}
    assert layer["domain"] == "enterprise-attack"
