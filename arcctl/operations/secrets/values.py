"""What each needed secret's value is, and where it came from (`arm.md` 8.2)."""

from __future__ import annotations

from dataclasses import dataclass, field
from difflib import get_close_matches
from shlex import quote
from typing import TYPE_CHECKING

from arcctl.errors import UsageError
from arcctl.model import mask
from arcctl.model.configuration.kinds import Kind
from arcctl.model.configuration.secrets import accepted, needs
from arcctl.model.mask import texts_of
from arcctl.model.plan import SecretStatus

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from arcctl.model.configuration.child import Child
    from arcctl.model.configuration.needs import Need
    from arcctl.model.connected_cluster import Body
    from arcctl.model.plan import Origin
    from arcctl.model.secret import Secret
    from arcctl.operations.secrets.files import Given

_FROM_CLUSTER = "if Flux or the agents still have them: --secrets-from-cluster"


def ways_on(missing: Collection[str], *, from_cluster: bool) -> tuple[str, ...]:
    """Return the hints for secrets that are missing, `CHILD/KEY`; each lets all of them be.

    `from_cluster` says that the cluster was searched already.
    """
    waivers = " ".join(f"--waive-secret {quote(each)}" for each in missing)
    return (
        "with a file that has them: --protected-settings FILE",
        *(() if from_cluster else (_FROM_CLUSTER,)),
        f"to do without: {waivers}",
    )


@dataclass(slots=True)
class Resolved:
    """All that is known of the secrets of some children.

    `values` are those to be sent, by `Child.key` and name. `statuses` has one for each that is
    needed for certain, and for each that was given. `notes` are sentences for people: what was
    misnamed, what may be needed. `surplus` are those about what was given and is needed nowhere:
    nothing follows of it. `references` say where values lie in the cluster, as JSON.
    `unfit` are the waivers that fit nothing, each with the missing `CHILD/KEY` that is close, or "".
    """

    values: dict[str, dict[str, Secret]] = field(default_factory=dict)
    statuses: list[SecretStatus] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    surplus: list[str] = field(default_factory=list)
    references: dict[str, dict[str, Body]] = field(default_factory=dict)
    unfit: dict[str, str] = field(default_factory=dict)

    @property
    def missing(self) -> tuple[str, ...]:
        """What stops a change, as `CHILD/KEY`."""
        return tuple(
            f"{each.child}/{each.name}" for each in self.statuses if each.origin == "missing"
        )

    def require(self, *, from_cluster: bool = False) -> None:
        """Raise UsageError where a needed secret is missing; nothing has been changed yet.

        `from_cluster` says that the cluster was searched already.
        """
        if not self.missing:
            return
        raise UsageError(
            f"{len(self.missing)} secrets are missing"
            if len(self.missing) > 1
            else "a secret is missing",
            code="secret-missing",
            why=(*self.missing, *self.notes, *self.surplus),
            hints=ways_on(self.missing, from_cluster=from_cluster),
        )

    def require_meant(self) -> None:
        """Raise UsageError for a waiver that fits nothing, where it looks misspelled.

        One that only fits nothing here may be meant for another cluster: it has a note.
        """
        for said, close in self.unfit.items():
            if close or "/" not in said:
                raise UsageError(
                    f"--waive-secret {said}: there is no such secret to do without",
                    code="waive-secret",
                    why=f"did you mean {close}?" if close else "a secret is named CHILD/KEY",
                )


def resolve(
    children: Sequence[Child], given: Iterable[Given], waived: Collection[str] = ()
) -> Resolved:
    """Match what was given with what is needed; of two values for one place the first counts.

    Children that are not ours to write need nothing. `waived` are `CHILD/KEY`, where CHILD is a
    name or `kind/name`. Raises UsageError where a child's name alone could mean several.
    """
    ours = [child for child in children if child.carried]
    # A secret with the value of an open setting must not spoil what is told of that setting.
    mask.current().show(*(text for child in ours for text in texts_of(child.body)))
    wanted = {child.key: needs(child) for child in ours}
    found = Resolved()
    strays = []
    # What people give stands before what the cluster holds.
    for each in sorted(given, key=lambda one: one.origin == "cluster"):
        child = _meant(each.child, ours)
        if child and _fits(each.name, child, wanted[child.key]):
            _take(found, child, each, wanted[child.key])
        elif each.origin != "cluster":
            strays.append((each, child))
    for need in (need for every in wanted.values() for need in every):
        _settle(found, need, waived)
    for each, child in strays:
        _stray(found, each, child, wanted)
    _unfit(found, waived, (need for every in wanted.values() for need in every))
    return found


