"""`arcctl sandbox`: a small Azure to practise in, and a small Kubernetes where none is at hand."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

if TYPE_CHECKING:
    from arcctl.sandbox.home import Home
    from arcctl.sandbox.lifecycle import Running
    from arcctl.sandbox.options import Options

_PLAIN: dict[str, Any] = {"rich_markup_mode": None, "no_args_is_help": True}
app = typer.Typer(help="A small Azure to practise in.", **_PLAIN)
faults = typer.Typer(help="Bad days, planned: what shall go wrong, and what has.", **_PLAIN)
clock = typer.Typer(help="The sandbox's time.", **_PLAIN)
app.add_typer(faults, name="faults")
app.add_typer(clock, name="clock")

Port = Annotated[int, typer.Option(help="HTTPS port; 0 takes a free one.", metavar="N")]
Host = Annotated[
    list[str] | None,
    typer.Option(help="A further name for the certificate; the first one appears in all URLs."),
]
KubeContext = Annotated[
    str | None, typer.Option(help="Play against this cluster of yours, not an embedded one.")
]
KubeConfig = Annotated[str | None, typer.Option(help="The kubeconfig that has the context.")]
Profile = Annotated[
    Literal["instant", "recorded"],
    typer.Option(help="instant, or recorded: as slow as the real service was."),
]
Clusters = Annotated[int, typer.Option(help="How many embedded clusters.", min=1, max=50)]
Nodes = Annotated[int, typer.Option(help="How many nodes each of them has.", min=0, max=1000)]
Seed = Annotated[str, typer.Option(help="What is there from the start: nothing, demo or standing.")]
Shell = Annotated[Literal["bash", "fish", "powershell"], typer.Option(help="Whose words to use.")]
Output = Annotated[
    Literal["json", "plain"], typer.Option("--output", "-o", help="json, or plain lines.")
]
Command = Annotated[list[str], typer.Argument(help="The command and its arguments, after --.")]


@app.command()
def up(
    port: Port = 0,
    host: Host = None,
    kube_context: KubeContext = None,
    kube_config: KubeConfig = None,
    profile: Profile = "instant",
    clusters: Clusters = 1,
    nodes: Nodes = 3,
    seed: Seed = "",
    shell: Shell = "bash",
    foreground: Annotated[bool, typer.Option("--foreground", help="Stay in front.")] = False,
) -> None:
    """Start a sandbox and print its environment: eval "$(arcctl sandbox up)"."""
    from arcctl.sandbox import lifecycle

    options = _options(
        host,
        port=port,
        kube_context=kube_context,
        kube_config=kube_config,
        profile=profile,
        clusters=clusters,
        nodes=nodes,
        seed=seed,
    )
    if foreground:
        lifecycle.foreground(options, lambda running: _announce(running, shell, "Started"))
        return
    running, is_new = lifecycle.up(options)
    _announce(running, shell, "Started" if is_new else "Already running")


@app.command()
def down() -> None:
    """Stop the sandbox."""
    from arcctl.sandbox import lifecycle

    stopped = lifecycle.down(_home())
    typer.echo("Stopped." if stopped else "No sandbox was running.", err=True)


@app.command()
def status(output: Output = "plain") -> None:
    """Show the sandbox that runs."""
    from arcctl.sandbox import lifecycle

    running = lifecycle.status(_home())
    held = lifecycle.ask(_home(), "GET", "status")
    if output == "json":
        shown = {
            **held,
            "process": running.process,
            "contexts": running.contexts,
            "signIns": running.sign_ins,
        }
        typer.echo(json.dumps({**shown, "profile": running.profile}, indent=2))
        return
    contexts = ", ".join(running.contexts)
    typer.echo(f"{running.url}  process {running.process}, {running.profile}, {contexts}")


@app.command()
def reset(
    seed: Annotated[str | None, typer.Option(help="Begin with this scenario.")] = None,
) -> None:
    """Begin anew: empty Azure, empty clusters, no faults."""
    _ask("POST", "reset", {} if seed is None else {"seed": seed})
    typer.echo("The sandbox is as on its first day.", err=True)


@app.command(name="exec", context_settings={"ignore_unknown_options": True})
def execute(
    command: Command,
    kube_context: KubeContext = None,
    kube_config: KubeConfig = None,
    profile: Profile = "instant",
    clusters: Clusters = 1,
    nodes: Nodes = 3,
    seed: Seed = "",
) -> None:
    """Run a command in the sandbox's environment, starting a sandbox for it if none runs."""
    from arcctl.sandbox import lifecycle

    options = _options(
        kube_context=kube_context,
        kube_config=kube_config,
        profile=profile,
        clusters=clusters,
        nodes=nodes,
        seed=seed,
    )
    raise typer.Exit(lifecycle.execute(options, command))


@app.command()
def demo() -> None:
    """Watch arcctl at work, on a sandbox of its own.

    It connects a cluster, looks at it, and deletes it again.
    """
    import sys

    from arcctl.errors import ExitCode
    from arcctl.sandbox.demo import play

    raise typer.Exit(ExitCode.DONE if play(sys.stderr) else ExitCode.FAILED)


@faults.command(name="add")
def add_fault(
    plan: Annotated[str, typer.Argument(help="A plan, or a list of them, as JSON.")],
) -> None:
    """Plan a fault: '{"service": "arm", "method": "PUT", "action": {"status": 503}}'."""
    from arcctl.sandbox import lifecycle

    _show(_ask("POST", "faults", lifecycle.plan(plan)))


@faults.command(name="list")
def list_faults() -> None:
    """List the faults that wait, and those that happened."""
    _show(_ask("GET", "faults"))


@faults.command(name="clear")
def clear_faults() -> None:
    """Forget every fault."""
    _ask("DELETE", "faults")


@clock.command()
def advance(
    seconds: Annotated[float, typer.Argument(help="Seconds; time only goes forward.")],
) -> None:
    """Move the sandbox's time."""
    _show(_ask("POST", "clock", {"advance": seconds}))


def _options(host: list[str] | None = None, **given: Any) -> Options:
    from arcctl.sandbox.options import Options

    return Options(home=_home().path, hosts=tuple(host or ()), **given)


def _home() -> Home:
    import os

    from arcctl.sandbox.home import Home

    return Home.default(os.environ)


def _ask(method: str, path: str, body: Any = None) -> Any:
    from arcctl.sandbox import lifecycle

    return lifecycle.ask(_home(), method, path, body)


def _show(document: Any) -> None:
    typer.echo(json.dumps(document, indent=2))


def _announce(running: Running, shell: str, verb: str) -> None:
    from arcctl.sandbox.environment import exports

    for line in exports(running.environment, shell):
        typer.echo(line)
    typer.echo(
        f"{verb}: the sandbox at {running.url}; this shell sees it once the lines above are read.",
        err=True,
    )
