"""Spellings of one machine's name are one machine, and names of two are never joined."""

import pytest

from sferic.model.machine import same_machines, short_name


@pytest.mark.parametrize(
    ("names", "machine"),
    [
        (["NB061", "nb061.corp.example"], "nb061.corp.example"),
        (["NB061$", "nb061"], "nb061"),
        (["NB061$", "CORP\\NB061$", "nb061.corp.example", "NB061.corp.example."], "NB061.corp.example."),
        (["Nb061.Corp.Example", "nb061.corp.example", "nb061"], "Nb061.Corp.Example"),
    ],
)
@pytest.mark.parametrize("step", [1, -1])
def test_spellings_of_one_machine_are_one(names: list[str], machine: str, step: int) -> None:
    """Case, domain and `$` do not tell machines apart, in whatever order the names come."""
    found = same_machines(names[::step])
    assert {found.get(name, name) for name in names} == {machine}


@pytest.mark.parametrize(
    "names",
    [
        ["dc1.a.example", "dc1.b.example"],
        ["dc1", "dc1.a.example", "dc1.b.example"],
        ["10.0.0.5", "10.0.0.6", "10"],
        ["192.0.2.1", "2001:db8::1", "2001:db8::2"],
        ["$", ".", "\\", ".corp.example"],
        ["nb061", "nb0610"],
    ],
)
def test_other_machines_stay_apart(names: list[str]) -> None:
    """Two full names are two machines, a short name that fits both is neither, and addresses have no short form."""
    assert same_machines(names) == {}


def test_the_short_name_is_what_spellings_share() -> None:
    """It is the same for all spellings, and an address's own for an address."""
    assert {short_name(n) for n in ("NB061", "nb061$", "CORP\\Nb061$", "nb061.corp.example.")} == {"nb061"}
    assert short_name("192.0.2.1") == "192.0.2.1"
    assert short_name(".corp.example") == ".corp.example"
