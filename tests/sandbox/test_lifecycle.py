"""A sandbox is started, found, asked and stopped from the command line."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from typing import TYPE_CHECKING, Any

import pytest
from arcctl.errors import SandboxError
from arcctl.sandbox import environment, lifecycle
from arcctl.sandbox.home import Home
from arcctl.sandbox.options import Options
from arcctl.sandbox.server import Sandbox
from tests.sandbox.onboarding import until
from tests.sandbox.programs import output, ran

if TYPE_CHECKING:
    from pathlib import Path

SANDBOX = (sys.executable, "-m", "arcctl", "sandbox")


@pytest.fixture
def folder(home: Path) -> Path:
    """The folder in which the command line keeps its sandbox."""
    return home / "arcctl" / "state" / "sandbox"


@pytest.fixture
def stopped(folder: Path) -> Any:
    """Stop whatever a test has left running."""
    yield
    lifecycle.down(Home(folder))


async def arcctl(*arguments: str) -> tuple[int, str, str]:
    """Run `arcctl sandbox …` as a person does."""
    return await ran(*SANDBOX, *arguments)


def _passing(folder: Path) -> list[Home]:
    """Return the folders of sandboxes that were started for one command."""
    return [Home(path) for path in folder.glob("exec-*")]


def _exported(text: str) -> dict[str, str]:
    lines = [line.removeprefix("export ") for line in text.splitlines()]
    return dict(line.split("=", 1) for line in lines)


@pytest.mark.usefixtures("stopped")
async def test_up_prints_an_environment_that_works(kubectl: Path) -> None:
    """What `up` prints lets kubectl reach the cluster; data on stdout, a sentence on stderr."""
    code, out, err = await arcctl("up")
    assert code == 0, err
    assert err.startswith("Started: the sandbox at https://127.0.0.1:")
    nodes = await output(kubectl, "get", "nodes", "--output", "name", environment=_exported(out))
    assert len(nodes.splitlines()) == 3


@pytest.mark.usefixtures("stopped")
async def test_up_twice_finds_the_one_that_runs() -> None:
    """The second `up` starts nothing and prints the same lines."""
    _, first, _ = await arcctl("up")
    code, second, err = await arcctl("up", "--clusters", "2")
    assert code == 0
    assert second == first
    assert err.startswith("Already running: ")


@pytest.mark.usefixtures("stopped")
async def test_down_leaves_nothing_running() -> None:
    """After `down` the process is gone and `status` says that there is none, with the next step."""
    await arcctl("up")
    assert (await arcctl("down"))[0] == 0
    code, out, err = await arcctl("status")
    assert code == 1
    assert out == ""
    assert "no sandbox is running" in err
    assert "arcctl sandbox up" in err
    assert (await arcctl("down"))[0] == 0


@pytest.mark.usefixtures("stopped")
async def test_status_is_json_when_asked() -> None:
    """The state of the sandbox can be read by programs."""
    await arcctl("up", "--clusters", "2", "--profile", "recorded", "--nodes", "1")
    _, out, err = await arcctl("status", "-o", "json")
    shown = json.loads(out)
    assert shown["contexts"] == ["sandbox", "sandbox-2"], err
    assert shown["profile"] == "recorded"
    assert shown["crashes"] == 0


@pytest.mark.usefixtures("stopped")
async def test_faults_and_time_are_moved_from_the_command_line() -> None:
    """Plans are added, listed, cleared; time goes forward; reset forgets the plans."""
    await arcctl("up")
    plan = {"service": "arm", "method": "PUT", "action": {"status": 503}}
    assert (await arcctl("faults", "add", json.dumps(plan)))[0] == 0
    listed = json.loads((await arcctl("faults", "list"))[1])
    assert [each["action"] for each in listed["waiting"]] == [{"status": 503}]
    assert (await arcctl("faults", "clear"))[0] == 0
    assert json.loads((await arcctl("faults", "list"))[1])["waiting"] == []
    moved = json.loads((await arcctl("clock", "advance", "900"))[1])
    assert moved["offset"] >= 900
    assert (await arcctl("reset"))[0] == 0


@pytest.mark.usefixtures("stopped")
async def test_a_plan_that_makes_no_sense_is_refused_with_the_reason() -> None:
    """The sandbox's own words reach the person."""
    await arcctl("up")
    code, _, err = await arcctl("faults", "add", '{"service": "nobody", "action": {"status": 1}}')
    assert code == 1
    assert "service must be one of" in err
    code, _, err = await arcctl("faults", "add", "{")
    assert code == 2
    assert "the plan cannot be read" in err


