"""Loads what is known about operations in clouds: what they do, which of them mean more together, and their weights.

Data with a schema, no judgement (`catalog/cloud/*.toml`).
"""

import re
from collections.abc import Iterator, Mapping
from functools import cache, cached_property
from pathlib import Path
from typing import TypeVar

import msgspec

from sferic.catalog.toml_file import fit, read_toml, settings_error

T = TypeVar("T")
Steps = tuple[frozenset[str], ...]
_FOLDER = Path(__file__).with_name("cloud")
SEEN = 600
"""Characters of an operation's name that are looked at."""
_PRODUCT = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,40}")
_TOOLS = (
    "terraform", "cloudformation", "pulumi", "serverless", "aws-sam-cli", "wrangler", "gcloud", "firebase", "azure-cli",
    "azurecli", "aws-cli", "boto3", "botocore", "github-actions", "kubectl",
)  # fmt: skip


class Operations(msgspec.Struct, frozen=True, forbid_unknown_fields=True, dict=True):
    """What a source's operations do, and where further facts stand in its records."""

    kinds: Mapping[str, str]
    id: tuple[str, ...] = ()
    call: tuple[str, ...] = ()
    credential: tuple[str, ...] = ()
    made: tuple[str, ...] = ()
    region: tuple[str, ...] = ()
    role: tuple[str, ...] = ()
    function: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    hosts_made: Mapping[str, str] = {}
    hosts_cut: Mapping[str, str] = {}
    leads: Mapping[str, str] = {}
    platform: str = ""
    label: tuple[str, ...] = ()
    suffix: str = ""
    marks: tuple[str, ...] = ()
    open_vocabulary: bool = False

    @cached_property
    def _expressions(self) -> Mapping[str, re.Pattern[str]]:
        return {kind: re.compile(text, re.IGNORECASE) for kind, text in self.kinds.items()}

    @cached_property
    def _made(self) -> Mapping[str, re.Pattern[str]]:
        return {form: re.compile(text, re.IGNORECASE) for form, text in self.hosts_made.items()}

    @cached_property
    def _suffix(self) -> re.Pattern[str]:
        return re.compile(self.suffix or r"(?!)")

    def kind(self, service: str, operation: str) -> str:
        """Say what an operation does; empty if that is not known."""
        asked = self._asked(service, operation)
        return next((kind for kind, found in self._expressions.items() if found.fullmatch(asked)), "")

    def names(self, service: str, operation: str, **facts: str) -> Iterator[str]:
        """Yield the host names that a platform makes of what is known of a function."""
        asked = self._asked(service, operation)
        for form, about in self._made.items():
            if all(facts.values()) and about.fullmatch(asked):
                yield form.format_map(facts)

    def _asked(self, service: str, operation: str) -> str:
        return f"{service} {self._suffix.sub('', operation.partition('?')[0][:SEEN])}"


class Sign(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A break with the past or a count that speaks for itself."""

    points: float
    title: str
    text: str
    benign: str
    techniques: tuple[str, ...] = ()
    firm: bool = False
    """Whether it speaks whoever did it."""


class Chain(msgspec.Struct, frozen=True, forbid_unknown_fields=True, dict=True):
    """Several deeds that mean more together."""

    points: float
    minutes: int
    same: tuple[str, ...]
    steps: tuple[str, ...]
    title: str
    text: str
    benign: str
    techniques: tuple[str, ...] = ()
    apart: tuple[str, ...] = ()
    stranger: bool = False
    unseen: bool = False

    @cached_property
    def wanted(self) -> Steps:
        """Return the steps, each as the kinds and rules that make it."""
        return tuple(frozenset(step.split("|")) for step in self.steps)


class CloudWeights(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything the score of a changed function is made of."""

    verified: str
    provenance: str
    prior: float
    prior_why: str
    bonus: float
    most_bonus: float
    bonus_hours: int
    expected: float
    expected_why: str
    level: Mapping[str, float]
    sign: Mapping[str, Sign]


@cache
def operations() -> Mapping[str, Operations]:
    """Return what operations do, by source."""
    return _load("operations.toml", dict[str, Operations])


@cache
def chains() -> Mapping[str, Chain]:
    """Return the chains by name; a step that names no kind and no rule is an error."""
    found = _load("chains.toml", dict[str, Chain])
    kinds = {kind for one in operations().values() for kind in one.kinds}
    for name, chain in found.items():
        unknown = {word for step in chain.wanted for word in step if word not in kinds and not word.startswith("rule:")}
        if unknown:
            raise settings_error(_FOLDER / "chains.toml", f"no operation is of the kind {', '.join(unknown)}", name)
    return found


@cache
def cloud_weights() -> CloudWeights:
    """Return the weights."""
    return _load("weights.toml", CloudWeights)


def family(agent: str | None) -> str:
    """Name the software behind a user agent without its version: `aws-cli`, `terraform`, `browser`.

    Anybody can write a user agent, so a family clears nobody by itself.
    """
    text = (agent or "")[:SEEN].lower()
    if not text:
        return ""
    tool = next((name for name in _TOOLS if name in text), None)
    if tool:
        return tool
    if text.startswith("mozilla/") or "console" in text.partition(" ")[0]:
        return "browser"
    found = _PRODUCT.search(text)
    return found[0] if found else "unnamed"


def _load(name: str, schema: type[T]) -> T:
    path = _FOLDER / name
    return fit(read_toml(path), schema, path)
