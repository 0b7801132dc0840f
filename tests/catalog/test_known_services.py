import re

import pytest

from sferic.catalog.known_services import KnownService, known_service, known_services

SERVICES = known_services()


@pytest.mark.parametrize(
    ("host", "path", "service"),
    [
        ("api-sync.lab-account.workers.dev", "/v1/traces", "otlp-exporter"),
        ("lab-app.vercel.app", "/_vercel/insights/view", "vercel-insights"),
        ("lab-app.vercel.app", "/_vercel/speed-insights/vitals?x=1", "vercel-insights"),
        ("errors.corp.example", "/api/42/envelope/", "sentry-envelope"),
        ("abcdefghijklmnopqrst.supabase.co", "/realtime/v1/websocket?vsn=1.0.0", "supabase-realtime"),
        ("lab-app.onrender.com", "/socket.io/?EIO=4&transport=polling", "engine-io"),
        ("US.I.PostHog.com:443", None, "posthog"),
        ("events.launchdarkly.com", "/bulk", "launchdarkly"),
        ("pipelines.actions.githubusercontent.com", None, "github-actions-runner"),
    ],
)
def test_benign_service_is_named(host: str, path: str | None, service: str) -> None:
    """A request to a well-known service is explained, by its host, its path or both."""
    found = known_service(host, path)
    assert found is not None
    assert found.id == service


@pytest.mark.parametrize(
    ("host", "path"),
    [
        ("api-sync.lab-account.workers.dev", "/v1/traces/9"),
        ("api-sync.lab-account.workers.dev", "/x/v1/traces"),
        ("api-sync.lab-account.workers.dev", "/x?next=/v1/traces"),
        ("api-sync.lab-account.workers.dev", None),
        ("lab.workers.dev", "/realtime/v1/websocket"),
        ("notlaunchdarkly.com", "/bulk"),
        ("launchdarkly.com.evil.example", "/bulk"),
        ("", "/v1/traces"),
    ],
)
def test_look_alike_is_not_explained(host: str, path: str | None) -> None:
    """A path that only resembles, a host that only resembles, and a service's path elsewhere explain nothing."""
    assert known_service(host, path) is None


def test_periods_are_those_of_the_sources() -> None:
    """The periods that were read in source code are the ones the catalogue holds."""
    periods = {service.id: list(service.periods_s) for service in SERVICES}
    assert periods["otlp-exporter"] == [1, 5, 60]
    assert periods["supabase-realtime"] == [25]
    assert periods["engine-io"] == [25]
    assert periods["vercel-insights"] == []


@pytest.mark.parametrize("entry", SERVICES, ids=lambda s: s.id)
def test_entry_is_sound(entry: KnownService) -> None:
    """Every entry has a host or a path to be known by, a caller, a reference, a date and bounded patterns."""
    assert entry.hosts or entry.path_regex
    assert entry.callers
    assert entry.references
    assert re.fullmatch(r"\d{4}-\d{2}", entry.reviewed)
    assert not re.search(r"[*+]", re.sub(r"\\.|\[[^\]]*\]", "x", entry.path_regex or ""))


def test_ids_are_unique() -> None:
    """No two services share an id."""
    assert len({service.id for service in SERVICES}) == len(SERVICES)
