"""One small cluster: its store, its API, and the controllers that keep it moving (testbed.md 3)."""

from __future__ import annotations

import secrets
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from arcctl.sandbox.clock import INSTANT, Clock, Delays
from arcctl.sandbox.kubernetes import access, logs, problems, seeds
from arcctl.sandbox.kubernetes.access import Caller
from arcctl.sandbox.kubernetes.api import Api
from arcctl.sandbox.kubernetes.controllers import everyone
from arcctl.sandbox.kubernetes.controllers.engine import Engine
from arcctl.sandbox.kubernetes.dependents import Dependents
from arcctl.sandbox.kubernetes.discovery import Discovery
from arcctl.sandbox.kubernetes.kinds import Kinds
from arcctl.sandbox.kubernetes.store import Store
from arcctl.sandbox.kubernetes.troubles import Trouble, Troubles

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable

    from arcctl.sandbox.kubernetes.kinds import Kind
    from arcctl.sandbox.kubernetes.seeds import NodeShape
    from arcctl.sandbox.kubernetes.server_side_apply import Applied
    from arcctl.sandbox.kubernetes.store import Contents, Document
    from arcctl.sandbox.kubernetes.watching import Watch

VERSION = "v1.36.3"


@dataclass(frozen=True, slots=True)
class Memento:
    """What lay in a cluster: its objects, its custom kinds, and who had applied what."""

    objects: Contents
    kinds: tuple[Kind, ...]
    applied: dict[str, dict[str, Applied]]


class Cluster:
    """A cluster by name. `token` may do everything, `viewer_token` may only read.

    Time and delays are the sandbox's own; `nodes` is how many linux/amd64 nodes it starts with.
    `programs` tells what an image writes whose name has such a part.
    """

    def __init__(
        self,
        name: str = "sandbox",
        clock: Clock | None = None,
        delays: Delays = INSTANT,
        *,
        nodes: int = 3,
        version: str = VERSION,
    ) -> None:
        self.name = name
        self.clock = clock or Clock()
        self.delays = delays
        self.version = version
        self.store = Store()
        self.kinds = Kinds()
        self.api = Api(self.store, self.clock.now)
        self.discovery = Discovery(self.kinds, version)
        self.dependents = Dependents(self.store)
        self.troubles = Troubles()
        self.watches: set[Watch] = set()
        self.refuses_old_watches = False
        self.ca_certificate = ""
        self.token = secrets.token_urlsafe(24)
        self.viewer_token = secrets.token_urlsafe(24)
        self._callers: dict[str, Caller] = {}
        self.programs: dict[str, Callable[[], str]] = {}
        self._job_logs: dict[str, str] = {}
        self._nodes = nodes
        self.grant(self.token, "sandbox-admin", access.EVERYTHING)
        self.grant(self.viewer_token, "sandbox-viewer", access.READING)
        self.engine = Engine(self, everyone())
        self._seed()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Cluster]:
        """Run the controllers as long as the block lasts."""
        async with self.engine.running():
            yield self

    def _seed(self) -> None:
        seeds.namespaces(self)
        self.set_nodes(seeds.linux(self._nodes))

    def reset(self) -> None:
        """Begin anew with the first nodes and namespaces; tokens stay good."""
        self.put_back(Memento({}, (), {}))
        self._seed()

    def put_aside(self) -> Memento:
        """Return what lies in the cluster, to come back to it."""
        return Memento(self.store.contents(), self.kinds.custom(), self.api.owners.contents())

    def put_back(self, memento: Memento) -> None:
        """Hold exactly what was put aside, uids and all; no troubles, no logs, nobody watching."""
        self.drop_watches()
        self.troubles.clear()
        self._job_logs.clear()
        self.kinds.serve(memento.kinds)
        self.store.load(memento.objects)
        self.api.owners.load(memento.applied)
        self.dependents.recount()

    def grant(self, token: str, user: str, rules: Iterable[access.Rule]) -> None:
        """Let a bearer token stand for a user with these RBAC policy rules."""
        self._callers[token] = Caller(user, tuple(rules))

    def revoke(self, token: str) -> None:
        """Make a token invalid, as one that has expired."""
        self._callers.pop(token, None)

    def caller(self, authorization: str) -> Caller:
        """Return who sends an Authorization header, or refuse with 401."""
        found = self._callers.get(authorization.removeprefix("Bearer ").strip())
        if found is None:
            raise problems.unauthorized()
        return found

    def set_nodes(self, shapes: Iterable[NodeShape]) -> None:
        """Replace all nodes by nodes of these shapes."""
        seeds.nodes(self, tuple(shapes))

    def set_job_log(self, job_name_prefix: str, text: str) -> None:
        """Set what pods of Jobs whose name begins so have written; an annotation wins over it."""
        self._job_logs[job_name_prefix] = text

    def log_of(self, pod: Document) -> str:
        meta = pod["metadata"]
        if noted := (meta.get("annotations") or {}).get(logs.ANNOTATION):
            return str(noted)
        job = (meta.get("labels") or {}).get("batch.kubernetes.io/job-name", "")
        fitting = [prefix for prefix in self._job_logs if job and job.startswith(prefix)]
        return self._job_logs[max(fitting, key=len)] if fitting else self._output_of(pod)

    def _output_of(self, pod: Document) -> str:
        images = [str(each.get("image", "")) for each in pod["spec"]["containers"]]
        known = (write for part, write in self.programs.items() if any(part in i for i in images))
        return next((write() for write in known), "")

    def trouble(self, reason: str, **where: Any) -> Trouble:
        """Let pods fail from now on; see `troubles.Trouble` for how they are chosen."""
        trouble = Trouble(reason, **where)
        self.troubles.add(trouble)
        self.engine.look_at_pods()
        return trouble

    def heal(self, trouble: Trouble | None = None) -> None:
        """End one trouble, or all."""
        self.troubles.remove(trouble)
        self.engine.look_at_pods()

    def expire_history(self) -> None:
        """Forget past events: watches and pages begun before end with 410 Gone."""
        self.store.expire_history()

    def drop_watches(self) -> None:
        """End every open watch, as a restart of the API server does."""
        for watch in tuple(self.watches):
            watch.queue.put_nowait(None)
