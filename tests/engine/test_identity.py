"""Which machine an address was: from logs that name both, over DHCP changes, and from the user's list."""

import numpy as np
import pytest

from sferic.catalog.assets import Asset
from sferic.engine import identity
from sferic.engine.identity import LEASE_S, Identities, accounts, one_person
from sferic.model.traffic import UNKNOWN

HOUR = 3600.0
DESK, LAP = "10.0.0.5", "10.0.0.9"


def who(known: Identities, *asked: tuple[str, float]) -> list[str]:
    """Return what the rows of these addresses at these times are called."""
    words = {name: n for n, name in enumerate(dict.fromkeys(address for address, _ in asked))}
    rows = np.array([words[address] for address, _ in asked], np.int32)
    found = known.renamed(rows, np.array([t for _, t in asked]), known.known(words), words)
    return [list(words)[n] for n in found]


def seen(*sightings: tuple[str, str, float]) -> Identities:
    """Know machines by sightings: address, device, time."""
    known = Identities()
    for address, device, time_s in sightings:
        known.learn(address, device, time_s)
    return known


def test_an_address_and_a_device_that_belong_to_each_other_alone_do_so_always() -> None:
    """Without any change a name holds for the whole input."""
    assert who(seen((DESK, "WS-1", 0.0)), (DESK, 0.0), (DESK, 99 * HOUR), (LAP, 0.0)) == ["WS-1", "WS-1", LAP]


def test_an_address_that_moves_is_followed() -> None:
    """Each row gets the device that held the address then; between two holders nobody knows."""
    known = seen((DESK, "A", 0.0), (DESK, "A", 2 * HOUR), (DESK, "B", 6 * HOUR), (DESK, "B", 9 * HOUR))
    times = (1.0, 4.0, 7.0, 10.0, 9 + LEASE_S / HOUR + 1)
    assert who(known, *((DESK, hour * HOUR) for hour in times)) == ["A", DESK, "B", "B", DESK]


def test_a_device_that_moves_is_known_for_a_lease() -> None:
    """A laptop seen at two addresses is itself at both, near the times at which it was seen there."""
    known = seen((DESK, "LAP", 0.0), (LAP, "LAP", 20 * HOUR))
    asked = ((DESK, HOUR), (LAP, 19 * HOUR), (DESK, 15 * HOUR))
    assert who(known, *asked) == ["LAP", "LAP", DESK]


@pytest.mark.parametrize("overlap", [HOUR, 2 * HOUR])
def test_an_address_of_several_at_once_is_nobody(overlap: float) -> None:
    """A NAT, or one private address in two homes, keeps its address."""
    known = seen((DESK, "A", 0.0), (DESK, "A", 2 * HOUR), (DESK, "B", overlap), (DESK, "B", 9 * HOUR))
    assert who(known, (DESK, 0.0), (DESK, 8 * HOUR)) == [DESK, DESK]


def test_sightings_may_come_in_any_order() -> None:
    """Files are read one after the other, so an earlier sighting may come later."""
    ways = [("A", 0.0), ("A", 2 * HOUR), ("B", 6 * HOUR)]
    for order in ([0, 1, 2], [2, 1, 0], [1, 2, 0]):
        assert who(seen(*((DESK, *ways[n]) for n in order)), (DESK, HOUR), (DESK, 6 * HOUR)) == ["A", "B"]


def test_the_users_list_wins() -> None:
    """What the list says of an address counts within its times, and nothing that logs say of it does."""
    listed = Identities([Asset(DESK, "LIST-1", until_s=HOUR), Asset(DESK, "LIST-2", HOUR + 1, 2 * HOUR)])
    listed.learn(DESK, "WS-1", 0.0)
    assert who(listed, (DESK, 0.0), (DESK, 1.5 * HOUR), (DESK, 3 * HOUR)) == ["LIST-1", "LIST-2", DESK]


def test_rows_without_a_client_stay_so() -> None:
    """Unknown is no address."""
    known, names = seen((DESK, "A", 0.0)), {DESK: 0, "A": 1}
    found = known.renamed(np.array([UNKNOWN, 0], np.int32), np.zeros(2), known.known(names), names)
    assert found.tolist() == [UNKNOWN, 1]


