"""What every command does before and after its own work.

`command` turns an async function into a Typer command: it adds the shared options, reads the
settings, opens clients and console, awaits the function, and closes everything again. (Typer
itself would accept the bare coroutine function, never await it, and exit 0.)
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Coroutine
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import wraps
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args, get_type_hints

import typer

from arcctl.commands.apart import require_apart
from arcctl.commands.options import SHARED
from arcctl.model.surroundings import Surroundings

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Iterator

    from arcctl.checks.sight import Sight
    from arcctl.clients import Clients
    from arcctl.model.keys import KeyPair
    from arcctl.model.resource_id import ClusterId
    from arcctl.operations.world import World
    from arcctl.settings import Settings
    from arcctl.views.console import Console

_PATIENT_STOPS = 2
_TIDYING_SECONDS = 5.0


@dataclass
class Session:
    """Settings, clients and console of one command.

    `typed` names its own options that stand on the command line, for those that have a default.
    """

    settings: Settings
    clients: Clients
    console: Console
    make_key: Callable[[], KeyPair]
    typed: frozenset[str] = frozenset()

    async def cluster_id(
        self, name: str, group: str | None, *, without_azure: bool = False
    ) -> ClusterId:
        """Name the resource; the subscription is looked up where it is not given by id.

        With `without_azure` an id is taken even where Azure cannot be reached at all.
        """
        from arcctl.clients.subscriptions import resolve
        from arcctl.errors import UsageError
        from arcctl.model.names import cluster_name, group_name, is_guid
        from arcctl.model.resource_id import ClusterId

        group = group or self.settings.group
        if not group:
            raise UsageError(
                "which resource group?", hints=("-g GROUP", "az config set defaults.group=GROUP")
            )
        cluster_name(name)
        group_name(group)
        given = self.settings.subscription or ""
        if without_azure and is_guid(given):
            return ClusterId(given, group, name)
        subscription = await resolve(await self.clients.arm(), self.settings)
        cluster = ClusterId(subscription.id, group, name)
        # What was found without being named will be found again.
        return self._placed(cluster) if self.settings.flags.subscription else cluster

    def _placed(self, cluster: ClusterId) -> ClusterId:
        """Note whether the next command must name the subscription to mean the same cluster."""
        from dataclasses import replace

        said, default = self.settings.flags.subscription, self.settings.default_subscription
        known = {cluster.subscription.casefold(), (said or cluster.subscription).casefold()}
        return replace(cluster, elsewhere=(default or "").casefold() not in known)

    async def clusters(
        self,
        name: str | None,
        group: str | None,
        ids: list[str] | None,
        *,
        without_azure: bool = False,
    ) -> list[ClusterId]:
        """Name the resources, as az does: by ids alone, or one by name and group."""
        from arcctl.errors import UsageError
        from arcctl.model.resource_id import ClusterId

        if ids is None:
            if name is None:
                raise UsageError("missing option '--name' / '-n'", why="or --ids ID ...")
            return [await self.cluster_id(name, group, without_azure=without_azure)]
        beside = {"-n": name, "-g": group, "--subscription": self.settings.flags.subscription}
        if said := [flag for flag, value in beside.items() if value]:
            raise UsageError(f"--ids stands alone, without {' and '.join(said)}")
        # Quoted, the lines of `az ... --query [].id -o tsv` are one word.
        each = " ".join(ids).split()
        if not each:
            raise UsageError("--ids needs the id of a connected cluster")
        return [self._placed(found) for found in dict.fromkeys(map(ClusterId.parse, each))]

    async def subscription_id(self, wanted: str | None) -> str:
        """Look up a subscription that was given by name; "" where none was."""
        from arcctl.clients.subscriptions import named

        return (await named(await self.clients.arm(), wanted)).id if wanted else ""

    def sight(self, cluster: ClusterId, region: str | None = None) -> Sight:
        """Look at a cluster and its resource."""
        from arcctl.checks.sight import Sight

        return Sight(self.clients, cluster, region)

    @contextmanager
    def run(self, sight: Sight, *, yes: bool) -> Iterator[World]:
        """Open what the steps of a run share; its folder for charts is private and goes with it."""
        from tempfile import TemporaryDirectory

        from arcctl.clients import own_folder
        from arcctl.operations.world import World

        with TemporaryDirectory(prefix="charts-", dir=own_folder.folder()) as folder:
            yield World(
                self.clients,
                sight.cluster,
                sight,
                self.console.progress,
                make_key=self.make_key,
                confirm=lambda question, only="": self._confirm(question, only, yes=yes),
                folder=Path(folder),
            )

    def confirm_by_name(self, question: str, name: str, *, yes: bool) -> None:
        """Let a person type a name where a yes would be too easily said; `--yes` is an answer."""
        from arcctl.errors import Interrupted

        if not yes and not self.console.ask_for(question, name):
            raise Interrupted("nothing was changed", code="declined")

    def _confirm(self, question: str, only: str, *, yes: bool) -> None:
        from arcctl.errors import Interrupted

        if (only or not yes) and not self.console.ask(question, only or "--yes"):
            raise Interrupted("nothing was changed", code="declined")


Work = Callable[..., Coroutine[Any, Any, None]]
# What a command line says in the clear: a secret of the same value does not hide it.
_CLEAR = frozenset({
    "name", "resource_group", "location", "target_region", "target_name", "target_group",
    "subscription", "target_subscription", "cloud", "kube_context", "run", "distribution",
})  # fmt: skip
_CONTEXT = inspect.Parameter("ctx", inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context)


def command(*groups: dict[str, Any]) -> Callable[[Work], Callable[..., None]]:
    """Make a Typer command of `work(session, …)`; `groups` are options that become settings."""
    shared = {name: option for group in (*groups, SHARED) for name, option in group.items()}

    def decorate(work: Work) -> Callable[..., None]:
        @wraps(work)
        def run(ctx: typer.Context, **given: Any) -> None:
            require_apart(ctx, given)
            flags = {name: given.pop(name) for name in shared}
            _in_loop(work, ctx.obj or Surroundings(), flags, given, _typed(ctx, given))

        parameters = [_CONTEXT, *_own(work), *(_parameter(name, shared[name]) for name in shared)]
        run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined] # how inspect is told
        run.__annotations__ = {each.name: each.annotation for each in parameters}
        del run.__wrapped__  # or inspect would look through to `work`
        return run

    return decorate


def _own(work: Work) -> list[inspect.Parameter]:
    hints = get_type_hints(work, include_extras=True, localns={"Session": Session})
    return [
        each.replace(annotation=hints[name], kind=inspect.Parameter.KEYWORD_ONLY)
        for name, each in inspect.signature(work).parameters.items()
        if name != "session"
    ]


def _parameter(name: str, annotation: Any) -> inspect.Parameter:
    switch = get_args(annotation)[0] is bool
    return inspect.Parameter(
        name,
        inspect.Parameter.KEYWORD_ONLY,
        default=False if switch else None,
        annotation=annotation,
    )


def _typed(ctx: typer.Context, given: dict[str, Any]) -> frozenset[str]:
    sources = {name: ctx.get_parameter_source(name) for name in given}
    return frozenset(
        name for name, source in sources.items() if source and source.name == "COMMANDLINE"
    )


def _in_loop(
    work: Work,
    around: Surroundings,
    flags: dict[str, Any],
    own: dict[str, Any],
    typed: frozenset[str],
) -> None:
    import asyncio

    from arcctl.errors import Interrupted
    from arcctl.model import mask
    from arcctl.model.scrub import secrets_of
    from arcctl.settings import Flags, read

    known = mask.begin(secrets_of(around.environ))
    known.show(*(word for name, word in (flags | own).items() if name in _CLEAR and word))
    settings = read(around.environ, Flags(**flags), around.streams)

    async def main() -> None:
        asyncio.get_running_loop().set_exception_handler(_told_in_debug)
        _stop_on_signals(asyncio.current_task())
        await _with_session(work, settings, own, typed, around.make_key)

    try:
        asyncio.run(main())
    except (KeyboardInterrupt, asyncio.CancelledError) as stop:
        # Said here, because Typer would end in silence.
        if isinstance(stop, KeyboardInterrupt):  # at once, whatever was half done
            raise Interrupted(
                "stopped at once", hints="what is half done: arcctl history"
            ) from stop
        raise Interrupted("stopped; the same command goes on from here") from stop
    except BrokenPipeError as error:
        _cut_off(error, around)


def _told_in_debug(_loop: Any, context: dict[str, Any]) -> None:
    """What fails beside the error that ended the command is no news to people."""
    import logging

    logging.getLogger("arcctl").debug("besides: %s", context.get("exception") or context["message"])


def _cut_off(error: BrokenPipeError, around: Surroundings) -> None:
    """Typer would end either case in silence: a reader that has seen enough, and a lost connection."""
    from arcctl.errors import ArcctlError
    from arcctl.views.console import nobody_reads

    if not nobody_reads(around.streams.stdout):
        raise ArcctlError("a connection was cut", code="os", why=str(error)) from error


async def _with_session(
    work: Work,
    settings: Settings,
    own: dict[str, Any],
    typed: frozenset[str],
    make_key: Callable[[], KeyPair],
) -> None:
    import asyncio

    from arcctl.clients import Clients, own_folder, room
    from arcctl.clients.finishing import to_its_end
    from arcctl.errors import ArcctlError
    from arcctl.flow.events import Noted
    from arcctl.views.console import Console
    from arcctl.views.logs import shown

    room.widen()
    own_folder.sweep()
    console = Console(settings)
    clients = Clients(
        settings,
        note=lambda text: console.progress(Noted(text)),
        warn=lambda text: console.progress(Noted(text, warning=True)),
    )
    with shown(settings, console.err):
        try:
            await work(Session(settings, clients, console, make_key, typed), **own)
        except ArcctlError as error:
            error.hints = tuple(map(settings.way.along, error.hints))
            raise
        finally:
            console.close()
            # What the command has come to is told, however often somebody says stop now.
            with suppress(asyncio.CancelledError):
                await to_its_end(_tidied(clients, asyncio.current_task()), seconds=_TIDYING_SECONDS)
            own_folder.remove()


async def _tidied(clients: Clients, command: asyncio.Task[Any] | None) -> None:
    from arcctl.clients.finishing import stop_the_others

    await stop_the_others(command)  # which waits for this
    await clients.close()


def _stop_on_signals(task: asyncio.Task[Any] | None) -> None:
    """Ctrl-C, a pipeline that is cancelled (SIGTERM) and a terminal that is closed (SIGHUP) end alike.

    The second one hurries, and a third one ends it at once. Children have sessions of their own, so
    nobody else would end them. nohup's wish is respected. Where a command is but a part of a
    process, run in one of its threads, signals are not its own.
    """
    import asyncio
    import signal
    import threading

    if threading.current_thread() is not threading.main_thread():
        return
    said = count(1)

    def stop() -> None:
        if next(said) > _PATIENT_STOPS:
            raise KeyboardInterrupt
        if task:
            task.cancel()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) != signal.SIG_IGN:
            asyncio.get_running_loop().add_signal_handler(number, stop)
