"""The way into a cluster of one's own comes from one's own kubeconfig."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest
from arcctl.errors import SandboxError
from arcctl.sandbox import access
from arcctl.sandbox.options import Options
from arcctl.sandbox.server import Sandbox
from tests.sandbox.onboarding import Onboarding
from tests.sandbox.programs import output

if TYPE_CHECKING:
    from pathlib import Path

    from arcctl.model.keys import KeyPair


def _written(path: Path, name: str, **user: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    cluster = {"server": f"https://{name}.test", "certificate-authority": "ca.pem"}
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": name,
        "clusters": [{"name": name, "cluster": cluster}],
        "users": [{"name": name, "user": user}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
    }
    path.write_text(json.dumps(config))
    return path


def test_the_copy_has_the_chosen_context_and_whole_paths(tmp_path: Path) -> None:
    """Several files become one; what each names relative to itself still leads there."""
    first = _written(tmp_path / "a" / "config", "first", **{"client-key": "key.pem"})
    second = _written(tmp_path / "b" / "config", "second", tokenFile="/var/token")
    copy = json.loads(access.with_current("second", os.pathsep.join(map(str, (first, second)))))
    assert copy["current-context"] == "second"
    clusters = {each["name"]: each["cluster"] for each in copy["clusters"]}
    assert clusters["first"]["certificate-authority"] == str(tmp_path / "a" / "ca.pem")
    assert clusters["second"]["certificate-authority"] == str(tmp_path / "b" / "ca.pem")
    users = {each["name"]: each["user"] for each in copy["users"]}
    assert users["first"]["client-key"] == str(tmp_path / "a" / "key.pem")
    assert users["second"]["tokenFile"] == "/var/token"


def test_a_context_that_does_not_exist_is_named_in_the_error(tmp_path: Path) -> None:
    """The next command to type shows which contexts there are."""
    config = _written(tmp_path / "config", "first")
    with pytest.raises(SandboxError) as refused:
        access.by_context("missing", str(config))
    assert "missing" in refused.value.message
    assert refused.value.hints == ("kubectl config get-contexts",)


async def test_a_cluster_of_one_s_own_is_played_against(
    sandbox: Sandbox, tmp_path: Path, helm4: Path, kubectl: Path, pair: KeyPair
) -> None:
    """One sandbox plays the user's cluster for another: its agents connect to the second one."""
    options = Options(
        home=tmp_path / "second",
        kube_context="sandbox",
        kube_config=sandbox.environment["KUBECONFIG"],
    )
    async with Sandbox(options).running() as second:
        assert second.clusters == {}
        harbor = Onboarding(second, helm4)
        harbor.register(pair)
        await harbor.install(pair.private.reveal())
        await harbor.connected()
        context = await output(kubectl, "config", "current-context", environment=second.environment)
    assert context.strip() == "sandbox"
