"""Harmless software that talks to functions as regularly as an implant does: the twins that decide precision.

The classes N1 to N15 are agents, pages, runners, cron jobs, developers and the like; what each stands for is
said at its function. Steady ones run while the machine is awake, the others in sessions.
"""

import random
from collections.abc import Callable, Iterator, Sequence

from sferic.lab.implant import fill
from sferic.lab.presence import sessions, wake
from sferic.lab.records import Request, Span
from sferic.lab.scenario import Channel
from sferic.lab.timing import draw_latency

Twin = Callable[[random.Random, Channel, Sequence[Span], str | None], Iterator[Request]]


def _ask(
    rng: random.Random,
    channel: Channel,
    time_s: float,
    user_agent: str | None,
    *,
    more_up: int = 0,
    more_down: int = 0,
    duration_s: float | None = None,
    status: int = 200,
) -> Request:
    """One ordinary request of the channel; the sizes may be raised, the rest is as the scenario says."""
    return Request(
        time_s=time_s,
        host=rng.choice(channel.hosts),
        method=channel.method,
        path=fill(rng, rng.choice(channel.paths)),
        user_agent=user_agent,
        status=status,
        bytes_up=channel.bytes_up + rng.randint(0, channel.noise_bytes) + more_up,
        bytes_down=channel.bytes_down + rng.randint(0, channel.noise_bytes) + more_down,
        duration_s=draw_latency(rng, channel.period_s) if duration_s is None else duration_s,
        keep_alive_s=channel.keep_alive_s,
        channel=channel.name,
    )


def timer(rng: random.Random, channel: Channel, awake: Sequence[Span], user_agent: str | None) -> Iterator[Request]:
    """N1 fleet agents, N9 browser extensions, N13 probes: a strict timer that starts with the machine."""
    for span in awake:
        at_s = span.start_s + rng.uniform(1.0, min(channel.period_s, 240.0))
        while at_s < span.end_s:
            yield _ask(rng, channel, at_s + abs(rng.gauss(0.0, 0.06)), user_agent)
            at_s += channel.period_s


def desktop_app(
    rng: random.Random, channel: Channel, awake: Sequence[Span], user_agent: str | None
) -> Iterator[Request]:
    """N8 a rare, signed desktop application: its timer starts again after each reply."""
    at_s = awake[0].start_s + rng.uniform(5.0, channel.period_s) if awake else 0.0
    while (moment := wake(rng, awake, at_s)) is not None:
        changed = rng.random() < 0.02
        request = _ask(rng, channel, moment, user_agent, more_down=rng.randint(300, 9_000) if changed else 0)
        yield request
        at_s = moment + request.duration_s + channel.period_s * (1 + rng.uniform(-channel.jitter, channel.jitter))


def real_user_monitoring(
    rng: random.Random, channel: Channel, awake: Sequence[Span], user_agent: str | None
) -> Iterator[Request]:
    """N2 a page that reports its use while somebody looks at it: up only, sizes vary, ends with the page."""
    for session in sessions(rng, awake, channel.sessions_per_day, channel.session_s):
        at_s = session.start_s + rng.uniform(0.5, 3.0)
        while at_s < session.end_s:
            if rng.random() < 0.85:
                yield _ask(rng, channel, at_s, user_agent, more_up=min(16_384, int(rng.expovariate(1 / 2_600))))
            at_s += channel.period_s + rng.uniform(0.0, 0.4)
        yield _ask(rng, channel, session.end_s, user_agent, more_up=rng.randint(80, 900))


def polling_tab(
    rng: random.Random, channel: Channel, awake: Sequence[Span], user_agent: str | None
) -> Iterator[Request]:
    """N4 a page that refetches the same data; browsers slow a hidden tab down to once a minute."""
    for session in sessions(rng, awake, channel.sessions_per_day, channel.session_s):
        at_s, hidden = session.start_s, False
        while at_s < session.end_s:
            request = _ask(rng, channel, at_s, user_agent)
            yield request
            hidden ^= rng.random() < 0.03
            at_s += max(channel.period_s, 60.0 if hidden else 0.0) + request.duration_s


def heartbeat(rng: random.Random, channel: Channel, awake: Sequence[Span], user_agent: str | None) -> Iterator[Request]:
    """N3 the polling fallback of a web socket: the server holds each request for the heartbeat interval."""
    for session in sessions(rng, awake, channel.sessions_per_day, channel.session_s):
        at_s = session.start_s
        while at_s < session.end_s:
            told_early = rng.random() < 0.06
            held_s = rng.uniform(1.0, channel.period_s) if told_early else channel.period_s + rng.uniform(0.0, 0.2)
            extra = rng.randint(60, 1_800) if told_early else 0
            yield _ask(rng, channel, at_s, user_agent, more_down=extra, duration_s=held_s)
            at_s += held_s + rng.uniform(0.02, 0.12)


