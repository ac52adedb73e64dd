"""What the steps of a journaled run share, beyond what any change shares."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from arcctl.checks.sight import Sight
from arcctl.model.bundle import Bundle, marked
from arcctl.model.plan import Plan
from arcctl.model.run_shape import as_written
from arcctl.operations.moving.request import MoveRequest
from arcctl.operations.moving.written_since import CARRIED, written_since
from arcctl.operations.world import World

if TYPE_CHECKING:
    from collections.abc import Mapping

    from arcctl.model.configuration.secrets import Supplied
    from arcctl.model.keys import KeyPair
    from arcctl.model.report import Report
    from arcctl.model.secret import Secret
    from arcctl.operations.agents.values import Values
    from arcctl.operations.runs import Run

BUNDLE, PLAN, BACK = "bundle", "plan", "back"
"""The documents of a move's run; `BACK` holds request and bundle of the way back"""

LEFT = "left-to-do"
"""The fact that holds what the way back could not put back, as sentences"""


@dataclass(kw_only=True)
class Restoring(World):
    """A run that puts children to a cluster.

    `supplied` holds the protected settings by child (`Child.key`) and name; `replace` the keys of
    children that may be overwritten, because a person has seen how they differ; `before` a digest
    of each of those, as it was seen.
    """

    run: Run
    supplied: Mapping[str, Mapping[str, Secret]] = field(default_factory=dict)
    replace: frozenset[str] = frozenset()
    before: Mapping[str, str] = field(default_factory=dict)
    # ── learned ──
    failed: dict[str, str] = field(default_factory=dict)
    """children.PutChildren and UntilSettled: which children failed, and why"""
    left: list[str] = field(default_factory=list)
    """Whoever could not do a part: what a person has to do, a command where there is one"""

    @property
    def waived(self) -> frozenset[str]:
        """The keys of the children that a person has let go, in this direction."""
        return self.run.waived

    def leave(self, what: str) -> None:
        """Go on without something, and say in the report what is left to do."""
        if what not in self.left:
            self.left.append(what)
            self.warn(what)

    async def remember_left(self) -> None:
        """Let whoever takes the way back up say again what a step has left that is not tried again."""
        if self.left:
            await self.run.journal.fact(LEFT, self.left)


@dataclass(kw_only=True)
class Moving(Restoring):
    """A move. `cluster` and `sight` are the target's; `origin` is the same, seen from the source."""

    request: MoveRequest
    bundle: Bundle
    origin: World
    brought: KeyPair | None = None
    """The key of `--private-key`"""
    turned: bool = False
    """Whether this is the way back: what was the target is now left, for where it came from"""
    # ── learned ──
    held: Values = field(default_factory=dict)
    """holding.Hold: the agents' helm values that must not leave the cluster"""
    report: Report | None = None
    """proving.Prove"""

    @property
    def planned(self) -> Plan:
        """The plan that the run carries out; Refusal `document-damaged` where it is of another shape."""
        with as_written(f"the plan of {self.run.id}"):
            return Plan.recorded(self.run.documents[PLAN])

    async def save(self, bundle: Bundle) -> None:
        """Go on with another bundle, and keep it for whoever takes the run up.

        What it holds beyond the one before goes into the report, which is told of it first: whoever
        is cut between the two finds the same difference again.
        """
        if late := list(written_since(self.bundle, bundle)):
            known = self.run.journal.fact_since_the_turn(CARRIED, ())
            await self.run.journal.fact(CARRIED, list(dict.fromkeys((*known, *late))))
        self.bundle = bundle
        document = bundle.to_document()
        if self.turned:
            back = {"request": self.request.to_document(), BUNDLE: document}
            return await self.run.store(BACK, back)
        return await self.run.store(BUNDLE, document)


def moving_of(
    run: Run, world: World, supplied: Supplied, back: Mapping[str, Any] | None = None
) -> Moving:
    """Return the world of a move, forward or reversed, as its run has written it down.

    `world` is the one that the command has opened; of it only who asks and who listens counts.
    `back` is the way back of a run that has not turned yet.
    """
    back = back or run.documents.get(BACK)
    with as_written(f"what {run.id} has saved"):
        request = MoveRequest.from_document(back["request"] if back else run.request)
        bundle = Bundle.from_document((back or run.documents)[BUNDLE])
    return Moving(
        world.clients,
        request.target,
        Sight(world.clients, request.target, request.region),
        world.observer,
        world.make_key,
        world.confirm,
        world.folder,
        world.environment,
        world.domain,
        run=run,
        supplied=supplied,
        request=request,
        bundle=bundle,
        turned=back is not None,
        origin=replace(world, cluster=bundle.source, sight=Sight(world.clients, bundle.source)),
    )


async def exchanged(moving: Moving) -> dict[str, Any]:
    """Return request and bundle of the way back: source and target change places."""
    bundle, asked = moving.bundle, moving.request
    made = await moving.sight.resource() or bundle.resource
    back = replace(
        asked,
        name=asked.target.name,
        group=asked.target.group,
        subscription=asked.target.subscription,
        target_region=bundle.region,
        target_name=bundle.source.name,
        target_group=bundle.source.group,
        target_subscription=bundle.source.subscription,
        private_link_scope=None,
        gateway=None,
    )
    left = replace(bundle, source=asked.target, region=asked.region, mark=marked(made))
    return {"request": back.to_document(), BUNDLE: left.to_document()}
