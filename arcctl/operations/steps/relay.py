"""Open the way into a cluster through Azure's relay, and keep it open (`connectedk8s.md` B.6)."""

from __future__ import annotations

import asyncio
import base64
import time
from typing import TYPE_CHECKING

from arcctl.clients.helm import lock
from arcctl.clients.kubernetes.background import aside
from arcctl.clients.relay import near, program
from arcctl.clients.relay.proof import AUDIENCE, Signer
from arcctl.errors import AccessError, ArcctlError, AzureError, NotFound
from arcctl.flow.step import Step
from arcctl.model import kubeconfig
from arcctl.model.secret import Secret
from arcctl.operations.inventory import missing
from arcctl.operations.session import EARLY, Session
from arcctl.operations.steps import kubeconfig_file, ports
from arcctl.operations.steps.first_answer import judged

if TYPE_CHECKING:
    from collections.abc import Callable

_LOOK = 60  # seconds between two looks at the clock, which may be put forward while one sleeps
_AGAIN = 5  # seconds until what could not be renewed is tried again


class Free(Step[Session]):
    """Both ports are free, and the file can take a context: known before anything is begun."""

    name = "free"

    async def do(self, session: Session, tell: Callable[[str], None]) -> str:
        session.ports = ports.chosen(session.request)
        if session.request.file:
            kubeconfig_file.readable(session.request.file)
        return ""


class Credential(Step[Session]):
    """Azure gives out a way in, to whoever has signed in."""

    name = "credential"
    title = "credential"

    async def do(self, session: Session, tell: Callable[[str], None]) -> str:
        settings = session.clients.settings
        claims = await (await session.clients.identity()).whoami()
        session.tenant = str(claims.get("tid") or settings.tenant or "")
        if session.request.token is None:
            session.signer = Signer(settings, await session.clients.cloud(), claims)
        await renew_credential(session)
        return f"{session.request.cluster.name} ({session.request.cluster.group})"


class Fetch(Step[Session]):
    """The relay program is here, as Microsoft's registry has it."""

    name = "program"

    async def do(self, session: Session, tell: Callable[[str], None]) -> str:
        cloud, clients = await session.clients.cloud(), session.clients
        session.program = await program.find(clients.settings, cloud.registry, clients.note)
        return program.VERSION


class Start(Step[Session]):
    """The relay program runs."""

    name = "relay"
    title = "relay"

    async def do(self, session: Session, tell: Callable[[str], None]) -> str:
        assert session.program
        cloud = await session.clients.cloud()
        client = session.signer.client if session.signer else None
        config = near.configuration(cloud, session.ports, session.tenant, client)
        begun = near.running(session.program, config, session.ports, session.clients.settings)
        session.near = await session.stack.enter_async_context(begun)
        return f"{program.VERSION}, ports {session.ports.https} and {session.ports.http}"


class Identify(Step[Session]):
    """The relay program holds an access token that is bound to its key."""

    name = "identity"
    title = "identity"

    async def do(self, session: Session, tell: Callable[[str], None]) -> str:
        await renew_proof(session)
        return f"proved to the relay, tenant {session.tenant}"


class Register(Step[Session]):
    """The relay program has the cluster's connection, and knows how kubectl comes to it."""

    name = "registration"

    async def do(self, session: Session, tell: Callable[[str], None]) -> str:
        await register(session)
        return ""


class Answer(Step[Session]):
    """Somebody answers at the other end."""

    name = "answer"
    title = "cluster"

    async def do(self, session: Session, tell: Callable[[str], None]) -> str:
        cluster = session.config["clusters"][0]["cluster"]
        user = session.config["users"][0].get("user") or {}
        if "token" not in user:
            return "not asked: its kubeconfig signs in by itself"
        path = "/" + str(cluster["server"]).rpartition("/")[2]
        heard = await session.near.version(path, user["token"])
        return judged(heard, session.near.readable(heard.text), session.request)


