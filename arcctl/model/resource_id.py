"""The names that ARM gives to things."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, field

from arcctl.errors import UsageError

CONNECTED_CLUSTERS = "Microsoft.Kubernetes/connectedClusters"

_CLUSTER_ID = re.compile(
    r"^/subscriptions/(?P<subscription>[^/]+)/resourcegroups/(?P<group>[^/]+)"
    r"/providers/microsoft\.kubernetes/connectedclusters/(?P<name>[^/]+)/?$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class ClusterId:
    """The id of one connected cluster; two ids are equal when only their case differs.

    `elsewhere` says that its subscription is not the one that a command would take by default.
    """

    subscription: str
    group: str
    name: str
    elsewhere: bool = field(default=False, kw_only=True)

    @classmethod
    def parse(cls, text: str) -> ClusterId:
        """Read an ARM id, in whatever case the service wrote it; raise UsageError otherwise."""
        found = _CLUSTER_ID.match(text.strip())
        if not found:
            raise UsageError(
                f"this is not the id of a connected cluster: {text}",
                code="AZK8S0100",
                why="it should read /subscriptions/…/resourceGroups/…/providers/"
                f"{CONNECTED_CLUSTERS}/NAME",
            )
        return cls(found["subscription"], found["group"], found["name"])

    @classmethod
    def recorded(cls, text: str) -> ClusterId:
        """Read the id that a document holds; raise ValueError for anything else."""
        try:
            return cls.parse(text)
        except UsageError as error:
            raise ValueError(error.message) from error

    @property
    def group_path(self) -> str:
        """The path of the resource group."""
        return f"/subscriptions/{self.subscription}/resourceGroups/{self.group}"

    @property
    def path(self) -> str:
        """The path of the cluster, as ARM writes it."""
        return f"{self.group_path}/providers/{CONNECTED_CLUSTERS}/{self.name}"

    @property
    def named(self) -> str:
        """How it is named on a command line, so that the line means this one when it is typed."""
        return f"-n {shlex.quote(self.name)} {self.group_named}"

    @property
    def group_named(self) -> str:
        """How its group is named on a command line."""
        subscription = f" --subscription {self.subscription}" if self.elsewhere else ""
        return f"-g {shlex.quote(self.group)}{subscription}"

    def child(self, kind: str, name: str = "") -> str:
        """Return the path of its configuration resources of one kind (`arm.md` 3)."""
        base = f"{self.path}/providers/Microsoft.KubernetesConfiguration/{kind}"
        return f"{base}/{name}" if name else base

    def __str__(self) -> str:
        return self.path

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ClusterId) and self.path.casefold() == other.path.casefold()

    def __hash__(self) -> int:
        return hash(self.path.casefold())


def group_of(resource_id: str) -> str | None:
    """Return the resource group named in any ARM id, or None where it names none."""
    found = re.search(r"/resourcegroups/([^/]+)", resource_id, re.IGNORECASE)
    return found.group(1) if found else None


def moved(text: str, source: ClusterId, target: ClusterId) -> str:
    """Return an id below `source` as the same below `target`; any other text as it is."""
    below = text[len(source.path) :]
    if text.casefold().startswith(source.path.casefold()) and below[:1] in ("", "/"):
        return target.path + below
    return text
