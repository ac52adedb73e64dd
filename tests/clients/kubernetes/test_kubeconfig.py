"""The kubeconfig is found as kubectl finds it, and what is wrong with it is said plainly."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import yaml
from arcctl.clients.kubernetes import Kubernetes
from arcctl.errors import ClusterError
from tests.clients.kubernetes.api import settings, write

if TYPE_CHECKING:
    from pathlib import Path

SERVER = {"server": "https://127.0.0.1:1/"}


async def refused(
    path: Path | None, environ: dict[str, str] | None = None, **flags: Any
) -> ClusterError:
    """Open what cannot be opened, and return the error."""
    with pytest.raises(ClusterError) as raised:
        await Kubernetes.open(settings(path, environ, **flags))
    assert raised.value.code == "AZK8S0200"
    assert raised.value.why
    assert raised.value.hints
    return raised.value


async def test_the_flag_comes_first(tmp_path: Path) -> None:
    """`--kube-config` wins over KUBECONFIG."""
    write(tmp_path / "flag", SERVER, {}, name="flag")
    write(tmp_path / "variable", SERVER, {}, name="variable")
    environ = {"KUBECONFIG": str(tmp_path / "variable")}
    cluster = await Kubernetes.open(settings(tmp_path / "flag", environ))
    assert (cluster.context, cluster.cluster_name) == ("flag", "flag-cluster")
    assert cluster.server == "https://127.0.0.1:1"
    assert cluster.files == (str(tmp_path / "flag"),)


async def test_the_home_folder_comes_last(tmp_path: Path) -> None:
    """Without flag and variable it is `~/.kube/config`, of the home that the settings name."""
    (tmp_path / ".kube").mkdir()
    write(tmp_path / ".kube" / "config", SERVER, {})
    cluster = await Kubernetes.open(settings(None, {"HOME": str(tmp_path)}))
    assert cluster.files == (str(tmp_path / ".kube" / "config"),)


async def test_several_files_are_merged(tmp_path: Path) -> None:
    """The first file's current context counts, as for kubectl, and any context can be chosen."""
    write(tmp_path / "one", SERVER, {}, name="one")
    write(tmp_path / "two", {"server": "https://two.example"}, {}, name="two")
    listed = {"KUBECONFIG": f"{tmp_path / 'one'}:{tmp_path / 'absent'}:{tmp_path / 'two'}"}
    assert (await Kubernetes.open(settings(None, listed))).context == "one"
    chosen = await Kubernetes.open(settings(None, listed, kube_context="two"))
    assert chosen.server == "https://two.example"
    assert chosen.files == (str(tmp_path / "one"), str(tmp_path / "two"))


async def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    """The message holds the path that was looked at."""
    error = await refused(tmp_path / "absent")
    assert error.message == "no kubeconfig found"
    assert error.why == (f"{tmp_path / 'absent'}: no such file",)


@pytest.mark.parametrize(
    "content",
    [b"", b"just words", b"- a\n- list", b"a: b: c\n", b"\xff\xfe\x00", b"contexts: 3\n"],
    ids=["empty", "words", "list", "bad YAML", "not text", "wrong shape"],
)
async def test_a_file_that_is_no_kubeconfig_is_named(tmp_path: Path, content: bytes) -> None:
    """Whatever the file holds, the error names it."""
    path = tmp_path / "config"
    path.write_bytes(content)
    error = await refused(path)
    assert str(path) in error.message + " ".join(error.why)


async def test_a_folder_is_no_kubeconfig(tmp_path: Path) -> None:
    """A path that cannot be read as a file says why."""
    assert "cannot read" in (await refused(tmp_path)).message


async def test_an_unknown_context_lists_the_known_ones(tmp_path: Path) -> None:
    """The next thing to type stands in the message."""
    write(tmp_path / "config", SERVER, {})
    error = await refused(tmp_path / "config", kube_context="depot")
    assert error.message == "no context depot in the kubeconfig"
    assert error.why[0] == "contexts: harbor"


async def test_no_current_context_lists_the_known_ones(tmp_path: Path) -> None:
    """A kubeconfig with contexts but no choice is told apart from a broken one."""
    path = tmp_path / "config"
    write(path, SERVER, {})
    path.write_text(path.read_text().replace("current-context: harbor", ""))
    error = await refused(path)
    assert error.message == "the kubeconfig has no current context"
    assert error.why[0] == "contexts: harbor"


async def test_a_cluster_without_a_server_is_named(tmp_path: Path) -> None:
    """A context has to lead somewhere."""
    write(tmp_path / "config", {}, {})
    assert (await refused(tmp_path / "config")).message == "context harbor leads to no server"


async def test_a_user_that_no_file_defines_is_named(tmp_path: Path) -> None:
    """Going on without credentials would end in a puzzling 403."""
    path = tmp_path / "config"
    write(path, SERVER, {})
    content = yaml.safe_load(path.read_text())
    content["users"] = []
    path.write_text(yaml.safe_dump(content))
    assert "names a user that is not there: harbor" in (await refused(path)).message


async def test_a_missing_client_certificate_is_named(tmp_path: Path) -> None:
    """The path of the file stands in the error."""
    write(tmp_path / "config", SERVER, {"client-certificate": "gone.pem", "client-key": "gone.key"})
    error = await refused(tmp_path / "config")
    assert "gone.pem" in error.why[0]


async def test_a_certificate_that_is_none_is_refused(tmp_path: Path) -> None:
    """A certificate file with other content is a fault of the kubeconfig, not a crash."""
    (tmp_path / "ca.pem").write_text("not a certificate")
    write(tmp_path / "config", {**SERVER, "certificate-authority": "ca.pem"}, {})
    assert "certificates" in (await refused(tmp_path / "config")).message


async def test_a_broken_entry_does_not_show_its_secrets(tmp_path: Path) -> None:
    """The package's own message would quote the whole entry, token and all."""
    path = tmp_path / "config"
    write(path, SERVER, {"token": "marked", "exec": {"command": "x"}})
    content = yaml.safe_load(path.read_text())
    content["users"][0]["user"] = {"auth-provider": {"name": "oidc", "config": {"a": "marked"}}}
    path.write_text(yaml.safe_dump(content))
    error = await refused(path)
    assert "marked" not in str(error.message) + "".join(error.why)


@pytest.mark.parametrize(
    ("server", "found"),
    [
        (f"https://127.0.0.1:47011/{'ab' * 32}", "ab" * 32),
        ("https://127.0.0.1:6443", None),
        (f"https://10.0.0.1:47011/{'ab' * 32}", None),
        ("https://127.0.0.1:47011/proxy", None),
    ],
)
async def test_a_cluster_connect_proxy_is_recognised(
    tmp_path: Path, server: str, found: str | None
) -> None:
    """Only its loopback address with a SHA-256 is one; a local cluster is none."""
    write(tmp_path / "config", {"server": server}, {})
    cluster = await Kubernetes.open(settings(tmp_path / "config"))
    assert cluster.through_cluster_connect() == found