def test_a_device_has_the_address_at_which_it_was_seen_last() -> None:
    """The finding of a device shows one address, the latest, else the list's."""
    known = Identities([Asset("10.0.0.7", "LISTED")])
    for address, device, time_s in ((LAP, "A", 5.0), (DESK, "A", 1.0), (DESK, "B", 0.0)):
        known.learn(address, device, time_s)
    assert known.addresses({"A": 0, "B": 1, "LISTED": 2}) == {0: LAP, 1: DESK, 2: "10.0.0.7"}


def test_caps_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither endless addresses nor endless devices at one are remembered."""
    monkeypatch.setattr(identity, "MAX_ADDRESSES", 2)
    monkeypatch.setattr(identity, "MAX_DEVICES", 3)
    known = seen(*((f"10.0.0.{n}", "A", 0.0) for n in range(9)), *(("10.0.0.1", f"D{n}", n * 1e6) for n in range(9)))
    assert len(known._seen) == 2
    assert len(known._seen["10.0.0.1"]) == 4
    assert who(known, ("10.0.0.1", 1e6)) == ["10.0.0.1"]


def test_spellings_of_one_account_are_one() -> None:
    """Case does not tell accounts apart, and a bare name is that of the only domain that has it."""
    users = ["ann", "CORP\\ann", "corp\\Ann", "bob", "bob@corp.example", "LAB\\bob", "eve"]
    assert accounts(users).tolist() == [1, 1, 1, 3, 4, 5, 6, UNKNOWN]
    assert accounts([]).tolist() == [UNKNOWN]


@pytest.mark.parametrize(
    ("users", "numbers"),
    [
        (["ann@corp.example", "CORP\\ann", "ann"], [0, 0, 0]),
        (["ann@corp.example", "ann@corp.other.example", "CORP\\ann", "ann"], [0, 1, 2, 3]),
        (["ann@example.com", "CORP\\ann"], [0, 1]),
        (["@", "\\", "a\\b@c", ""], [0, 0, 2, 0]),
    ],
)
def test_a_mail_address_is_the_account_of_the_domain_it_begins_with(users: list[str], numbers: list[int]) -> None:
    """`CORP` begins `corp.example`; where it begins two, or none, nobody is joined."""
    assert accounts(users).tolist() == [*numbers, UNKNOWN]


def test_on_one_device_two_forms_of_a_name_are_one_person() -> None:
    """A mail domain that is called unlike Windows' is joined on a device, and neither behind an address nor twice."""
    users = ["CORP\\ann", "ann@example.com", "ann@example.org", "bob@example.com"]
    clients = np.array([0, 0, 0, 0, 1, 1, 2, 2, 2, UNKNOWN], np.int32)
    numbers = np.array([1, 0, 3, UNKNOWN, 0, 1, 0, 1, 2, 1], np.int32)
    devices = np.array([True, False, True, False])
    assert one_person(clients, numbers, users, devices).tolist() == [0, 0, 3, UNKNOWN, 0, 1, 0, 1, 2, 1]


def test_the_address_of_every_machine_is_nobodys() -> None:
    """A connection to a local agent says nothing of a device's address."""
    known = seen(("127.0.0.1", "A", 1.0), ("::1", "A", 2.0), (DESK, "A", 0.0))
    assert known.addresses({"A": 0}) == {0: DESK}


def test_spellings_of_a_device_share_what_is_known_of_it() -> None:
    """Two spellings at one address are no crowd, and a laptop is followed under both."""
    known = seen((DESK, "NB1", 0.0), (DESK, "nb1.corp.example", 2 * HOUR), (DESK, "NB1", 3 * HOUR), (LAP, "NB1", 0.0))
    assert who(known, (DESK, HOUR)) == [DESK]
    united = known.united(known.spellings([]))
    assert who(united, (DESK, HOUR), (LAP, HOUR)) == ["nb1.corp.example"] * 2
    assert united.addresses({"nb1.corp.example": 7}) == {7: DESK}


def test_the_lists_spelling_is_one_of_the_machines() -> None:
    """What the user's list calls a machine is joined with what the logs call it."""
    listed = Identities([Asset(DESK, "NB1")])
    listed.learn(LAP, "nb1.corp.example", 0.0)
    assert who(listed.united(listed.spellings([])), (DESK, 0.0)) == ["nb1.corp.example"]
