"""kwokctl as the test bed uses it: everything on loopback, every run bounded."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
from pathlib import Path

from tests.cluster.build import KUBERNETES

NAME = "arcctl-test"
SERVERS = ["etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler"]
PORTS = [*SERVERS, "etcd-peer", "kwok"]


def kwokctl(folder: Path, home: Path, *arguments: str) -> None:
    """Run `folder`'s kwokctl on the cluster that lives in `home`."""
    environment = {**os.environ, "HOME": str(home), "KWOK_KUBE_VERSION": KUBERNETES}
    run([folder / "kwokctl", *arguments, "--name", NAME], environment=environment)


def programs(folder: Path) -> list[str]:
    """Flags that name the binaries."""
    named = {"kwok-controller": "kwok", **{name: name for name in SERVERS}}
    return [f"--{component}-binary={folder / file}" for component, file in named.items()]


def listening(ports: dict[str, int]) -> list[str]:
    """Flags that keep every component on loopback, where kwokctl alone would open all doors."""
    peer = f"http://127.0.0.1:{ports['etcd-peer']}"
    extra = {
        "kube-apiserver": ["bind-address=127.0.0.1"],
        "kube-controller-manager": ["bind-address=127.0.0.1"],
        "kube-scheduler": ["bind-address=127.0.0.1"],
        "kwok-controller": [f"server-address=127.0.0.1:{ports['kwok']}"],
        "etcd": [
            f"listen-client-urls=http://127.0.0.1:{ports['etcd']}",
            f"listen-peer-urls={peer}",
            f"initial-advertise-peer-urls={peer}",
            f"initial-cluster=node0={peer}",
            "unsafe-no-fsync=true",  # nothing in it outlives the test run
        ],
    }
    return [
        *[f"--{name}-port={ports[name]}" for name in SERVERS],
        f"--controller-port={ports['kwok']}",
        *[f"--extra-args={name}={flag}" for name, flags in extra.items() for flag in flags],
    ]


def free_ports() -> dict[str, int]:
    """A port for each component, chosen together so that no two are the same."""
    with contextlib.ExitStack() as doors:
        sockets = [doors.enter_context(socket.socket()) for _ in PORTS]
        for door in sockets:
            door.bind(("127.0.0.1", 0))
        return {name: door.getsockname()[1] for name, door in zip(PORTS, sockets, strict=True)}


def processes(home: Path) -> list[int]:
    """Living processes whose command line names `home`: the cluster's components."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            if f"{home}/".encode() in entry.read_bytes():
                found.append(int(entry.parent.name))
    return found


def run(
    command: list[str | Path],
    *,
    stdin: str | None = None,
    environment: dict[str, str] | None = None,
    seconds: float = 90,
) -> str:
    """Stdout of a program that must succeed; if it does not, the error says what it said."""
    done = subprocess.run(
        command,
        input=stdin,
        env=environment,
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )
    if done.returncode:
        line = " ".join(map(str, command))
        raise RuntimeError(f"exit {done.returncode} of {line}\n{done.stderr[-2000:]}")
    return done.stdout
