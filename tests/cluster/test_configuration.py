"""Children live in a real cluster as they do in the embedded one (`arm.md` 4.6, `arc.md` E2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from arcctl.model import keys
from arcctl.sandbox.options import Options
from arcctl.sandbox.server import Sandbox
from tests.sandbox.living import Living, deployment, living

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.cluster.control_plane import ControlPlane

pytestmark = pytest.mark.cluster

DAPR = deployment("dapr-system", "dapr")
APPLIED = deployment("apps", "apps-all")


@pytest.fixture(params=["helm3", "helm4"])
async def busy(
    request: pytest.FixtureRequest, real_cluster: ControlPlane, tmp_path: Path
) -> AsyncIterator[Living]:
    """A real cluster with an extension, and a configuration that prunes."""
    context = real_cluster.kubectl("config", "current-context").strip()
    options = Options(
        tmp_path / "sandbox", kube_context=context, kube_config=str(real_cluster.kubeconfig)
    )
    helm: Path = request.getfixturevalue(request.param)
    async with Sandbox(options).running() as sandbox:
        async with living(sandbox, helm, keys.generate()) as found:
            await found.installed("extensions/dapr", extensionType="microsoft.dapr")
            await found.flux()
            for path in (DAPR, APPLIED):
                await found.until_there(
                    path, lambda it: (it.get("status") or {}).get("readyReplicas")
                )
            yield found
        assert sandbox.world.crashes == []


async def test_what_hears_the_deletion_prunes_a_real_cluster(busy: Living) -> None:
    """Workloads of Flux and of extensions go; the agents' own release stays."""
    listed = await busy.onboarding.run_helm("list", "-A", "-q")
    await busy.delete_cluster()
    await busy.heard("REMOVE", "extensions/flux")

    await busy.until_gone(APPLIED)
    await busy.until_gone(DAPR)
    assert sorted(listed.split()) == ["azure-arc", "dapr", "flux"]
    assert set(await busy.releases()) == {"azure-arc"}


async def test_a_real_cluster_keeps_every_uid_while_the_agents_are_quiet(busy: Living) -> None:
    """Deleted, agents removed, connected anew, put back: the same workloads, a revision more."""
    await busy.quiet()
    before = {name: uid for name, uid in (await busy.uids()).items() if "fluxconfig" not in name}
    await busy.delete_cluster()
    pair = keys.generate()
    busy.onboarding.register(pair)
    await busy.onboarding.run_helm("uninstall", "azure-arc", "--wait")
    await busy.until_gone("/api/v1/namespaces/azure-arc")
    await busy.onboarding.install(pair.private.reveal())
    await busy.onboarding.connected()
    await busy.installed("extensions/flux", extensionType="microsoft.flux")
    await busy.installed("extensions/dapr", extensionType="microsoft.dapr")
    await busy.flux()

    assert before.items() <= (await busy.uids()).items()
    assert (await busy.releases())["dapr"] == (2, "deployed")
