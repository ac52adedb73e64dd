"""ARM's paths (`arm.md` 1 and 14.2): pairs of type and name, compared without case."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

_REGISTRATION = {"register", "unregister"}


@dataclass(frozen=True, slots=True)
class Target:
    """What a path names. Paths outside any provider count as Microsoft.Resources.

    `scope` is the path of what the last provider hangs on. `types` has one entry more than
    `names` where the path names a collection or an action.
    """

    path: str
    key: str
    subscription: str
    group: str
    scope: str
    namespace: str
    types: tuple[str, ...]
    names: tuple[str, ...]

    @property
    def kind(self) -> str:
        return "/".join((self.namespace, *self.types)).lower()

    @property
    def is_item(self) -> bool:
        return len(self.types) == len(self.names) > 0

    @property
    def name(self) -> str:
        """The last name; on a collection, the name of what it belongs to."""
        return self.names[-1] if self.names else ""

    @property
    def group_key(self) -> str:
        return f"/subscriptions/{self.subscription}/resourcegroups/{self.group}".lower()


@lru_cache(maxsize=8192)
def parse(path: str) -> Target:
    """Take a path apart. Doubled and trailing slashes do not matter."""
    parts = [part for part in path.split("/") if part]
    low = [part.lower() for part in parts]
    namespace, scope = "Microsoft.Resources", ""
    types: list[str] = []
    names: list[str] = []
    at = 0
    while at < len(parts):
        if low[at] == "providers" and _opens_provider(low, at):
            namespace, scope = parts[at + 1], "/" + "/".join(parts[:at]) if at else ""
            types, names = [], []
        else:
            types.append(parts[at])
            names.extend(parts[at + 1 : at + 2])
        at += 2
    return Target(
        path="/" + "/".join(parts),
        key="/" + "/".join(low),
        subscription=parts[1] if low[:1] == ["subscriptions"] and len(parts) > 1 else "",
        group=parts[3] if low[2:3] == ["resourcegroups"] and len(parts) > 3 else "",
        scope=scope,
        namespace=namespace,
        types=tuple(types),
        names=tuple(names),
    )


def _opens_provider(low: list[str], at: int) -> bool:
    """Tell a provider's resource from the provider itself, `/subscriptions/S/providers/NS`."""
    following = low[at + 2 : at + 3]
    return bool(following) and not (at == 2 and following[0] in _REGISTRATION)


def parent_of(key: str) -> str:
    """Return the key of the collection in which something lies."""
    return key.rpartition("/")[0]


def ancestors(key: str) -> list[str]:
    """Return `key` and every path above it, longest first."""
    parts = key.split("/")
    return ["/".join(parts[:end]) for end in range(len(parts), 1, -1)]
