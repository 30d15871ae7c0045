"""When registration refuses to create, change or end a relationship between metering points (IF-019).

Import/export relationships link an import to its exports; related ones a primary to its secondaries, all of
them imports. The codes say which is which; the order of the rows is assumed: what is wrong with the message
stands before what is wrong with the metering points, and that before what is wrong with the relationship.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from simulators.registration.case import Case
from simulators.registration.items import MHHS, Item, Linked, Related
from simulators.registration.point import MeteringPoint
from simulators.registration.rule import Rule, rules


@dataclass(frozen=True, slots=True)
class Proposal:
    """A request about a relationship: the points that it names, as far as they are registered."""

    case: Case
    action: str
    """Create, Add or Remove"""
    named: tuple[str, ...]
    """MPANs, the principal first."""
    points: tuple[MeteringPoint | None, ...]
    """In the same order; None for one that is not registered."""

    @property
    def known(self) -> tuple[MeteringPoint, ...]:
        """Return the registered points."""
        return tuple(point for point in self.points if point is not None)

    @property
    def principal(self) -> MeteringPoint:
        """Return the principal; only once all are known to be registered."""
        return self.known[0]

    @property
    def subsidiaries(self) -> tuple[MeteringPoint, ...]:
        """Return the others; only once all are known to be registered."""
        return self.known[1:]

    def linked(self, point: MeteringPoint) -> Linked | None:
        """Return the import/export relationship of a point."""
        held = point.at(Item.LINKED, self.case.moment)
        return held if isinstance(held, Linked) else None

    def related(self, point: MeteringPoint) -> Related | None:
        """Return the related relationship of a point."""
        held = point.at(Item.RELATED, self.case.moment)
        return held if isinstance(held, Related) else None

    def direction(self, point: MeteringPoint) -> object:
        """Return the energy direction of a point, import where none is held."""
        return point.at(Item.ENERGY_DIRECTION, self.case.moment) or "I"


def _unmetered(proposal: Proposal) -> bool:
    moment = proposal.case.moment
    return any(
        "U" in (point.at(Item.CONNECTION_TYPE, moment), point.at(Item.MARKET_SEGMENT, moment))
        for point in proposal.known
    )


def _supplied(proposal: Proposal) -> list[bool]:
    """Say of each point whether the sender supplies it."""
    holders = [point.supplier_at(proposal.case.moment) for point in proposal.known]
    sender = proposal.case.publication.sender
    return [holder is not None and holder.dip_id == sender for holder in holders]


def _not_migrated(proposal: Proposal) -> bool:
    moment = proposal.case.moment
    return any(point.migrating or point.regime_at(moment) != MHHS for point in proposal.known)


def _any(test: Callable[[Proposal, MeteringPoint], bool]) -> Callable[[Proposal], bool]:
    return lambda proposal: any(test(proposal, point) for point in proposal.subsidiaries)


def _on(*actions: str) -> Callable[[Callable[[Proposal], bool]], Callable[[Proposal], bool]]:
    """Return a predicate that holds for some actions alone."""

    def narrow(test: Callable[[Proposal], bool]) -> Callable[[Proposal], bool]:
        return lambda proposal: proposal.action in actions and test(proposal)

    return narrow


def _common(owner: Rule[Proposal]) -> tuple[Rule[Proposal], ...]:
    return (
        Rule(
            "REG0000",
            lambda p: None in p.points,
            "assumed",
            "an MPAN that this register does not hold; so no relationship spans two registers",
        ),
        Rule(
            "REG1059",
            lambda p: len(set(p.named)) < len(p.named),
            "published",
            "the principal named as its own subsidiary counts as well (assumed)",
        ),
        Rule(
            "REG9010", _not_migrated, "assumed", "a point that is migrating, or outside the new arrangements"
        ),
        Rule(
            "REG0007",
            lambda p: any(point.switching for point in p.known),
            "assumed",
            "a switch of any of the points is pending or confirmed",
        ),
        Rule("REG1051", _unmetered, "published", "by connection type or market segment"),
        owner,
    )


def _elsewhere(find: Callable[[Proposal, MeteringPoint], str | None]) -> Callable[[Proposal], bool]:
    """Say whether a subsidiary stands in a relationship of another principal."""
    return _any(lambda p, point: find(p, point) not in (None, p.principal.mpan))


def _inside(find: Callable[[Proposal, MeteringPoint], str | None]) -> Callable[[Proposal], bool]:
    """Say whether a subsidiary stands in a relationship of the principal already."""
    return _any(lambda p, point: find(p, point) == p.principal.mpan)


def _outside(find: Callable[[Proposal, MeteringPoint], str | None]) -> Callable[[Proposal], bool]:
    """Say whether a subsidiary does not stand in a relationship of the principal."""
    return _any(lambda p, point: find(p, point) != p.principal.mpan)


def _import_of(proposal: Proposal, point: MeteringPoint) -> str | None:
    held = proposal.linked(point)
    return held.principal if held else None


def _primary_of(proposal: Proposal, point: MeteringPoint) -> str | None:
    held = proposal.related(point)
    return held.primary if held else None


def _leads(find: Callable[[Proposal, MeteringPoint], str | None]) -> Callable[[Proposal], bool]:
    return lambda p: find(p, p.principal) == p.principal.mpan


def _not(test: Callable[[Proposal], bool]) -> Callable[[Proposal], bool]:
    return lambda proposal: not test(proposal)


LINKED_RULES = rules(
    "import/export relationship",
    *_common(
        Rule(
            "REG1050",
            lambda p: not any(_supplied(p)),
            "third-party",
            "the sender supplies none of the points: one of them is enough",
        ),
    ),
    Rule(
        "REG1053",
        _on("Create", "Add")(lambda p: p.direction(p.principal) != "I"),
        "published",
        "the principal is the import",
    ),
    Rule(
        "REG1054",
        _on("Create", "Add")(_any(lambda p, point: p.direction(point) != "E")),
        "published",
        "the subsidiaries are exports",
    ),
    Rule(
        "REG1052",
        _on("Create")(lambda p: p.linked(p.principal) is not None),
        "assumed",
        "the principal of a new relationship; for its subsidiaries there is REG1056",
    ),
    Rule(
        "REG1055",
        _on("Add", "Remove")(_not(_leads(_import_of))),
        "third-party",
        "when it is changed or ended",
    ),
    Rule("REG1057", _on("Add")(_inside(_import_of)), "published", "the subsidiary is there already"),
    Rule(
        "REG1056", _on("Create", "Add")(_elsewhere(_import_of)), "published", "it belongs to another import"
    ),
    Rule("REG1058", _on("Remove")(_outside(_import_of)), "third-party", "it is not there to be removed"),
)

RELATED_RULES = rules(
    "related relationship",
    *_common(
        Rule(
            "REG1060",
            lambda p: not all(_supplied(p)),
            "third-party",
            "the sender does not supply every one of the points",
        ),
    ),
    Rule(
        "REG1066",
        _on("Create", "Add")(_any(lambda p, point: _import_of(p, point) == point.mpan)),
        "published",
        "a secondary that is the import of an import/export relationship",
    ),
    Rule(
        "REG1068",
        _on("Create", "Add")(_any(lambda p, point: _import_of(p, point) is not None)),
        "assumed",
        "a secondary that is an export of an import/export relationship; for its import there is REG1066",
    ),
    Rule(
        "REG1067",
        _on("Create", "Add")(lambda p: any(p.direction(point) != "I" for point in p.known)),
        "published",
        "any of the points is an export",
    ),
    Rule(
        "REG1061",
        _on("Create")(lambda p: p.related(p.principal) is not None),
        "assumed",
        "the principal of a new relationship; for its secondaries there is REG1064",
    ),
    Rule(
        "REG1062", _on("Add", "Remove")(_not(_leads(_primary_of))), "published", "when it is changed or ended"
    ),
    Rule("REG1063", _on("Add")(_inside(_primary_of)), "published", "the secondary is there already"),
    Rule(
        "REG1064", _on("Create", "Add")(_elsewhere(_primary_of)), "published", "it belongs to another primary"
    ),
    Rule("REG1065", _on("Remove")(_outside(_primary_of)), "published", "it is not there to be removed"),
)
