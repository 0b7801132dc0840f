"""Host names in rules are those of the catalogue, anchored at label borders."""

import re
from fnmatch import fnmatchcase

import pytest

from sferic.content._contract import Content
from sferic.model.hosts import normalise_host

OURS = (
    "a.b.workers.dev", "abcdefghijklmnopqrstuvwxyz0ab12c.lambda-url.ap-southeast-1.on.aws", "script.google.com",
    "q4z8n1v6k2.execute-api.us-east-1.amazonaws.com", "x-123.europe-west1.run.app",
)  # fmt: skip
OTHERS = (
    "workers.dev", "notworkers.dev", "a.workers.dev.evil.example", "x.run.app.evil.example", "www.google.com",
    "lambda-url.us-east-1.on.aws", "x.lambda-url.us-east-1.amazonaws.com", "landingpages.dev",
)  # fmt: skip


@pytest.mark.parametrize("host", OURS)
def test_a_function_is_meant(host: str, content: Content) -> None:
    """A function's host fits the expression and one of the patterns."""
    hosts = content.hosts
    assert re.search(hosts.regex, host)
    assert any(fnmatchcase(host, pattern) for pattern in hosts.patterns)
    assert host.endswith(hosts.plain) or any(fnmatchcase(host, p) for p in (*hosts.exact, *hosts.wildcards))


@pytest.mark.parametrize("host", OTHERS)
def test_nothing_else_is(host: str, content: Content) -> None:
    """A look-alike and a bare suffix fit neither."""
    hosts = content.hosts
    assert not re.search(hosts.regex, host)
    assert not any(fnmatchcase(host, pattern) for pattern in hosts.patterns)


def test_every_example_of_the_catalogue_is_meant(content: Content) -> None:
    """The expression finds every example host of every platform that is hunted, and no vendor's own name stays in."""
    hosts = content.hosts
    for platform in content.catalogue.platforms.values():
        if platform.is_hunted:
            assert all(re.search(hosts.regex, normalise_host(example.host) or "") for example in platform.examples), (
                platform.id
            )
            assert all(re.search(hosts.vendor_regex, vendor.suffix) for vendor in platform.vendor_hosts), platform.id


def test_no_expression_holds_a_slash(content: Content) -> None:
    """LogScale writes expressions between slashes."""
    assert not any("/" in expression for expression in content.hosts.expressions.values())
