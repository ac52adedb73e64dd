"""A cluster connected, looked at, deleted and moved, on a sandbox of its own, for somebody who watches.

Every command is a real arcctl in a process of its own, and is shown as a person would type it.
"""

from __future__ import annotations

import os
import shlex
import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, TextIO

from arcctl.errors import ExitCode, Interrupted
from arcctl.sandbox import lifecycle
from arcctl.sandbox.home import Home
from arcctl.sandbox.options import Options

if TYPE_CHECKING:
    from arcctl.sandbox.lifecycle import Running

_WHICH = "-n harbor -g edge"
_GOOD = "That was all of it: connected, seen alive, removed, and moved with nothing lost; the sandbox is gone too."
_BAD = "The demo did not end as it should; the sandbox is gone."
# What would send the demo elsewhere than to its sandbox; where helm is may stay known.
_FOREIGN = ("ARCCTL_", "AZURE_", "ARM_", "HELM", "KUBE", "RELEASETRAIN")
_KEPT = {"ARCCTL_HELM", "ARCCTL_HELM_BASE_URL", "HELM_CLIENT_PATH"}


MANIFEST = "harbor.yaml"
_CHILDREN = """\
format: arcctl.configuration/1
children:
- kind: extensions
  name: flux
  apiVersion: 2025-03-01
  body:
    identity: {type: SystemAssigned}
    properties: {extensionType: microsoft.flux, autoUpgradeMinorVersion: true}
- kind: fluxConfigurations
  name: shop
  apiVersion: 2025-04-01
  body:
    properties:
      scope: cluster
      namespace: shop
      sourceKind: GitRepository
      gitRepository: {url: https://git.example.com/shop, repositoryRef: {branch: main}}
      kustomizations: {base: {path: ./base, prune: true}}
"""


@dataclass(frozen=True, slots=True)
class Act:
    """A sentence, the command line it is about, and what is true afterwards.

    `piped` is added where arcctl, in a pipe, would write JSON that no person wants to read.
    """

    sentence: str
    line: str
    clusters: int
    changes: bool
    piped: str = ""


ACTS = (
    Act("Connect a cluster.", f"connect {_WHICH} -l eastus", 1, True, "-o none"),
    Act("Is it alive?", f"show {_WHICH} --exit-status", 1, False, "-o table"),
    Act("And its agents, one by one?", f"show {_WHICH} --agents", 1, False, "-o table"),
    Act("All clusters of the subscription.", "list -o table", 1, False),
    Act("Again: what is so already stays.", f"connect {_WHICH} -l eastus", 1, False, "-o none"),
    Act("Take it out again.", f"delete {_WHICH} --yes", 0, True),
    Act("Once more, to move it later.", f"connect {_WHICH} -l eastus", 1, True, "-o none"),
    Act(
        "Give it an extension and a Flux configuration.",
        f"config apply {_WHICH} --file {MANIFEST} --yes",
        1,
        True,
        "-o none",
    ),
    Act(
        "Move it to another region; its workloads run on.",
        f"move {_WHICH} --target-region westeurope --yes",
        1,
        True,
        "-o none",
    ),
    Act("Is everything there?", f"config diff {MANIFEST} edge/harbor", 1, False, "-o table"),
)


def play(err: TextIO) -> bool:
    """Perform all acts; return whether each ended as it should. Nothing is left behind.

    Raise Interrupted where the person has seen enough.
    """
    ended: list[bool] = []
    with TemporaryDirectory(prefix="arcctl-demo-") as folder:
        options = Options(home=Path(folder) / "sandbox", profile="demo")
        _settle_in(Path(folder))

        def perform(running: Running) -> None:
            err.write(f"A sandbox Azure with one Kubernetes cluster runs at {running.url}.\n")
            try:
                ended.append(all(_act(act, options, err) for act in ACTS))
            finally:
                lifecycle.down(Home(options.home))

        lifecycle.foreground(options, perform)
    if not ended:
        raise Interrupted("the demo was stopped; its sandbox is gone")
    err.write(f"\n{_GOOD if ended[0] else _BAD}\n")
    return ended[0]


def _settle_in(folder: Path) -> None:
    """Point the acts at `folder`, away from what is the person's; only a fetched helm is kept."""
    kept = _user_cache() / "helm"
    for name in _KEPT & os.environ.keys():
        if (place := Path(os.environ[name])).exists():
            os.environ[name] = str(place.absolute())
    for name in [name for name in os.environ if name.startswith(_FOREIGN)]:
        if name not in _KEPT:
            del os.environ[name]  # this process is the demo's alone
    os.environ["ARCCTL_HOME"] = str(folder / "arcctl")
    os.environ["AZURE_CONFIG_DIR"] = str(folder / "az")
    os.environ["KUBECACHEDIR"] = str(folder / "kube")
    kept.mkdir(parents=True, exist_ok=True)
    (folder / "arcctl" / "cache").mkdir(parents=True)
    (folder / "arcctl" / "cache" / "helm").symlink_to(kept, target_is_directory=True)
    (folder / MANIFEST).write_text(_CHILDREN, encoding="utf-8")
    os.chdir(folder)  # so that the acts read as a person would type them


def _user_cache() -> Path:
    if moved := os.environ.get("ARCCTL_HOME"):
        return Path(moved).absolute() / "cache"
    import platformdirs

    return platformdirs.user_cache_path("arcctl", appauthor=False)


def _act(act: Act, options: Options, err: TextIO) -> bool:
    """Perform one act, and ask the sandbox whether the world is now as it should be."""
    line = act.line if sys.stdout.isatty() else f"{act.line} {act.piped}".rstrip()
    err.write(f"\n{act.sentence}\n$ arcctl {line}\n")
    err.flush()
    _, before = _world(options.home)
    code = lifecycle.execute(options, [sys.executable, "-m", "arcctl", *shlex.split(line)])
    if code == ExitCode.INTERRUPTED:
        raise KeyboardInterrupt
    clusters, writes = _world(options.home)
    if (code, clusters, writes > before) == (0, act.clusters, act.changes):
        return True
    err.write(
        f"It ended with {code}, {clusters} clusters and {writes - before} changes of Azure.\n"
    )
    return False


def _world(home: Path) -> tuple[int, int]:
    """Count the connected clusters there are, and the changes that Azure was asked for so far."""
    held = lifecycle.ask(Home(home), "GET", "status")
    asked = lifecycle.ask(Home(home), "GET", "journal?service=arm")["entries"]
    clusters = sum(held[name] for name in held if name.lower() == "connectedclusters")
    return clusters, sum(entry["method"] in {"PUT", "PATCH", "DELETE"} for entry in asked)
