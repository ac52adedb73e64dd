"""Starting, finding, asking and stopping a sandbox from another process.

The sandbox's process belongs to nobody's terminal: it has a session of its own, so Ctrl-C does
not reach it, and whoever starts it for one command holds a lifeline that ends it.
"""

from __future__ import annotations

import json
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import arcctl
from arcctl.errors import SandboxError, UsageError
from arcctl.sandbox.home import Home

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from arcctl.sandbox.options import Options

_START_PATIENCE = 30.0
_STOP_PATIENCE = 10.0
_MISSING = "the sandbox needs packages that are not installed"


@dataclass(frozen=True, slots=True)
class Running:
    """A sandbox that runs: its process, its address, and what to put into the environment."""

    process: int
    url: str
    environment: dict[str, str]
    sign_ins: list[dict[str, str]]
    contexts: tuple[str, ...]
    profile: str
    started: str

    @classmethod
    def found(cls, home: Home) -> Running | None:
        state = home.state()
        return cls(**{**state, "contexts": tuple(state["contexts"])}) if state else None


def up(options: Options) -> tuple[Running, bool]:
    """Start a sandbox in the background, unless one runs; tell which, and whether it is new."""
    home = Home(options.home)
    if running := Running.found(home):
        return running, False
    _start(options, home)
    return _insist(home), True


def status(home: Home) -> Running:
    """Return the sandbox that runs; raise SandboxError when none does."""
    return _insist(home)


def down(home: Home) -> bool:
    """Stop the sandbox and wait until it is gone; return False when none ran."""
    running = Running.found(home)
    if running is None:
        return False
    os.kill(running.process, signal.SIGTERM)
    if not _gone(home):
        os.kill(running.process, signal.SIGKILL)
        _gone(home)
    return True


def execute(options: Options, command: Sequence[str]) -> int:
    """Run a command with a sandbox around it; return the command's exit code.

    A sandbox that runs already is used and left alone. One that is started for the command lies
    in a folder of its own, so two commands side by side do not meet.
    """
    if running := Running.found(Home(options.home)):
        return _run(command, running.environment)
    own = replace(options, home=options.home / f"exec-{os.getpid()}")
    try:
        with _tied(own) as (_, running):
            return _run(command, running.environment)
    finally:
        shutil.rmtree(own.home, ignore_errors=True)


def foreground(options: Options, announce: Callable[[Running], None]) -> None:
    """Run a sandbox until Ctrl-C, or until somebody else stops it."""
    with _tied(options) as (process, running), suppress(KeyboardInterrupt):
        announce(running)
        process.wait()


def plan(text: str) -> Any:
    """Read faults given as JSON; `@FILE` names a file that holds them."""
    try:
        return json.loads(Path(text[1:]).read_text() if text.startswith("@") else text)
    except (OSError, ValueError) as error:
        raise UsageError("the plan cannot be read", why=str(error)) from error


def ask(home: Home, method: str, path: str, body: Any = None) -> Any:
    """Send a request to the running sandbox's own endpoints (`admin.py`)."""
    import ssl
    import urllib.error
    import urllib.request

    running = _insist(home)
    url = f"{running.url}/_sandbox/{path}"
    data = None if body is None else json.dumps(body).encode()
    headers = {"X-Sandbox-Secret": running.environment["ARCCTL_SANDBOX_SECRET"]}
    request = urllib.request.Request(url, data, headers, method=method)
    no_proxies = urllib.request.ProxyHandler({})
    tls = urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=str(home.ca)))
    try:
        with urllib.request.build_opener(no_proxies, tls).open(request, timeout=30) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        raise SandboxError("the sandbox refused", why=_reason(error.read())) from error
    except OSError as error:
        raise SandboxError(f"the sandbox at {url} does not answer", why=str(error)) from error


def _reason(body: bytes) -> str:
    try:
        return str(json.loads(body)["error"])
    except (ValueError, KeyError, TypeError):
        return body.decode(errors="replace")[:300]


def _insist(home: Home) -> Running:
    running = Running.found(home)
    if running is None:
        raise SandboxError(
            "no sandbox is running", code="sandbox-absent", hints="arcctl sandbox up"
        )
    return running


def _gone(home: Home) -> bool:
    deadline = time.monotonic() + _STOP_PATIENCE
    while home.is_held():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


@contextmanager
def _tied(options: Options) -> Iterator[tuple[subprocess.Popen[bytes], Running]]:
    """A sandbox that ends with the block, and with this process however that ends."""
    home = Home(options.home)
    process = _start(options, home, lifeline=True)
    try:
        yield process, _insist(home)
    finally:
        assert process.stdin is not None
        process.stdin.close()
        try:
            process.wait(_STOP_PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _run(command: Sequence[str], environment: dict[str, str]) -> int:
    """Run a command that shares our terminal; what the terminal tells us, it tells the command."""
    try:
        process = subprocess.Popen(command, env=_seen_by_commands(environment))
    except OSError as error:
        raise SandboxError(f"{command[0]} cannot be started", why=str(error)) from error
    before = [
        (number, signal.signal(number, lambda given, _: _pass_on(process, given)))
        for number in (signal.SIGINT, signal.SIGTERM)
    ]
    try:
        code = process.wait()
    finally:
        for number, handler in before:
            signal.signal(number, handler)
    return code if code >= 0 else 128 - code


def _seen_by_commands(environment: dict[str, str]) -> dict[str, str]:
    """Return what the command sees; arcctl's own folder is on its PATH, if only at the end."""
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), str(Path(sys.executable).parent)])
    return {**os.environ, "PATH": path, **environment}


def _pass_on(process: subprocess.Popen[bytes], number: int) -> None:
    # Ctrl-C reaches the command by itself: it is in the terminal's group, as we are.
    if number == signal.SIGTERM:
        process.terminate()


def _start(options: Options, home: Home, *, lifeline: bool = False) -> subprocess.Popen[bytes]:
    """Start the process and return when it is ready; raise SandboxError when it cannot be."""
    _insist_on_packages()
    home.write(home.log, "")
    arguments = [sys.executable, "-m", "arcctl.sandbox", options.to_json()]
    with home.log.open("ab") as log:
        process = subprocess.Popen(
            [*arguments, *(["lifeline"] if lifeline else [])],
            stdin=subprocess.PIPE if lifeline else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            # So that `-m` finds this arcctl, and never a namesake in the current folder.
            cwd=Path(arcctl.__file__).parents[1],
            start_new_session=True,
        )
    line = _first_line(process)
    if line != "ready":
        process.kill()
        process.wait()
        raise _failure(line, home)
    return process


def _first_line(process: subprocess.Popen[bytes]) -> str:
    assert process.stdout is not None
    with process.stdout as stdout:
        readable, _, _ = select.select([stdout], [], [], _START_PATIENCE)
        return stdout.readline().decode().strip() if readable else ""


def _failure(line: str, home: Home) -> SandboxError:
    if line.startswith("{"):
        told = json.loads(line)
        return SandboxError(told["message"], why=tuple(told["why"]), hints=tuple(told["hints"]))
    last = home.log.read_text(errors="replace").strip().splitlines()[-1:]
    return SandboxError("the sandbox did not start", why=tuple(last), hints=f"read {home.log}")


def _insist_on_packages() -> None:
    from importlib.util import find_spec

    missing = [name for name in ("aiohttp", "trustme") if find_spec(name) is None]
    if missing:
        raise SandboxError(
            _MISSING,
            code="sandbox-extra",
            why=", ".join(missing),
            hints="install arcctl with the extra: pip install '.[sandbox]' or 'arcctl[sandbox]'",
        )