async def test_exec_starts_a_sandbox_and_stops_it_after(folder: Path) -> None:
    """The command sees the environment, its exit code is ours, and nothing is left behind."""
    script = "import os, sys; print(os.environ['ARCCTL_CLOUD']); sys.exit(7)"
    code, out, _ = await arcctl("exec", "--", sys.executable, "-c", script)
    assert code == 7
    assert out.startswith("https://127.0.0.1:")
    assert _passing(folder) == []


async def test_a_command_inside_exec_finds_its_sandbox() -> None:
    """`arcctl sandbox status` in the command speaks of the sandbox around it."""
    code, out, err = await arcctl("exec", "--", *SANDBOX, "status", "-o", "json")
    assert code == 0, err
    assert json.loads(out)["contexts"] == ["sandbox"]


@pytest.mark.usefixtures("stopped")
async def test_exec_uses_the_sandbox_that_runs_and_leaves_it_alone() -> None:
    """With one running, `exec` starts no other, and `status` still finds it afterwards."""
    _, out, _ = await arcctl("up")
    script = "import os; print(os.environ['ARCCTL_CLOUD'])"
    _, seen, _ = await arcctl("exec", "--", sys.executable, "-c", script)
    assert seen.strip() == _exported(out)["ARCCTL_CLOUD"]
    assert (await arcctl("status"))[0] == 0


async def test_exec_says_which_command_is_missing() -> None:
    """A command that does not exist is an error with a sentence, not a traceback."""
    code, _, err = await arcctl("exec", "--", "no-such-program")
    assert code == 1
    assert "no-such-program cannot be started" in err


async def test_a_sandbox_does_not_outlive_an_exec_that_is_killed(folder: Path) -> None:
    """SIGKILL gives `exec` no time to tidy up; the lifeline ends the sandbox all the same."""
    process = await asyncio.create_subprocess_exec(
        *SANDBOX, "exec", "--", "sleep", "60", stdout=asyncio.subprocess.DEVNULL
    )
    homes: list[Home] = []

    def is_up() -> bool:
        homes[:] = _passing(folder)
        return bool(homes) and homes[0].state() is not None

    await until(is_up)
    process.kill()
    await process.wait()
    await until(lambda: not homes[0].is_held())


async def test_ctrl_c_is_for_the_command_and_the_sandbox_still_ends(folder: Path) -> None:
    """The command may answer Ctrl-C in its own way; what it returns is what `exec` returns."""
    script = (
        "import signal, sys, time\n"
        "signal.signal(signal.SIGINT, lambda *_: sys.exit(9))\n"
        "print('ready', flush=True)\n"
        "time.sleep(60)"
    )
    process = await asyncio.create_subprocess_exec(
        *SANDBOX, "exec", "--", sys.executable, "-c", script,
        stdout=asyncio.subprocess.PIPE, start_new_session=True,
    )  # fmt: skip
    assert process.stdout is not None
    assert await process.stdout.readline() == b"ready\n"
    os.killpg(process.pid, signal.SIGINT)
    assert await asyncio.wait_for(process.wait(), 20) == 9
    assert _passing(folder) == []


async def test_foreground_stays_until_it_is_told_to_end(folder: Path) -> None:
    """Ctrl-C ends a sandbox in the foreground, and the process with it."""
    process = await asyncio.create_subprocess_exec(
        *SANDBOX, "up", "--foreground",
        stdout=asyncio.subprocess.PIPE, start_new_session=True,
    )  # fmt: skip
    assert process.stdout is not None
    assert (await process.stdout.readline()).startswith(b"export ARCCTL_CLOUD=")
    await until(lambda: Home(folder).state() is not None)
    os.killpg(process.pid, signal.SIGINT)
    assert await asyncio.wait_for(process.wait(), 20) == 0
    assert not Home(folder).is_held()


