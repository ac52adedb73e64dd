"""Bring a cluster's children to what a manifest says: compare, ask, carry out, compare again.

Nothing is ever deleted: a child that the manifest does not name is left alone, and named.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from shlex import quote
from typing import TYPE_CHECKING, Any

from arcctl.errors import AzureError, FindingsError
from arcctl.flow.runner import run as carry
from arcctl.flow.step import together
from arcctl.model.configuration.child import Child
from arcctl.model.configuration.comparing import Comparison, compare
from arcctl.model.plan import digest
from arcctl.model.run import PUT_CHILD
from arcctl.model.run_shape import as_written
from arcctl.model.shape import fits
from arcctl.operations import ownership, proofs, runs
from arcctl.operations.changing import missing
from arcctl.operations.configuration import manifests
from arcctl.operations.configuration.as_shown import require_as_shown
from arcctl.operations.configuration.children import children_of
from arcctl.operations.configuration.putting import putting
from arcctl.operations.keeping.free import require_free
from arcctl.operations.moving.worlds import Restoring
from arcctl.operations.secrets import alone
from arcctl.operations.secrets.again import REFERENCES, must_be_given, supplied_again
from arcctl.operations.secrets.files import Asked, Sources, by_people
from arcctl.operations.secrets.in_cluster import in_cluster
from arcctl.operations.secrets.values import Resolved, resolve
from arcctl.operations.standing import refuse_kind
from arcctl.operations.steps import looks

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from arcctl.model.configuration.secrets import Supplied
    from arcctl.model.resource_id import ClusterId
    from arcctl.operations.runs import Run
    from arcctl.operations.world import World

VERB = "config apply"
DOCUMENT, CORRECTED = "children", "corrected"


_REQUEST = {
    "concurrency?": int,
    "replace": [str],
    "waived": [str],
    "before?": {str: str},
    "secrets?": {str: [str]},
}


@dataclass(frozen=True, slots=True)
class Changes:
    """What applying a manifest would do: `create` and `replace` name children, `keep` the rest.

    `surplus` are children of the cluster that the manifest does not name; they are left alone.
    `before` has a digest of each child that is replaced, as it was. `left` are sentences about
    children that others have made meanwhile, which an apply has left as they are. `secrets` names
    those for whose sake alone a child is replaced, by `Child.key`.
    """

    wanted: tuple[Child, ...]
    comparison: Comparison
    before: Mapping[str, str] = field(default_factory=dict)
    left: tuple[str, ...] = ()
    secrets: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def create(self) -> tuple[str, ...]:
        """Children that are not there."""
        return self.comparison.missing

    @property
    def replace(self) -> tuple[str, ...]:
        """Children that are there and differ, and those whose secrets are sent."""
        differing = (each.child for each in self.comparison.changed)
        return tuple(dict.fromkeys((*differing, *self.secrets)))

    @property
    def surplus(self) -> tuple[str, ...]:
        """Children that only the cluster has."""
        return self.comparison.surplus

    @property
    def touched(self) -> tuple[Child, ...]:
        """The children that are sent."""
        keys = {*self.create, *self.replace}
        return tuple(child for child in self.wanted if child.key in keys)

    def with_secrets(self, names: alone.Names, now: Sequence[Child]) -> Changes:
        """Return it with children that are sent for the sake of these secrets."""
        there = {
            key: each for each in now for key in names if key.casefold() == each.key.casefold()
        }
        wanted = tuple(alone.asking(child, names, there) for child in self.wanted)
        before = {**self.before, **{key: digest(each.body) for key, each in there.items()}}
        return replace(self, wanted=wanted, before=before, secrets=names)

    def without(self, left: Changes) -> Changes:
        """Return what was done of it, where `left` still differs afterwards."""
        still = {*left.create, *left.replace}
        compared = replace(
            self.comparison,
            missing=tuple(key for key in self.create if key not in still),
            changed=tuple(each for each in self.comparison.changed if each.child not in still),
        )
        secrets = {key: names for key, names in self.secrets.items() if key not in still}
        return replace(self, comparison=compared, secrets=secrets)

    def to_document(self) -> dict[str, Any]:
        """Return what a person decides on, as plain JSON."""
        return {
            "create": list(self.create),
            "replace": list(self.replace),
            "surplus": list(self.surplus),
            "differences": [
                {"child": each.child, "field": each.field, "from": each.right, "to": each.left}
                for each in self.comparison.changed
            ],
        }


@dataclass(frozen=True, slots=True)
class Prepared:
    """What would be done, and the secrets for it; `unsent` are children whose secrets stay unsent."""

    changes: Changes
    secrets: Resolved
    unsent: tuple[str, ...] = ()


def changes(wanted: Sequence[Child], now: Sequence[Child]) -> Changes:
    """Compare what is wanted with what is there; `left` is wanted, `right` is now."""
    carried = [child for child in now if child.carried]
    comparison = compare(wanted, carried)
    replaced = {each.child for each in comparison.changed}
    before = {child.key: digest(child.body) for child in carried if child.key in replaced}
    return Changes(tuple(wanted), comparison, before)


async def prepare(world: World, path: str, asked: Asked) -> Prepared:
    """Compare a manifest with the cluster, and gather the secrets; changes nothing.

    Raises Refusal where the kubeconfig leads to another cluster, UsageError for a manifest that
    cannot be read and for a secret that is missing.
    """
    prove = looks.Prove(proofs.before_applying(world))
    first = together(looks.SignedIn(), looks.Cluster())
    await carry([looks.Room(), first, prove], world, world.observer)
    await _must_be_ours(world)
    manifest = manifests.read(path, world.clients.settings.streams.stdin)
    arm = await world.clients.arm()
    now = await children_of(arm, world.cluster, note=world.note)
    found = changes([child for child in manifest.children if child.carried], now)
    return await _with_secrets(world, path, asked, manifest.references, found, now)


async def _with_secrets(
    world: World,
    path: str,
    asked: Asked,
    references: Mapping[str, Mapping[str, Any]],
    found: Changes,
    now: Sequence[Child],
) -> Prepared:
    """Gather what was given; what was given for children that do not differ is sent, or named."""
    settings, send = world.clients.settings, asked.send_secrets
    sources = Sources(settings.environ, manifests.folder_of(path), world.note)
    given = by_people(references, sources, asked, settings.streams.stdin)
    beside = alone.given_alone(found.wanted, found.touched, given, world.note, send=send)
    if send:
        found = found.with_secrets(beside, now)
    elif beside:
        apply = f"arcctl config apply {world.cluster.named} --file {quote(path)}"
        told = alone.not_sent(beside, apply, asked.secrets_file)
        world.note(settings.way.along(told))
    if asked.from_cluster:
        given += await in_cluster(await world.clients.kubernetes(), found.touched, world.domain)
    secrets = resolve(found.touched, given, asked.waived)
    secrets.require_meant()
    secrets.require(from_cluster=asked.from_cluster)
    return Prepared(found, secrets, () if send else tuple(beside))


async def _must_be_ours(world: World) -> None:
    """The journal is kept in the cluster, so it must be the one behind the resource."""
    resource = await world.sight.resource_surely()
    if resource is None:
        # While it is moved it may be nowhere.
        await require_free(world.clients)
        raise missing(world.cluster)
    refuse_kind(resource)
    await ownership.require(
        world.sight,
        sure=f"arcctl config apply {world.cluster.named} --file FILE {ownership.SURE}",
    )


async def apply(world: World, prepared: Prepared, side_by_side: int) -> Changes:
    """Carry out what a person has seen; return how the cluster still differs afterwards."""
    wanted, secrets = prepared.changes, prepared.secrets
    request = {"concurrency": side_by_side, **_decided(prepared)}
    documents: dict[str, Any] = {DOCUMENT: [child.to_document() for child in wanted.touched]}
    if secrets.references:
        documents[REFERENCES] = secrets.references
    moves = putting(wanted.touched, side_by_side)
    async with runs.opened(world, VERB, request, moves, documents) as run:
        run.wants_secrets = must_be_given(run, wanted.touched, request["waived"])
        return await _to_its_end(run, world, secrets.values)


def _decided(prepared: Prepared) -> dict[str, Any]:
    """Return what a person has decided on, as JSON for the journal."""
    statuses = prepared.secrets.statuses
    return {
        "replace": list(prepared.changes.replace),
        "waived": [f"{each.child}/{each.name}" for each in statuses if each.origin == "waived"],
        "before": dict(prepared.changes.before),
        "secrets": {key: [*names] for key, names in prepared.changes.secrets.items()},
    }


async def must_be_the_same(run: Run, world: World, verb: str) -> None:
    """Raise as `ownership.require` where the run must not be taken up in this cluster."""
    await ownership.require(world.sight, sure=f"arcctl {verb} {run.id} {ownership.SURE}")


async def resume(run: Run, world: World) -> Changes:
    """Take an apply up again; children that are as they should be are left as they are.

    With a corrected manifest (`run.manifest`) that one is applied in place of the first.
    """
    run.require_known(putting(wanted_of(run), run.request["concurrency"]))
    if run.manifest:
        return await _to_its_end(run, world, await _corrected(run, world, run.manifest))
    wanted = wanted_of(run)
    await run.let_go(wanted)
    kept = [child for child in wanted if child.key not in run.waived]
    run.wants_secrets = must_be_given(run, kept, _asked(run)["waived"])
    supplied = await supplied_again(run, world, kept, _asked(run)["waived"])
    return await _to_its_end(run, world, supplied)


async def _corrected(run: Run, world: World, path: str) -> Supplied:
    """Put a corrected manifest in the place of the first, once a person has agreed."""
    again = to_be_sent(run)
    waived = tuple(_asked(run)["waived"])
    asked = Asked(run.secrets_file, waived=waived, send_secrets=bool(again and run.secrets_file))
    prepared = await prepare(world, path, asked)
    wanted = {child.key for child in prepared.changes.wanted}
    still = {key: names for key, names in again.items() if key in wanted}
    resume = f"arcctl resume {run.id} --file {quote(path)}"
    alone.require_again(still, prepared.secrets.values, resume)
    found = prepared.changes
    parts = [("make", found.create), ("replace", found.replace)]
    what = " and ".join(f"{verb} {', '.join(keys)}" for verb, keys in parts if keys)
    if what:
        world.confirm(f"Apply the corrected manifest: {what} in {world.cluster.name}?")
    if prepared.secrets.references:
        await run.store(REFERENCES, prepared.secrets.references)
    await run.store(CORRECTED, _decided(prepared))
    await run.store(DOCUMENT, [child.to_document() for child in found.touched])
    return prepared.secrets.values


def _asked(run: Run) -> Mapping[str, Any]:
    """Return what was decided last: of the corrected manifest, or of the first."""
    found: Mapping[str, Any] = run.documents.get(CORRECTED) or run.request
    return found


async def rollback(run: Run, world: World) -> None:
    """Close the run; what has been applied stays, since what it replaced had secrets nobody holds."""
    done = applied(run)
    if done:
        world.note(f"{', '.join(done)} stay as applied: apply the earlier export to have them back")
    await run.ended("rolled back", clean=True)


async def _to_its_end(run: Run, world: World, supplied: Supplied) -> Changes:
    wanted = wanted_of(run)
    asked = _asked(run)
    restoring = Restoring(
        world.clients,
        world.cluster,
        world.sight,
        world.observer,
        world.make_key,
        world.confirm,
        world.folder,
        run=run,
        supplied=supplied,
        replace=frozenset(asked["replace"]),
        before=asked.get("before") or {},
    )
    moves = putting(wanted, run.request["concurrency"])
    try:
        # All of them before the first is sent: one that comes later would stop a half-done run.
        require_as_shown(restoring, wanted, await _now(world, wanted, newer=False))
        await carry(moves, restoring, world.observer, run.journal)
    except FindingsError as error:
        await _outdated(run, error)
        raise
    except AzureError as error:
        if error.code == "children-failed" and await _nothing_came_of_it(run, world):
            await run.ended("refused, nothing changed", clean=True)
            error.why = (*error.why, "Azure has refused all of it, and nothing was changed")
            error.hints = ("correct the manifest, then type the same command again",)
        else:
            again = f"with a corrected manifest: arcctl resume {run.id} --file FILE"
            error.hints = (*error.hints, again)
        raise
    found = changes(wanted, await _now(world, wanted))
    found = replace(found, left=tuple(restoring.left))
    whole = found.comparison.equal and not found.left
    outcome = "applied" if whole else "applied, with differences"
    await run.ended(outcome, found.to_document(), clean=True)
    return found


async def _now(world: World, wanted: Sequence[Child], *, newer: bool = True) -> list[Child]:
    """Return these children as they are."""
    names = {child.key.casefold() for child in wanted}
    found = await children_of(await world.clients.arm(), world.cluster, newer=newer)
    return [child for child in found if child.key.casefold() in names]


async def _outdated(run: Run, error: FindingsError) -> None:
    """Say how it goes on where somebody has changed a child; before the first PUT nothing is left."""
    if any(
        each.kind == "begun" and each.step.startswith(f"{PUT_CHILD} ")
        for each in run.journal.entries
    ):
        error.hints = (f"to see the differences anew: arcctl resume {run.id} --file FILE",)
        return
    await run.ended("not begun: the cluster has changed", clean=True)
    error.why = (*error.why, "nothing was changed")
    error.hints = ("the same command again, which shows the differences anew",)


def applied(run: Run) -> list[str]:
    """Return the keys of the children that were sent, and that Azure has not refused."""
    puts = {child.key: f"{PUT_CHILD} {child.key}" for child in wanted_of(run)}
    journal = run.journal
    return [key for key, put in puts.items() if journal.has_begun(put) and not journal.refused(put)]


def to_be_sent(run: Run) -> Mapping[str, Sequence[str]]:
    """Return the secrets for whose sake alone a child is sent, by `Child.key`; none once let go."""
    found = _asked(run).get("secrets") or {}
    return {key: names for key, names in found.items() if key not in run.waived}


def waived_secrets(run: Run) -> tuple[str, ...]:
    """Return the secrets that a person has done without, as `CHILD/KEY`."""
    return tuple(_asked(run)["waived"])


async def _nothing_came_of_it(run: Run, world: World) -> bool:
    """Tell whether Azure has refused every write, and shows what it showed before."""
    puts = {each.step for each in run.journal.entries if each.kind == "begun"}
    sent = [each for each in puts if each.startswith(f"{PUT_CHILD} ")]
    if not all(map(run.journal.refused, sent)):
        return False
    before = _asked(run).get("before") or {}
    now = await _now(world, wanted_of(run), newer=False)
    return {child.key: digest(child.body) for child in now} == before


def wanted_of(run: Run) -> list[Child]:
    """Return the children that a run of `config apply` sends."""
    with as_written(f"what {run.id} was asked"):
        for asked in (run.request, _asked(run)):
            fits(asked, _REQUEST)
        return [Child.from_document(each) for each in run.documents[DOCUMENT]]


def require_applied(left: Changes, cluster: ClusterId) -> None:
    """Raise FindingsError where something still differs after all was carried out, or may differ."""
    if left.comparison.equal and not left.left:
        return
    if left.comparison.equal:
        raise FindingsError(
            "not everything was applied",
            code="config-differs",
            why=left.left,
            hints=f"arcctl config export {cluster.named}",
        )
    differing = (*left.create, *left.replace)
    raise FindingsError(
        f"{', '.join(differing)} still differ from the manifest",
        code="config-differs",
        hints=f"arcctl config diff FILE {cluster.group}/{cluster.name}",
    )