def _meant(said: str, children: Sequence[Child]) -> Child | None:
    """Return the child of that name or `kind/name`, in any case; a full name comes first."""
    name = said.casefold()
    exact = [child for child in children if child.key.casefold() == name]
    close = exact or [child for child in children if child.name.casefold() == name]
    if len(close) > 1:
        raise UsageError(
            f"{said} could mean {' or '.join(child.key for child in close)}",
            code="secret-ambiguous",
            hints=f"write {close[0].key} where secrets are given",
        )
    return close[0] if close else None


def _fits(name: str, child: Child, wanted: Sequence[Need]) -> bool:
    """Whether it is needed, or stands beside what is: a certificate's password, a key's other half."""
    names = {each for need in wanted for each in need.any_of}
    if child.kind is Kind.EXTENSION:
        return name in names or "protectedKeys" not in child.state
    blocks = {each.rpartition(".")[0] for each in names if each.count(".") > 1}
    beside = name in accepted(child) and name.rpartition(".")[0] in blocks
    return name in names or beside


def _take(found: Resolved, child: Child, each: Given, wanted: Sequence[Need]) -> None:
    values = found.values.setdefault(child.key, {})
    if each.name in values or (each.origin == "cluster" and _settled(found, child, each, wanted)):
        return
    values[each.name] = each.value
    found.statuses.append(SecretStatus(child.key, each.name, each.origin))
    if each.reference:
        found.references.setdefault(child.key, {})[each.name] = each.reference


def _settled(found: Resolved, child: Child, each: Given, wanted: Sequence[Need]) -> bool:
    """Whether somebody gave another way to sign in; two together would contradict each other."""
    said = {
        status.name
        for status in found.statuses
        if status.child == child.key and status.origin != "cluster"
    }
    if child.kind is Kind.FLUX and "." in each.name:
        block = each.name.rpartition(".")[0]
        return any(name.rpartition(".")[0] == block for name in said)
    return any(each.name in need.any_of and said & set(need.any_of) for need in wanted)


def _settle(found: Resolved, need: Need, waived: Collection[str]) -> None:
    if set(need.any_of) & found.values.get(need.child, {}).keys():
        return
    if _waivers(need) & {each.casefold() for each in waived}:
        found.statuses.append(SecretStatus(need.child, need.name, "waived"))
    elif need.certain:
        found.statuses.append(SecretStatus(need.child, need.name, "missing"))
    else:
        found.notes.append(
            f"{need.child} may need {' or '.join(need.any_of)}: {need.why}; none was given"
        )


def _waivers(need: Need) -> set[str]:
    """Return how a person may name it, in lower case."""
    name = need.child.partition("/")[2]
    return {f"{child}/{key}".casefold() for child in (need.child, name) for key in need.any_of}


def _unfit(found: Resolved, waived: Iterable[str], wanted: Iterable[Need]) -> None:
    """A waiver that lets nothing go is told, so that nobody counts on it."""
    known = {name for need in wanted for name in _waivers(need)}
    for said in sorted(each for each in waived if each.casefold() not in known):
        close = found.unfit[said] = _closest(said, found.missing)
        why = f"did you mean {close}?" if close else "nothing needs it, so it changes nothing"
        found.notes.append(f"--waive-secret {said}: {why}")


def _stray(
    found: Resolved, each: Given, child: Child | None, wanted: Mapping[str, Sequence[Need]]
) -> None:
    """Whoever misspells a name is told which one was meant."""
    key = child.key if child else each.child
    close = _closest(f"{key}/{each.name}", found.missing) or next(
        (
            place
            for place in found.missing
            if child and len(wanted[key]) == 1 and place.startswith(f"{key}/")
        ),
        "",
    )
    origin: Origin = "misnamed" if close else "surplus"
    found.statuses.append(SecretStatus(key, each.name, origin))
    if close:
        found.notes.append(f"{each.child}/{each.name} was given: did you mean {close}?")
    else:
        found.surplus.append(
            f"{each.child}/{each.name} was given: it is needed nowhere, and is not sent"
        )


def _closest(said: str, missing: Sequence[str]) -> str:
    """Return the missing `CHILD/KEY` that looks most like it, its kind left out or not."""
    spelled = {place.partition("/")[2]: place for place in missing} | {
        each: each for each in missing
    }
    close = get_close_matches(said, spelled, n=1, cutoff=0.75)
    return spelled[close[0]] if close else ""
