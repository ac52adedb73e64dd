"""helm learns what it needs, and what it learns goes no further."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from arcctl.clients.helm import Helm
from arcctl.clients.helm.environment import for_helm
from arcctl.clients.kubernetes import Kubernetes
from arcctl.errors import HelmError
from arcctl.settings import Flags, Settings
from tests.clients.helm.scripts import script
from tests.clients.kubernetes.api import write

if TYPE_CHECKING:
    from pathlib import Path

SPY = """
    import json, os, pathlib, sys
    if sys.argv[1] == "version":
        print("v4.2.3")
        sys.exit()
    seen = {"argv": sys.argv, "environ": dict(os.environ), "stdin": sys.stdin.read()}
    pathlib.Path(__file__).with_name("seen.json").write_text(json.dumps(seen))
    print("Pulled: registry.example/chart\\nDigest: sha256:0")
    print(json.dumps({"name": "r", "config": {"key": "marked"}, "info": {"status": "deployed"}}))
    print("Error: key marked-url https://u:marked-pass@host is bad", file=sys.stderr)
    sys.exit(int(os.environ.get("LC_FAIL", "0")))
    """


async def spied(
    folder: Path, user: dict[str, Any] | None = None, **environ: str
) -> tuple[Helm, Path]:
    """A program in helm's place that writes down all it learns."""
    write(folder / "config", {"server": "https://127.0.0.1:1"}, user or {"token": "marked-token"})
    path = script(folder, SPY, name="helm")
    settings = Settings(
        environ={"PATH": "/usr/bin:/bin", "HOME": str(folder), **environ},
        flags=Flags(kube_config=str(folder / "config")),
        helm=str(path),
        cache_home=folder / "cache",
    )
    helm = await Helm.open(settings, note=print)
    return helm.for_cluster(await Kubernetes.open(settings)), folder / "seen.json"


async def test_values_are_on_stdin_alone(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Neither argv nor environment nor the debug log holds one."""
    caplog.set_level("DEBUG")
    helm, seen = await spied(tmp_path)
    await helm.upgrade_install("r", tmp_path, "n", {"key": "marked"}, timeout=10)
    learned = json.loads(seen.read_text())
    assert json.loads(learned["stdin"]) == {"key": "marked"}
    assert "marked" not in str(learned["argv"]) + str(learned["environ"]) + caplog.text
    assert "upgrade" in caplog.text


async def test_the_cluster_is_named_by_files_and_context(tmp_path: Path) -> None:
    """Several files stay several files; the token is never an argument."""
    write(tmp_path / "more", {"server": "https://127.0.0.1:2"}, {}, name="depot")
    helm, seen = await spied(tmp_path)
    both = f"{tmp_path / 'config'}:{tmp_path / 'more'}"
    settings = Settings(environ={"KUBECONFIG": both}, flags=Flags(kube_context="depot"))
    await helm.for_cluster(await Kubernetes.open(settings)).status("r", "n")
    learned = json.loads(seen.read_text())
    assert learned["environ"]["KUBECONFIG"] == both
    assert learned["argv"][-2:] == ["--kube-context", "depot"]


async def test_helms_folders_are_private_to_the_call(tmp_path: Path) -> None:
    """What helm keeps for itself is gone with the call, and nobody's plug-ins run."""
    helm, seen = await spied(tmp_path, HELM_PLUGINS="/plugins", HELM_DATA_HOME="/data")
    await helm.status("r", "n")
    environ = json.loads(seen.read_text())["environ"]
    assert "HELM_PLUGINS" not in environ
    folders = {environ[f"HELM_{kind}_HOME"] for kind in ("CACHE", "CONFIG", "DATA")}
    assert len(folders) == 3
    assert "/data" not in folders


async def test_a_login_to_a_registry_is_still_found(tmp_path: Path) -> None:
    """`helm registry login` stored it in the folder that the private ones hide."""
    stored = tmp_path / ".config" / "helm" / "registry" / "config.json"
    stored.parent.mkdir(parents=True)
    stored.write_text("{}")
    helm, seen = await spied(tmp_path)
    await helm.status("r", "n")
    assert json.loads(seen.read_text())["environ"]["HELM_REGISTRY_CONFIG"] == str(stored)


async def test_what_helm_repeats_is_not_returned(tmp_path: Path) -> None:
    """Lines before the JSON are skipped, and the values in it left out."""
    helm, _ = await spied(tmp_path)
    release = await helm.upgrade_install("r", tmp_path, "n", {}, timeout=10)
    assert release == {"name": "r", "info": {"status": "deployed"}}


async def test_an_error_holds_no_password(tmp_path: Path) -> None:
    """What helm says on stderr is scrubbed, for the error and for whoever listens to lines."""
    lines: list[str] = []
    helm, _ = await spied(tmp_path, LC_FAIL="1")
    with pytest.raises(HelmError) as raised:
        await helm.upgrade_install("r", tmp_path, "n", {}, timeout=10, on_line=lines.append)
    told = " ".join(raised.value.why) + " ".join(lines)
    assert "marked-pass" not in told
    assert "marked-url https://[hidden]@host is bad" in told


FULL = {
    "PATH": "/bin",
    "HTTPS_PROXY": "http://proxy",
    "https_proxy": "http://proxy",
    "LC_ALL": "C",
    "AWS_PROFILE": "edge",
    "AZURE_CLIENT_SECRET": "marked",
    "AZURE_ACCESS_TOKEN": "marked",
    "GITHUB_TOKEN": "marked",
    "HELM_PLUGINS": "/plugins",
}


@pytest.mark.parametrize(
    ("plugin", "missing"),
    [
        (None, {"AWS_PROFILE", "AZURE_CLIENT_SECRET", "AZURE_ACCESS_TOKEN", "GITHUB_TOKEN"}),
        ("aws", {"AZURE_CLIENT_SECRET", "AZURE_ACCESS_TOKEN"}),
        ("kubelogin", set()),
    ],
)
def test_a_plugin_decides_what_helm_is_told(plugin: str | None, missing: set[str]) -> None:
    """Without one helm needs little; kubelogin alone signs in with Azure's secrets."""
    assert set(FULL) - set(for_helm(FULL, plugin)) == missing | {"HELM_PLUGINS"}