class Write(Step[Session]):
    """kubectl's configuration leads to the session."""

    name = "kubeconfig"
    title = "kubeconfig"

    async def do(self, session: Session, tell: Callable[[str], None]) -> str:
        request, context = session.request, session.config["current-context"]
        if request.file is None:
            session.show(kubeconfig.written(session.config))
            return "written to stdout"
        # Two sessions that are opened together must not lose each other's context.
        with await aside(lock.take, session.clients.settings.cache_home / "kubeconfig.lock"):
            warning = kubeconfig_file.merge(request.file, session.config)
        return f"{context} is the current context of {request.file}{warning}"


class Hold(Step[Session]):
    """The session stays open; nothing but its end ends this step."""

    name = "session"
    title = "session"

    async def do(self, session: Session, tell: Callable[[str], None]) -> str:
        kubectl = session.request.kubectl(session.config["current-context"])
        tell(f"open until Ctrl-C: {kubectl} get pods")
        pause = session.rest
        while True:
            await asyncio.wait({session.near.ended}, timeout=min(_LOOK, max(pause, 0)))
            if session.near.ended.done():
                raise session.near.closed()
            pause = session.rest
            if pause <= 0:
                pause = await self._renewed(session)

    async def _renewed(self, session: Session) -> float:
        """Renew what ends soon; what cannot be renewed is tried again until it has ended."""
        try:
            await renew(session)
        except ArcctlError as error:
            if session.near.ended.done() or session.rest + EARLY < _AGAIN:
                raise
            session.clients.note(f"not renewed yet, trying again: {error.message}")
            return _AGAIN
        return max(session.rest, _AGAIN)


async def renew(session: Session) -> None:
    """Renew what is nearer to its end than five minutes."""
    soon = time.time() + EARLY
    if session.connection_ends <= soon:
        await renew_credential(session)
        await register(session)
    if session.proof_ends <= soon:
        await renew_proof(session)


async def renew_credential(session: Session) -> None:
    """Ask Azure for a way in (`arm.md` 2.6); the body is the peer's."""
    cluster, arm = session.request.cluster, await session.clients.arm()
    method = "Token" if session.request.token else "AAD"
    body = {"authenticationMethod": method, "clientProxy": True}
    try:
        given = await arm.post(f"{cluster.path}/listClusterUserCredential", body)
    except NotFound as error:
        if error.code != "ResourceNotFound":
            raise
        raise missing(cluster) from error
    try:
        session.connection = dict(given["hybridConnectionConfig"])
        session.kubeconfig = str(given["kubeconfigs"][0]["value"])
        float(session.connection["expirationTime"])
    except (LookupError, TypeError, ValueError) as error:
        raise AzureError(
            f"Azure gives out no way into {cluster.name}",
            code="AZK8S0805",
            why="its answer lacks the relay's connection, or the kubeconfig",
            hints=f"arcctl check {cluster.named}",
        ) from error


async def renew_proof(session: Session) -> None:
    """Give the relay program a token for its key; a key that has expired is asked for once more."""
    assert session.signer
    for last in (False, True):
        key_id = await session.near.public_key()
        token = await session.signer.token(key_id)
        try:
            await session.near.identify(token, AUDIENCE, session.tenant, key_id)
        except near.KeyExpired as error:
            if last:
                raise _key_expired(session) from error
            continue
        session.proof_ends = token.expires_on
        return


async def register(session: Session) -> None:
    """Register the connection that Azure gave out, and keep what kubectl needs."""
    request, given = session.request, session.kubeconfig
    if request.token:
        config = kubeconfig.read(_text(given), "what Azure gives out")
        own = kubeconfig.written(kubeconfig.with_token(config, request.token.reveal()))
        given = base64.b64encode(own.encode()).decode()
    token = request.token or Secret("")
    answer = await session.near.register(request.cluster, given, session.connection, token)
    config = kubeconfig.read(_text(answer), "what the relay program gives out")
    session.config = kubeconfig.called(config, request.context)


def _text(encoded: str) -> str:
    try:
        return base64.b64decode(encoded).decode()
    except ValueError as error:
        raise AzureError(
            "the kubeconfig of the session cannot be read", code="AZK8S0805", why=str(error)
        ) from error


def _key_expired(session: Session) -> AccessError:
    return AccessError(
        "the relay program takes no token for its key: it says that the key has expired",
        code="proof-expired",
        why="another key was asked for, and had expired too",
        hints=f"start anew: {session.request.line}",
    )
