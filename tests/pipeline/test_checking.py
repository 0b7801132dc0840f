"""Settings that fit the schema and yet mean nothing are refused before anything is read."""

from pathlib import Path

import pytest

from sferic.model.errors import SfericError
from sferic.model.settings import Settings
from sferic.pipeline import Progress, hunt, normalize

WRONG = {
    "analytic": Settings(analytics=("beacn",)),
    "network": Settings(shared_addresses=("10.0.0.0/8", "guests")),
    "proxy": Settings(proxy_addresses=("10.0.0.0/33",)),
    "offset": Settings(timezone="+99"),
    "source of an option": Settings(source_options={"squid_acces": {"timezone": "UTC"}}),
    "option": Settings(source_options={"squid_access": {"logfromat": "x"}}),
    "window": Settings(since=2_000_000, until=2_000_000),
    "zone of a source": Settings(source_options={"squid_access": {"timezone": "Nowhere/Town"}}),
}


@pytest.mark.parametrize("what", WRONG)
@pytest.mark.parametrize("verb", [hunt, normalize])
def test_a_setting_that_means_nothing_is_refused(what: str, verb: object) -> None:
    """A misspelt name is an error of usage, not a setting without effect and not a defect of Sferic."""
    assert callable(verb)
    with pytest.raises(SfericError) as caught:
        verb(["absent.log"], WRONG[what])
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        (Settings(only_sources=("squid",)), "squid_access"),
        (Settings(only_sources=("zeek_con",)), "zeek_conn"),
        (Settings(analytics=("becon",)), "beacon"),
        (Settings(source_options={"squid_access": {"logfromat": "x"}}), "logformat"),
    ],
)
def test_a_misspelt_name_is_told_the_nearest(wrong: Settings, right: str) -> None:
    """The refusal names what was probably meant."""
    with pytest.raises(SfericError) as caught:
        hunt(["absent.log"], wrong)
    assert caught.value.hint == f"did you mean {right!r}?"


def test_settings_with_a_meaning_pass() -> None:
    """What is right is not refused: every source's zone, its own options, addresses and networks."""
    options = {"squid_access": {"timezone": "+05:30", "logformat": "%ts"}}
    settings = Settings(shared_addresses=("192.0.2.7", "2001:db8::/32", "10.1.2.3/16"), source_options=options)
    assert hunt(["absent.log"], settings).account.files[0].exit_code == 4


def test_the_published_search_counts_no_byte_twice(tmp_path: Path, beacon: bytes) -> None:
    """Progress ends at the size of the files, however many blocks they were read in."""
    for name in ("a.log", "b.log"):
        (tmp_path / name).write_bytes(beacon * 30)
    seen: list[Progress] = []
    hunt([str(tmp_path)], Settings(analytics=("activity_as_published",)), seen.append)
    assert len(seen) > 2
    assert seen[-1].bytes_done == 2 * 30 * len(beacon)
