"""Two rules of Microsoft Sentinel: ASIM's modal gap per hour, and the Fortinet rule's steady gaps per pair."""

import numpy as np

from sferic.model.traffic import Floats, Ints

_HOUR_S = 3600.0


def asim_alerts(times_s: Floats, destination: Ints) -> set[int]:
    """Destinations of one source for which the ASIM rule alerts in some hour.

    The gap runs to the source's next event, whatever its destination; whole seconds above 10 count.
    """
    order = np.argsort(times_s, kind="stable")
    times, to = np.floor(times_s[order]), destination[order]
    gaps, to, hours = np.diff(times), to[:-1], times[:-1] // _HOUR_S
    kept = gaps > 10
    alerts: set[int] = set()
    for hour in np.unique(hours[kept]):
        now = kept & (hours == hour)
        for one in np.unique(to[now]):
            mine = gaps[now & (to == one)]
            modal = np.unique(mine, return_counts=True)[1].max()
            if len(mine) > 15 and modal / len(mine) > 0.8:
                alerts.add(int(one))
    return alerts


def fortinet_alert(times_s: Floats) -> bool:
    """Whether the Fortinet rule alerts for one pair: over four gaps, steady, of ten minutes or longer."""
    gaps = np.diff(np.sort(times_s))
    gaps = gaps[gaps > 60]
    if len(gaps) <= 4:
        return False
    first, third = np.percentile(gaps, (10, 90))  # series_outliers: Tukey's fences on the 10th and 90th percentile
    reach = 1.5 * (third - first)
    outside = (gaps < first - reach) | (gaps > third + reach)
    smooth = np.where(outside, gaps.mean(), gaps)
    return bool(smooth.mean() >= 600 and smooth.std() < 0.2 * smooth.mean())
