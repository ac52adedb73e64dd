"""A resource type: what it is called, which versions it knows, who answers for it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from arcctl.sandbox.azure.answers import Answer
    from arcctl.sandbox.azure.call import Call

    Handler = Callable[[Call], Answer]

_VERBS = {"GET": "read", "HEAD": "read", "PUT": "write", "PATCH": "write", "DELETE": "delete"}


@dataclass(frozen=True, slots=True)
class Kind:
    """`item` answers for a resource, `collection` for a list or an action, by HTTP method.

    `tracked` types have a location. `open` ones ask for no permission but a token. `regional` ones
    hang on a cluster and are served by its region. `acts_as` is the verb of a POST that only reads.
    """

    type: str
    versions: tuple[str, ...]
    item: Mapping[str, Handler] = field(default_factory=dict)
    collection: Mapping[str, Handler] = field(default_factory=dict)
    tracked: bool = False
    open: bool = False
    regional: bool = False
    acts_as: str = "action"

    @property
    def is_provided(self) -> bool:
        """Whether a provider of its own serves it, not ARM itself."""
        return not self.type.startswith(("Microsoft.Resources/", "Microsoft.Authorization/"))

    @property
    def is_group(self) -> bool:
        return self.type == "Microsoft.Resources/subscriptions/resourceGroups"

    def action(self, method: str) -> str:
        """Return the action that a caller must be allowed (`arc.md` C2)."""
        return f"{self.type}/{_VERBS.get(method, self.acts_as)}"
