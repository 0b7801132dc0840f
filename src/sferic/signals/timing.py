"""Check-ins come at bounded intervals, as a timer draws them, and not as people or queues do.

What it measures: the likelihood ratio, in decibans, between the best bounded timing law of the gaps (any jitter,
with missing records and off-periods) and the best memoryless or bursty law (`sferic.signals._gaps`).
Why it matters: an implant sleeps; every public framework draws the sleep from a bounded interval.
What else looks like this: telemetry clients, pollers, health checks, cron. Timing tells a machine from a person,
never an attacker from a vendor.
Limits: connection reuse hides the rhythm; two implants under one key blur it; below five gaps it is silent.
References: ATT&CK T1071.001; framework sleep laws as read in their public sources (docs/explanation/scoring.md).
"""

import numpy as np

from sferic.model.traffic import Bools, Floats
from sferic.model.window import Fit, Window
from sferic.model.words import duration_text
from sferic.signals._contract import Words
from sferic.signals._gaps import REGULAR_DB

FIELDS = frozenset({"time"})
DEAR = True
BLURRED_DB_PER_GAP = 0.4
CLEAR_DB_PER_GAP = 1.0
"""A uniform law with 90 % jitter and a fifth of its check-ins lost still gives 1 dB per gap."""


def measure(window: Window, wanted: Bools) -> Floats:
    """Return the evidence of the timing fit, decibans, discounted where each gap says nearly nothing.

    Mixtures of many timers (a NAT address) fit neither law; over thousands of gaps even a poor law beats a worse one.
    """
    found = np.full(len(window), np.nan)
    for i in np.flatnonzero(wanted):
        fit = window.fits.get(int(i))
        if fit is not None:
            found[i] = fit.evidence_db * _clarity(fit)
    return found


def _clarity(fit: Fit) -> float:
    """Return 1 where each gap speaks for the law, down to 0 where a gap says nearly nothing; 1 against a law."""
    rate = fit.evidence_db / fit.gaps
    return (
        1.0 if rate < 0 else min(1.0, max(0.0, (rate - BLURRED_DB_PER_GAP) / (CLEAR_DB_PER_GAP - BLURRED_DB_PER_GAP)))
    )


def describe(window: Window, i: int, value: float) -> Words:
    """Name the law, its sleep and jitter, or say that there is none."""
    fit = window.fits[i]
    if value < REGULAR_DB:
        word, verb = ("unclear", "do not prove a") if fit.evidence_db > 0 else ("irregular", "follow no")
        return Words(word, f"{fit.gaps} gaps between check-ins {verb} timer (median {duration_text(fit.median_s)})")
    lost = f", with about {fit.lost:.0%} of check-ins missing from the log" if fit.lost >= 0.08 else ""
    low, high = duration_text(fit.low_s), duration_text(fit.high_s)
    within = f"between {low} and {high}" if low != high else f"at {low}"
    text = f"{fit.gaps} gaps fit a timer of {law(fit)}; {_inside(window, i):.0%} of all gaps are {within}"
    return Words(law(fit), text + lost)


def _inside(window: Window, i: int) -> float:
    """Return the share of a segment's gaps between the bounds of its law, as far as the log's clock can tell."""
    fit, blur_s = window.fits[i], float(window.resolution_s[i])
    gaps = np.diff(window.times(i))
    return float(np.mean((gaps >= fit.low_s - blur_s) & (gaps <= fit.high_s + blur_s)))


def law(fit: Fit) -> str:
    """Return the timing law in short, such as `60 s, jitter 30 % down`."""
    if fit.sleep_s is None:
        return "irregular"
    ways = {
        "one_sided": " down",
        "two_sided": " both ways",
        "additive": " up",
        "integer": " in whole seconds",
    }
    jitter = f", jitter {fit.jitter:.0%}{ways.get(fit.law, '')}" if fit.jitter else ", no jitter"
    return duration_text(fit.sleep_s) + jitter
