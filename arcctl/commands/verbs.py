"""The verbs, each loaded when it is typed: a command pays for no other, `--help` for none.

A verb's summary stands here so that help need not load the verb; a test keeps the two in step.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import typer
from typer.core import TyperGroup

if TYPE_CHECKING:
    from collections.abc import Iterator

    from typer import Context


class Verb(NamedTuple):
    """Where in `arcctl.commands` a verb is, and the first sentence of its help."""

    module: str
    name: str
    summary: str


VERBS = {
    "connect": Verb("connect", "connect", "Connect a Kubernetes cluster to Azure Arc."),
    "show": Verb("inventory", "show", "Show a connected cluster and whether it is alive."),
    "list": Verb(
        "inventory", "list_clusters", "List the connected clusters of a group or a subscription."
    ),
    "delete": Verb(
        "delete",
        "delete",
        "Remove a cluster from Azure Arc: its resource, what hangs on it, and the agents.",
    ),
    "wait": Verb(
        "wait",
        "wait",
        "Wait until a cluster is created, connected, updated or deleted, or as a query says.",
    ),
    "check": Verb(
        "check", "check", "Say what is wrong with a cluster, why, and what to type next."
    ),
    "troubleshoot": Verb(
        "troubleshoot",
        "troubleshoot",
        "Find out what is wrong with a cluster, and collect it all in one archive, without secrets.",
    ),
    "update": Verb(
        "update",
        "update",
        "Change a connected cluster: its tags, its proxy, how its agents behave.",
    ),
    "upgrade": Verb(
        "upgrade", "upgrade", "Upgrade the agents of a cluster that does not upgrade itself."
    ),
    "enable-features": Verb(
        "features",
        "enable_features",
        "Enable cluster connect, Azure RBAC or custom locations on a connected cluster.",
    ),
    "disable-features": Verb(
        "features",
        "disable_features",
        "Disable cluster connect, Azure RBAC or custom locations on a connected cluster.",
    ),
    "proxy": Verb(
        "proxy",
        "proxy",
        "Open a way into a connected cluster through Azure, for kubectl, until Ctrl-C.",
    ),
    "move": Verb(
        "move",
        "move",
        "Move a connected cluster to another region, name, group or subscription; lose nothing.",
    ),
    "resume": Verb(
        "resume",
        "resume",
        "Take up a run that was cut or has stopped part-way, on whatever machine.",
    ),
    "rollback": Verb(
        "rollback",
        "rollback",
        "Take a run back: undo it before the point of no return, find the way back after it.",
    ),
    "history": Verb(
        "history",
        "history",
        "Show the runs that this machine and the cluster know of, or all that happened in one.",
    ),
    "config": Verb(
        "config",
        "app",
        "The extensions and configurations of a cluster: listed, kept in files, compared.",
    ),
    "sandbox": Verb("sandbox", "app", "A small Azure to practise in."),
}


SHELL_ALONE = (["--install-completion"], ["--show-completion"])


class Loaded(Mapping[str, Any]):
    """Typer's commands by verb, each made when it is first asked for."""

    def __init__(self) -> None:
        self._made: dict[str, Any] = {}

    def __getitem__(self, verb: str) -> Any:
        if verb not in self._made:
            self._made[verb] = _made(verb, VERBS[verb])
        return self._made[verb]

    def __iter__(self) -> Iterator[str]:
        return iter(VERBS)

    def __len__(self) -> int:
        return len(VERBS)


class Verbs(TyperGroup):
    """What stands behind the word `arcctl`."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands = Loaded()  # type: ignore[assignment] # nobody adds to it

    def parse_args(self, ctx: Context, args: list[str]) -> list[str]:  # type: ignore[override] # as below
        """Read the words; a shell that is not named is the one that asks."""
        return super().parse_args(ctx, [*args, ""] if args in SHELL_ALONE else args)

    def list_commands(self, ctx: Context) -> list[str]:  # type: ignore[override] # Typer's public name of it
        """Return the verbs in the order of their use."""
        return list(VERBS)

    def format_commands(self, ctx: Context, formatter: Any) -> None:  # type: ignore[override] # as above
        """Write the verbs and their summaries."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, verb.summary) for name, verb in VERBS.items()])


def _made(word: str, verb: Verb) -> Any:
    from importlib import import_module

    from arcctl.commands.spelling import AzCommand

    found = getattr(import_module(f"arcctl.commands.{verb.module}"), verb.name)
    if isinstance(found, typer.Typer):
        command: Any = typer.main.get_group(found)
        command.name = word
        return command
    alone = typer.Typer(add_completion=False, rich_markup_mode=None)
    alone.command(word, cls=AzCommand)(found)
    return typer.main.get_command(alone)
