"""The laws by which implants draw their sleeps, and how long a function takes to answer.

The laws are those read in the source of public frameworks: `one_sided` draws from [S(1-j), S] (Cobalt
Strike), `two_sided` from [S(1-j), S(1+j)] (Havoc, PoshC2), `additive` from [S, S(1+j)] (Sliver, Merlin),
`integer` whole seconds of the two-sided range (Apollo, Empire, Caldera).
"""

import math
import random

from sferic.lab.scenario import Law

_COLD_AFTER_S = 600.0


def draw_sleep(rng: random.Random, sleep_s: float, jitter: float, law: Law) -> float:
    """One sleep in seconds."""
    low, high = sleep_s * (1 - jitter), sleep_s * (1 + jitter)
    match law:
        case "one_sided":
            return rng.uniform(low, sleep_s)
        case "two_sided":
            return rng.uniform(low, high)
        case "additive":
            return rng.uniform(sleep_s, high)
        case "integer":
            return float(rng.randint(math.ceil(low), max(math.ceil(low), math.floor(high))))


def draw_latency(rng: random.Random, idle_s: float) -> float:
    """Seconds until a function has answered: usually a fraction, longer when it had gone cold."""
    warm_s = rng.lognormvariate(math.log(0.16), 0.35)
    return warm_s + (rng.uniform(0.3, 2.6) if idle_s > _COLD_AFTER_S else 0.0)