async def test_a_port_that_is_taken_is_an_error_with_a_way_out(tmp_path: Path) -> None:
    """The reason comes from the system, the hint from us; nothing stays behind."""
    async with Sandbox(Options(home=tmp_path / "first")).running() as first:
        options = Options(home=tmp_path / "second", port=first.port)
        with pytest.raises(SandboxError) as refused:
            await asyncio.to_thread(lifecycle.up, options)
    assert refused.value.message == f"port {first.port} cannot be opened"
    assert "in use" in refused.value.why[0]
    assert refused.value.hints == ("arcctl sandbox up --port 0",)
    assert not Home(tmp_path / "second").is_held()


async def test_one_folder_holds_one_sandbox(tmp_path: Path) -> None:
    """A second sandbox in the same folder is refused while the first one lives."""
    async with Sandbox(Options(home=tmp_path)).running():
        with pytest.raises(SandboxError, match="already running"):
            async with Sandbox(Options(home=tmp_path)).running():
                raise AssertionError("two sandboxes in one folder")


async def test_a_process_that_died_is_not_taken_for_a_running_sandbox(tmp_path: Path) -> None:
    """State without the lock is what a crash leaves: nothing runs, and a new one may start."""
    home = Home(tmp_path)
    home.record({"process": os.getpid()})
    (tmp_path / "lock").touch()
    assert home.state() is None
    async with Sandbox(Options(home=tmp_path)).running() as sandbox:
        assert sandbox.port > 0


async def test_an_unknown_scenario_is_named_in_the_error(tmp_path: Path) -> None:
    """What the process cannot do, the command says."""
    options = Options(home=tmp_path, seed="nowhere")
    with pytest.raises(SandboxError) as refused:
        await asyncio.to_thread(lifecycle.up, options)
    assert "nowhere" in refused.value.why[0]


async def test_secrets_of_the_folder_are_for_its_owner_only(tmp_path: Path) -> None:
    """Kubeconfig and state give full rights to the sandbox: 0600 in a folder of 0700."""
    folder = tmp_path / "sandbox"
    async with Sandbox(Options(home=folder)).running() as sandbox:
        sandbox.home.record(sandbox.described())
        assert folder.stat().st_mode & 0o777 == 0o700
        for name in ("kubeconfig", "state.json"):
            assert (folder / name).stat().st_mode & 0o777 == 0o600


async def test_a_host_of_one_s_own_appears_in_every_url(tmp_path: Path) -> None:
    """`--host` names the sandbox everywhere; on port 443 no port is written (T8)."""
    options = Options(home=tmp_path, hosts=("login.arc.test",))
    async with Sandbox(options).running() as sandbox:
        authority = f"login.arc.test:{sandbox.port}"
        assert sandbox.environment["ARCCTL_CLOUD"] == f"https://{authority}"
        assert sandbox.world.agent_charts["stable"].startswith(f"{authority}/azurearck8s/")
        assert "login.arc.test" in sandbox.environment["NO_PROXY"].split(",")
    assert options.authority(443) == "login.arc.test"


@pytest.mark.parametrize(
    ("shell", "line"),
    [
        ("bash", "export NAME='it'\"'\"'s'"),
        ("fish", r"set -gx NAME 'it\'s'"),
        ("powershell", "$env:NAME = 'it''s'"),
    ],
)
def test_exports_are_quoted_for_the_shell(shell: str, line: str) -> None:
    """A value with a quote in it survives each shell."""
    assert list(environment.exports({"NAME": "it's"}, shell)) == [line]


def test_hosts_that_no_proxy_should_see_are_added_to_those_already_named() -> None:
    """The person's own exceptions stay."""
    hosts = environment.no_proxy(["login.arc.test"], {"no_proxy": "corp.example,localhost"})
    assert hosts == "127.0.0.1,localhost,::1,login.arc.test,corp.example"
