"""Writes the page about the proof: what was run, what each text found, and why some differ from the engine."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from prove.checks import Check
from prove.estate import Estate
from prove.runs import Run

_TEXT = Path(__file__).with_suffix(".txt")


def page(estate: Estate, found: Sequence[Run], told: Iterable[Check]) -> str:
    """Return the page; the first run is the engine's own."""
    parts = {
        "runs": [_row(estate, found[0], run) for run in found],
        "notes": [f"- {run.text}: {run.note}." for run in found if run.note],
        "checks": ["| " + " | ".join(cell.replace("|", "\\|") for cell in one) + " |" for one in told],
    }
    text = _TEXT.read_text(encoding="utf-8")
    for name, lines in parts.items():
        text = text.replace(f"<<{name}>>", "\n".join(lines))
    return text


def _row(estate: Estate, engine: Run, run: Run) -> str:
    implants = estate.implants
    missed = [one.name for one in implants if not one.found(run.alerts)]
    alike = sum(one.found(run.alerts) == one.found(engine.alerts) for one in implants)
    return (
        f"| {run.text} | {run.engine} | {len(implants) - len(missed)} of {len(implants)} | {len(run.alerts)} "
        f"| {alike} of {len(implants)} | {', '.join(missed) or 'none'} |"
    )
