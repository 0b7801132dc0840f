"""What speaks against a deed in a cloud: a rule, a chain, a break with the past or a count, in one form."""

import msgspec

from sferic.catalog.cloud import Chain, Sign, cloud_weights
from sferic.model.deed import Deed
from sferic.rules.rulebook import Rule


class Hit(msgspec.Struct, frozen=True):
    """One thing that speaks against the last of its deeds."""

    name: str
    points: float
    title: str
    text: str
    benign: tuple[str, ...]
    techniques: tuple[str, ...]
    deeds: tuple[Deed, ...]
    firm: bool = False
    """Whether it speaks whoever did it: being expected takes nothing away."""
    rule: Rule | None = None
    """The rule that it is of."""

    @property
    def deed(self) -> Deed:
        """Return the deed that it is about."""
        return self.deeds[-1]

    def is_alike(self, other: "Hit") -> bool:
        """Say whether one and the same deed sets both off, so that they count once."""
        if self.rule is None or other.rule is None:
            return False
        return self.rule.id in other.rule.similar or other.rule.id in self.rule.similar


def of_rule(rule: Rule, deed: Deed) -> Hit:
    """Make a hit of a rule that a deed set off."""
    return Hit(rule.name, cloud_weights().level[rule.level], rule.title, rule.description or f"{rule.title}.",
               rule.falsepositives, rule.techniques, (deed,), rule=rule)  # fmt: skip


def of_chain(name: str, chain: Chain, deeds: tuple[Deed, ...]) -> Hit:
    """Make a hit of a chain whose last step has come."""
    firm = chain.points >= cloud_weights().level["high"]
    return Hit(name, chain.points, chain.title, chain.text, (chain.benign,), chain.techniques, deeds, firm)


def of_sign(name: str, deeds: tuple[Deed, ...], **words: object) -> Hit:
    """Make a hit of a break with the past or a count; the words fill the catalogue's sentence."""
    sign: Sign = cloud_weights().sign[name]
    actor = deeds[-1].user or deeds[-1].actor or "somebody"
    text = sign.text.format_map({"actor": actor, **words})
    return Hit(name, sign.points, sign.title, text, (sign.benign,), sign.techniques, deeds, sign.firm)