def ci_runner(rng: random.Random, channel: Channel, awake: Sequence[Span], user_agent: str | None) -> Iterator[Request]:
    """N5 a build runner: long polls, a random back-off after errors, and bursts while a job runs."""
    jobs = sessions(rng, awake, channel.sessions_per_day, channel.session_s)
    at_s = awake[0].start_s + rng.uniform(0.0, channel.period_s) if awake else 0.0
    while (moment := wake(rng, awake, at_s)) is not None:
        if any(job.start_s <= moment < job.end_s for job in jobs):
            yield _ask(rng, channel, moment, user_agent, more_up=int(rng.lognormvariate(7.0, 1.0)))
            at_s = moment + rng.uniform(2.0, 25.0)
        elif rng.random() < 0.12:
            yield _ask(rng, channel, moment, user_agent, status=503)
            at_s = moment + rng.uniform(15.0, 30.0)
        else:
            held_s = channel.period_s + rng.uniform(0.0, 0.5)
            yield _ask(rng, channel, moment, user_agent, duration_s=held_s)
            at_s = moment + held_s + rng.uniform(0.05, 0.3)


def cron(rng: random.Random, channel: Channel, awake: Sequence[Span], user_agent: str | None) -> Iterator[Request]:
    """N6 a scheduled job: on the full minute of the clock, a second or two late."""
    for span in awake:
        at_s = (span.start_s // channel.period_s + 1) * channel.period_s
        while at_s < span.end_s:
            yield _ask(rng, channel, at_s + rng.uniform(0.2, 1.9), user_agent)
            at_s += channel.period_s


def developer(rng: random.Random, channel: Channel, awake: Sequence[Span], user_agent: str | None) -> Iterator[Request]:
    """N7 somebody testing their own function in a shell loop; now and then it is broken, or tried by hand."""
    for session in sessions(rng, awake, channel.sessions_per_day, channel.session_s):
        pause_s = channel.period_s * rng.choice((0.5, 1.0, 1.0, 2.0))
        at_s = session.start_s
        while at_s < session.end_s:
            broken = rng.random() < 0.04
            request = _ask(rng, channel, at_s, user_agent, status=500 if broken else 200)
            yield request
            at_s += request.duration_s + (rng.uniform(2.0, 90.0) if broken else pause_s)


def batch_exporter(
    rng: random.Random, channel: Channel, awake: Sequence[Span], user_agent: str | None
) -> Iterator[Request]:
    """N10 telemetry of one server: a strict export timer that skips empty batches, so silent when idle."""
    for session in sessions(rng, awake, channel.sessions_per_day, channel.session_s):
        at_s = session.start_s
        while at_s < session.end_s:
            if rng.random() < 0.93:
                yield _ask(rng, channel, at_s + rng.uniform(0.0, 0.03), user_agent, more_up=rng.randint(0, 6_000))
            at_s += channel.period_s


def webhooks(rng: random.Random, channel: Channel, awake: Sequence[Span], user_agent: str | None) -> Iterator[Request]:
    """N11 business events posted to a workflow: bursts as work happens, no timer behind them."""
    for session in sessions(rng, awake, channel.sessions_per_day, channel.session_s):
        at_s = session.start_s
        while at_s < session.end_s:
            yield _ask(rng, channel, at_s, user_agent, more_up=int(rng.lognormvariate(6.5, 0.8)))
            at_s += rng.expovariate(1 / channel.period_s)


def updater(rng: random.Random, channel: Channel, awake: Sequence[Span], user_agent: str | None) -> Iterator[Request]:
    """N12 an update check with a random splay: nothing new nearly always, rarely a download."""
    at_s = awake[0].start_s + rng.uniform(20.0, channel.period_s) if awake else 0.0
    while (moment := wake(rng, awake, at_s)) is not None:
        new = rng.random() < 0.015
        size = rng.randint(400_000, 6_000_000) if new else 0
        yield _ask(rng, channel, moment, user_agent, more_down=size, status=200 if new else 304)
        at_s = moment + channel.period_s * (1 + rng.uniform(0.0, channel.jitter))


def phones(rng: random.Random, channel: Channel, awake: Sequence[Span], user_agent: str | None) -> Iterator[Request]:
    """N14 the background work of two dozen phones that share one address."""
    for _phone in range(24):
        for span in sessions(rng, awake, 1.2, 5 * 3_600.0):
            at_s = span.start_s
            while at_s < span.end_s:
                yield _ask(rng, channel, at_s, user_agent)
                at_s += channel.period_s * (1 + rng.uniform(0.0, channel.jitter))


def memoryless(
    rng: random.Random, channel: Channel, awake: Sequence[Span], user_agent: str | None
) -> Iterator[Request]:
    """N15 a client that asks whenever its users do: gaps without memory, the same size each time."""
    for span in awake:
        at_s = span.start_s
        while (at_s := at_s + rng.expovariate(1 / channel.period_s)) < span.end_s:
            yield _ask(rng, channel, at_s, user_agent)


TWINS: dict[str, Twin] = {
    "N1": timer,
    "N2": real_user_monitoring,
    "N3": heartbeat,
    "N4": polling_tab,
    "N5": ci_runner,
    "N6": cron,
    "N7": developer,
    "N8": desktop_app,
    "N9": timer,
    "N10": batch_exporter,
    "N11": webhooks,
    "N12": updater,
    "N13": timer,
    "N14": phones,
    "N15": memoryless,
}
