"""The requests of an implant that polls a function: sleeps, jitter, hands-on bursts, rotation, redirects.

A burst is an operator at work: the sleep drops to a second or two, and large replies (tasks) are followed by
large requests (results). A sleeping machine holds the implant still; it calls soon after waking.
"""

import random
from collections.abc import Iterator, Sequence
from itertools import islice

from sferic.lab.presence import DAY_S, wake
from sferic.lab.records import Request, Span
from sferic.lab.scenario import Channel
from sferic.lab.timing import draw_latency, draw_sleep


def implant(rng: random.Random, channel: Channel, awake: Sequence[Span], user_agent: str | None) -> list[Request]:
    """Everything one infected machine asks for while it is awake."""
    requests: list[Request] = []
    for number, (time_s, latency_s, mood) in enumerate(islice(check_ins(rng, channel, awake), channel.calls)):
        if channel.skipped and rng.random() < channel.skipped:
            continue
        host = (
            channel.hosts[number % len(channel.hosts)]
            if channel.rotation == "round_robin"
            else rng.choice(channel.hosts)
        )
        up, down = _sizes(rng, channel, mood)
        request = Request(
            time_s=time_s,
            host=host,
            method=channel.method,
            path=fill(rng, rng.choice(channel.paths)),
            user_agent=user_agent,
            bytes_up=up,
            bytes_down=down,
            duration_s=latency_s,
            keep_alive_s=channel.keep_alive_s,
            channel=channel.name,
        )
        requests += [request] if channel.echo_host is None else _redirected(rng, request, channel.echo_host)
    return requests


def check_ins(rng: random.Random, channel: Channel, awake: Sequence[Span]) -> Iterator[tuple[float, float, str]]:
    """Moment, time to answer and mood (idle, task, result) of each call home."""
    at_s = awake[0].start_s + rng.uniform(1.0, min(channel.period_s, 900.0)) if awake else 0.0
    idle_s, step, busy_until_s = channel.period_s, 0, 0.0
    tasked = channel.tasking_per_day * channel.period_s / DAY_S
    while (moment := wake(rng, awake, at_s)) is not None:
        latency_s = draw_latency(rng, idle_s)
        if moment >= busy_until_s and rng.random() < tasked:
            busy_until_s = moment + rng.uniform(15.0, 170.0)
        busy = moment < busy_until_s
        yield moment, latency_s, ("task", "result")[step % 2] if busy else "idle"
        step = step + 1 if busy else 0
        idle_s = rng.uniform(0.3, 2.2) if busy else draw_sleep(rng, channel.period_s, channel.jitter, channel.law)
        at_s = moment + latency_s + idle_s


def _sizes(rng: random.Random, channel: Channel, mood: str) -> tuple[int, int]:
    up = channel.bytes_up + rng.randint(0, channel.noise_bytes)
    down = channel.bytes_down + rng.randint(0, channel.noise_bytes)
    if mood == "task":
        down += int(rng.lognormvariate(8.0, 1.1))
    if mood == "result":
        up += int(rng.lognormvariate(9.0, 1.3))
    return up, down


def _redirected(rng: random.Random, request: Request, echo_host: str) -> list[Request]:
    """The answer comes from a second host: the first only redirects there."""
    first = Request(
        time_s=request.time_s,
        host=request.host,
        method=request.method,
        path=request.path,
        user_agent=request.user_agent,
        status=302,
        bytes_up=request.bytes_up,
        bytes_down=1_160 + rng.randint(0, 8),
        duration_s=request.duration_s + rng.uniform(0.3, 1.1),
        keep_alive_s=request.keep_alive_s,
        channel=request.channel,
    )
    second = Request(
        time_s=first.time_s + first.duration_s + rng.uniform(0.02, 0.09),
        host=echo_host,
        path=fill(rng, "/macros/echo?user_content_key={hex}{hex}{hex}&lib=M{hex}"),
        user_agent=request.user_agent,
        bytes_up=410 + rng.randint(0, 4),
        bytes_down=request.bytes_down,
        duration_s=rng.uniform(0.08, 0.35),
        keep_alive_s=request.keep_alive_s,
        channel=request.channel,
    )
    return [first, second]


def fill(rng: random.Random, path: str) -> str:
    """Replace each `{hex}` of a path by sixteen random digits."""
    while "{hex}" in path:
        path = path.replace("{hex}", f"{rng.getrandbits(64):016x}", 1)
    return path
