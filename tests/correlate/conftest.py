"""What the tests of correlation share: a hunt through the lines of an audit log."""

from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from msgspec import structs

from sferic.model.report import Report
from sferic.model.settings import Settings
from sferic.pipeline import hunt

Hunt = Callable[..., Report]


@pytest.fixture
def hunt_lines(tmp_path: Path) -> Hunt:
    """Hunt through lines, all findings shown whatever their score; every line must have been read."""

    def hunted(lines: Iterable[str], **settings: object) -> Report:
        log = tmp_path / "logs" / "audit.log"
        log.parent.mkdir(exist_ok=True)
        log.write_text("\n".join(lines) + "\n", encoding="utf-8")
        report = hunt([str(log.parent)], structs.replace(Settings(min_score=0, workers=1), **settings))
        assert not [f for f in report.account.files if f.problem or f.rejected or f.unknown]
        return report

    return hunted
