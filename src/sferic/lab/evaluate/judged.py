"""Holds every detector's alerts on drawn companies against the truth, under one way of counting.

An alert is about an implant when it names the implant's machine and at least half of the hosts that it names are the
implant's. All draws are ranked together, as one big estate would be.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence

import msgspec

from sferic.lab.estate import watch
from sferic.lab.evaluate.alerts import Alert
from sferic.lab.evaluate.company import company
from sferic.lab.evaluate.measures import Ranked
from sferic.lab.evaluate.traffic import Read, traffic_of, traffic_with_sensors
from sferic.lab.presence import DAY_S
from sferic.lab.truth import Truth
from sferic.model.traffic import Traffic

Tell = Callable[[str, float], None]
"""Is told what is done now, and what share of this part is done already."""
Detector = Callable[[Traffic, tuple[float, float]], list[Alert]]


_PEOPLE = "people, or several at once"
_SLOW_S = 900.0
_LOSSY = 0.2


class Size(msgspec.Struct, frozen=True):
    """How much is drawn."""

    machines: int
    days: int
    seeds: tuple[int, ...]

    @property
    def machine_days(self) -> int:
        """Machines times days, over all draws."""
        return self.machines * self.days * len(self.seeds)


class Missed(msgspec.Struct, frozen=True):
    """An implant without an alert above the threshold."""

    seed: int
    entries: int
    sleep_s: float
    jitter: float
    law: str
    presence: str | None
    loss: float
    keep_alive_s: float
    log: str
    rank: float | None
    """What the detector gave it all the same; None for nothing."""
    process: str | None
    """The program behind it; None where no sensor runs."""


class Judged(msgspec.Struct):
    """What all detectors said over all draws."""

    size: Size
    alerts: dict[str, list[Ranked]] = msgspec.field(default_factory=lambda: defaultdict(list))
    """Detector → its alerts; an implant's name begins with its draw."""
    implants: dict[str, str] = msgspec.field(default_factory=dict)
    """Each implant and the scenario that it is of: what stands out about it."""
    false_high: dict[str, Counter[str]] = msgspec.field(default_factory=lambda: defaultdict(Counter))
    """Detector → class of software → false alerts above the threshold."""
    missed: dict[str, list[Missed]] = msgspec.field(default_factory=lambda: defaultdict(list))
    with_sensors: list[str] = msgspec.field(default_factory=list)
    """Those of the detectors that saw the machines' sensors as well."""
    unwatched: int = 0
    """Implants on machines without a sensor."""
    benign_pairs: int = 0
    """Harmless channels on a machine, browsing aside."""
    events: int = 0


def judge_draws(
    size: Size, detectors: Mapping[str, Detector], tell: Tell, with_sensors: Mapping[str, Detector], read: Read
) -> Judged:
    """Draw every company and let each detector see it, some of them with what sensors on its machines saw as well.

    `tell` is told how far it is, `read` makes events of the sensors' lines.
    """
    result = Judged(size, with_sensors=list(with_sensors))
    for number, seed in enumerate(size.seeds, 1):
        tell(f"company {number} of {len(size.seeds)}", (number - 1) / len(size.seeds))
        scenario = company(size.machines, size.days, seed)
        sites = list(watch(scenario))
        traffic = traffic_of(sites)
        truth = [one for site in sites for one in site.truth([site.site.format], scenario.seed) if one.entries]
        start_s = scenario.start.timestamp()
        result.events += len(traffic)
        result.implants |= {_name(seed, one): scenario_of(one) for one in truth if one.label == "c2"}
        result.benign_pairs += sum(one.label == "benign" for one in truth)
        span_s = start_s, start_s + scenario.days * DAY_S
        for name, detect in detectors.items():
            _count(result, name, seed, truth, detect(traffic, span_s))
        result.unwatched += sum(one.label == "c2" and one.process is msgspec.UNSET for one in truth)
        traffic = traffic_with_sensors(sites, scenario, read) if with_sensors else traffic
        for name, detect in with_sensors.items():
            _count(result, name, seed, truth, detect(traffic, span_s))
    return result


def _name(seed: int, one: Truth) -> str:
    return f"{seed}:{one.channel}:{one.device}"


def _count(result: Judged, name: str, seed: int, truth: Sequence[Truth], alerts: Sequence[Alert]) -> None:
    best: dict[str, Ranked] = {}
    result.alerts[name] += []  # who never says anything is on the page too
    for alert in alerts:
        about = [one for one in truth if is_about(alert, one)]
        implant = next((_name(seed, one) for one in about if one.label == "c2"), None)
        scenario = result.implants[implant] if implant else about[0].kind if about else _PEOPLE
        ranked = Ranked(alert.rank, alert.high, implant, scenario)
        result.alerts[name].append(ranked)
        if implant is None and alert.high:
            result.false_high[name][scenario] += 1
        if implant is not None and (implant not in best or ranked.rank > best[implant].rank):
            best[implant] = ranked
    for one in truth:
        got = best.get(_name(seed, one))
        if one.label == "c2" and not (got and got.high):
            result.missed[name].append(_missed(seed, one, got))


def scenario_of(one: Truth) -> str:
    """What stands out about an implant."""
    if one.keep_alive_s:
        return "implants that keep their connection"
    if one.sleep_s >= _SLOW_S:
        return "slow implants"
    if not one.jitter:
        return "implants without jitter"
    return "implants whose records are lost" if one.loss >= _LOSSY else "other implants"


def is_about(alert: Alert, one: Truth) -> bool:
    """Whether an alert is about a channel: the same machine, and at least half of the named hosts."""
    named = alert.client.partition(".")[0].upper()  # a sensor may write the domain behind a machine's name
    same = named == one.device.upper() or alert.client in one.src_ips
    return same and 2 * len(alert.hosts & set(one.hosts)) >= len(alert.hosts)


def _missed(seed: int, one: Truth, got: Ranked | None) -> Missed:
    return Missed(
        seed=seed, entries=one.entries, sleep_s=one.sleep_s, jitter=one.jitter, law=one.law, presence=one.presence,
        loss=one.loss, keep_alive_s=one.keep_alive_s, log=one.files[0], rank=got.rank if got else None,
        process=None if one.process is msgspec.UNSET else one.process,
    )  # fmt: skip
