"""Whether two clusters are configured alike (`arm.md` 8.4)."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from arcctl.model.configuration.fields import filled_in
from arcctl.model.configuration.normal import normal, said

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from arcctl.model.configuration.child import Child
    from arcctl.model.configuration.kinds import Kind
    from arcctl.model.connected_cluster import Body

# Other in every new resource, and no loss (`arm.md` 8.4, last row).
_NEW_EACH_TIME = ("principalId", "currentVersion", "repositoryPublicKey", "sourceSyncedCommitId")
_WELL = {"complianceState": "compliant", "provisioningState": "succeeded"}
_BROKEN = frozenset({"non-compliant", "noncompliant", "failed"})


@dataclass(frozen=True, slots=True)
class Difference:
    """One field that is not the same; `child` is its `Child.key`, `field` a dotted name or ""."""

    child: str
    field: str
    left: Any
    right: Any


@dataclass(frozen=True, slots=True)
class Comparison:
    """What differs between left and right, by `Child.key`.

    `missing` is on the left only, `surplus` on the right only. `expected` are differences that a
    new resource always has, or that are not ours to remove.
    """

    missing: tuple[str, ...] = ()
    surplus: tuple[str, ...] = ()
    changed: tuple[Difference, ...] = ()
    expected: tuple[Difference, ...] = ()

    @property
    def equal(self) -> bool:
        """Whether nothing differs but what is expected to."""
        return not (self.missing or self.surplus or self.changed)

    def to_document(self) -> Body:
        """Return it as plain JSON."""
        return {
            "equal": self.equal,
            "missing": list(self.missing),
            "surplus": list(self.surplus),
            "changed": [asdict(each) for each in self.changed],
            "expected": [asdict(each) for each in self.expected],
        }


def compare(left: Sequence[Child], right: Sequence[Child]) -> Comparison:
    """Compare two sets of children, whatever their order; names are equal in any case."""
    lefts, rights = _by_name(left), _by_name(right)
    gone = [child for name, child in lefts.items() if name not in rights]
    new = [child for name, child in rights.items() if name not in lefts]
    both = [(child, rights[name]) for name, child in lefts.items() if name in rights]
    return Comparison(
        missing=_keys(child for child in gone if child.carried),
        surplus=_keys(child for child in new if child.carried),
        changed=tuple(each for pair in both for each in _changed(*pair)),
        expected=(
            *(Difference(each.key, "", "there", None) for each in gone if not each.carried),
            *(Difference(each.key, "", None, "there") for each in new if not each.carried),
            *(each for pair in both for each in _expected(*pair)),
        ),
    )


def same(a: Child, b: Child) -> bool:
    """Tell whether writing one over the other would change nothing that can be seen."""
    return not compare((a,), (b,)).changed and _name(a) == _name(b)


def written_alike(a: Child, b: Child) -> bool:
    """Tell the same of what people write; how a child stands, failed or well, is not written."""
    return _name(a) == _name(b) and not [*_written(a, b)]


def _by_name(children: Sequence[Child]) -> dict[tuple[Kind, str], Child]:
    return {_name(child): child for child in sorted(children, key=lambda each: each.key)}


def _name(child: Child) -> tuple[Kind, str]:
    return child.kind, child.name.casefold()


def _keys(children: Iterator[Child]) -> tuple[str, ...]:
    return tuple(child.key for child in children)


def _written(left: Child, right: Child) -> Iterator[Difference]:
    for field, was, now in _fields(left, right):
        if not _scope_filled_in(field, was, now):
            yield Difference(left.key, field, was, now)
    yield from _protected(left, right)


def _changed(left: Child, right: Child) -> Iterator[Difference]:
    yield from _written(left, right)
    for field, well in _WELL.items():
        was, now = left.state.get(field), right.state.get(field)
        if str(was).lower() == well and str(now).lower() in _BROKEN:
            yield Difference(left.key, field, was, now)


def _expected(left: Child, right: Child) -> Iterator[Difference]:
    for field, was, now in _fields(left, right):
        if _scope_filled_in(field, was, now):
            yield Difference(left.key, field, was, now)
    for field in (*_NEW_EACH_TIME, *_WELL):
        was, now = left.state.get(field), right.state.get(field)
        known = was is not None and now is not None
        broken = field in _WELL and str(was).lower() == _WELL[field] and str(now).lower() in _BROKEN
        if known and was != now and not broken:
            yield Difference(left.key, field, was, now)


def _fields(left: Child, right: Child) -> Iterator[tuple[str, Any, Any]]:
    was, now = normal(left), normal(right)
    for field in sorted(was.keys() | now.keys()):
        if was.get(field) != now.get(field):
            yield field, said(left).get(field), said(right).get(field)


def _scope_filled_in(field: str, was: Any, now: Any) -> bool:
    """Where none was said, the service shows the type's own namespace."""
    return field == "scope.cluster.releaseNamespace" and not (filled_in(was) and filled_in(now))


def _protected(left: Child, right: Child) -> Iterator[Difference]:
    """Of extensions the names can be compared, of the others nothing."""
    was, now = left.state.get("protectedKeys"), right.state.get("protectedKeys")
    if was is None or now is None:
        return
    for key in sorted({*was, *now}):
        if (key in was) != (key in now):
            words = ["set" if key in keys else "not set" for keys in (was, now)]
            yield Difference(left.key, f"configurationProtectedSettings.{key}", *words)
