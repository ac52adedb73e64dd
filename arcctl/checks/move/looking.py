"""How a look before a move is taken: once, and without falling over what may not be read."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from arcctl.checks.sight import Sight
from arcctl.clients import answers, arm_lists
from arcctl.clients.once import Remembering, once
from arcctl.errors import AccessError, ArcctlError, AzureError, NotFound

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from arcctl.clients import Clients
    from arcctl.model.configuration.child import Child
    from arcctl.model.connected_cluster import Body
    from arcctl.model.ownership import Ownership
    from arcctl.model.resource_id import ClusterId

# Answers that say: of this kind there is nothing here, and could be nothing.
NOTHING = frozenset({
    "InvalidResourceType",
    "InvalidResourceNamespace",
    "NoRegisteredProviderFound",
    "MissingSubscriptionRegistration",
    "ResourceNotFound",
    "ResourceGroupNotFound",
    "ParentResourceNotFound",
    "NotFound",
    "azure-no-version",
})  # fmt: skip


class Asked(Protocol):
    """What was asked for, as far as the looks depend on it (`operations.move_request`)."""

    @property
    def source(self) -> ClusterId:
        """What is moved."""
        ...

    @property
    def target(self) -> ClusterId:
        """What it will be."""
        ...

    @property
    def region(self) -> str:
        """The target region, canonical."""
        ...

    @property
    def in_place(self) -> bool:
        """Whether the id stays."""
        ...

    @property
    def private_link_scope(self) -> str | None:
        """The scope to use in the target."""
        ...

    @property
    def gateway(self) -> str | None:
        """The gateway to use in the target."""
        ...

    @property
    def new_key(self) -> bool:
        """Whether the agents are to have a new key pair."""
        ...

    @property
    def keep_key(self) -> bool:
        """Whether they keep theirs, even if it lies in two places."""
        ...

    @property
    def public_key(self) -> str:
        """The public half of a key that a person brings, or ""."""
        ...

    @property
    def reassign_identities(self) -> bool:
        """Whether roles given elsewhere follow the new identities."""
        ...

    @property
    def diagnostics(self) -> bool:
        """Whether the cluster's way out is tried before the first change."""
        ...


@dataclass(frozen=True, slots=True)
class Unseen:
    """A look that was refused; `needed` when what it would have shown goes with the resource."""

    subject: str
    reason: str
    needed: bool


class Looking(Remembering):
    """Looks from the source and from the target of a move.

    `source` looks at the cluster and at the resource that is moved, `target` at the id and
    region it goes to. `read_children` reads the configuration resources of the source,
    `read_ownership` the evidence for whether the kubeconfig leads to its cluster.
    """

    def __init__(
        self,
        clients: Clients,
        asked: Asked,
        source: Sight,
        read_children: Callable[[], Awaitable[Sequence[Child]]],
        read_ownership: Callable[[Sight, Body], Awaitable[Ownership]],
    ) -> None:
        super().__init__()
        self.clients = clients
        self.asked = asked
        self.source = source
        self.target = Sight(clients, asked.target, asked.region)
        self.unseen: dict[str, Unseen] = {}
        self.absent: dict[str, str] = {}
        """Subjects of which Azure says that it has none of this kind, and how it says so"""
        self.noted: dict[str, str] = {}
        """What the look at the children has left out, and why"""
        self._read_children = read_children
        self._read_ownership = read_ownership

    @once
    async def ownership(self) -> Ownership:
        """The evidence for whether the kubeconfig leads to the source's cluster."""
        return await self._read_ownership(self.source, await self.resource())

    @once
    async def resource(self) -> Body:
        """The source in ARM; raise NotFound where there is none."""
        found = await self.source.resource_surely()
        if found is None:
            cluster = self.asked.source
            raise NotFound(
                f"there is no connected cluster {cluster.name} in group {cluster.group}",
                code="AZK8S0405",
                hints=(
                    "arcctl list -o table",
                    "if it was moved: arcctl history",
                ),
            )
        return found

    @once
    async def children(self) -> tuple[Child, ...]:
        """The configuration resources of the source, all three kinds."""
        return await self.read_children()

    async def read_children(self) -> tuple[Child, ...]:
        """Read them now, whatever was read before."""
        return tuple(await self._read_children())

    @once
    async def principals(self) -> dict[str, str]:
        """The managed identities that will be gone: principal id → `resource` or the child's key."""
        resource, children = await self.resource(), await self.children()
        owners = {str((resource.get("identity") or {}).get("principalId") or ""): "resource"}
        owners |= {str(each.state.get("principalId") or ""): each.key for each in children}
        owners.pop("", None)
        return owners

    @property
    def unread(self) -> dict[str, str]:
        """What no look has shown so far, and why: an empty answer for it is no evidence."""
        refused = {subject: look.reason for subject, look in self.unseen.items()}
        return {**self.noted, **self.absent, **refused}

    @property
    def target_named(self) -> str:
        """How the target will be named on a command line."""
        old, new = self.source.cluster, self.asked.target
        away = old.elsewhere or old.subscription.casefold() != new.subscription.casefold()
        return replace(new, elsewhere=away).named

    def is_own(self, path: str) -> bool:
        """Tell whether an id or scope is the source's own, or lies below it."""
        own = self.asked.source.path.casefold()
        return path.casefold() == own or path.casefold().startswith(f"{own}/")

    async def listed(
        self,
        subject: str,
        path: str,
        query: Mapping[str, str] | None = None,
        *,
        needed: bool = True,
    ) -> list[Body]:
        """Return a whole list; what may not be read is remembered in `unseen`."""
        arm = await self.clients.arm()
        try:
            found = [each async for each in arm.items(path, query=query)]
            if any(answers.document(each) for each in found):
                # What has no id cannot be told from what belongs to somebody else.
                raise arm_lists.unreliable(path, "something in it has no id")
        except (AccessError, NotFound, AzureError) as error:
            self.could_not(subject, error, needed=needed)
            return []
        return found

    async def looked_at(self, subject: str, path: str, *, needed: bool = True) -> Body | None:
        """Return one resource, or None; what may not be read is remembered in `unseen`."""
        arm = await self.clients.arm()
        try:
            return await arm.find_once(path)
        except (AccessError, NotFound, AzureError) as error:
            self.could_not(subject, error, needed=needed)
            return None

    def could_not(self, subject: str, error: ArcctlError, *, needed: bool) -> None:
        """Azure that cannot be asked at all ends the planning; nothing is changed yet."""
        if error.code in NOTHING:
            self.absent[subject] = error.message
            return
        if signed_out(error) or (needed and not isinstance(error, AccessError)):
            raise error
        self.unseen[subject] = Unseen(subject, error.message, needed)


def signed_out(error: ArcctlError) -> bool:
    """Tell whether Azure does not know who asks, so that no look can tell anything."""
    return isinstance(error, AccessError) and (
        error.code == "not-signed-in" or "Authentication" in error.code
    )
