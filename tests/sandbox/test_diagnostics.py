"""The checks that run in the cluster before it is connected can be run in the sandbox."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.sandbox.programs import output

if TYPE_CHECKING:
    from pathlib import Path

    from arcctl.sandbox.server import Sandbox

JOB = "cluster-diagnostic-checks-job"


@pytest.mark.parametrize("program", ["helm3", "helm4"])
async def test_the_job_completes_and_its_log_passes(
    request: pytest.FixtureRequest, sandbox: Sandbox, kubectl: Path, program: str
) -> None:
    """Install the chart as the peer does (connectedk8s.md B.8), await the Job, read its log."""
    helm = request.getfixturevalue(program)
    environment = {**sandbox.environment, "HOME": str(sandbox.home.path)}
    authority = sandbox.options.authority(sandbox.port)
    chart = f"oci://{authority}/azurearck8s/helmchart/stable/clusterdiagnosticchecks"
    where = ("--namespace", "azure-arc-release")
    await output(
        helm, "upgrade", "--install", "cluster-diagnostic-checks", chart, *where,
        "--create-namespace", "--set", "global.location=westeurope", "--wait", "--timeout", "60s",
        environment=environment,
    )  # fmt: skip
    await output(
        kubectl, "wait", "--for=condition=complete", f"job/{JOB}", *where, "--timeout=20s",
        environment=environment,
    )  # fmt: skip
    log = await output(kubectl, "logs", f"job/{JOB}", *where, environment=environment)
    assert log.startswith("DNS Result:")
    assert "westeurope.dp.kubernetesconfiguration.azure.com" in log
    assert log.rstrip().endswith(": 200")


@pytest.mark.parametrize(("region", "code"), [("westeurope", "000"), ("eastus", "200")])
async def test_the_job_finds_a_closed_region(
    sandbox: Sandbox, helm3: Path, region: str, code: str
) -> None:
    """Only where the way is blocked; what is asked is the region that the job runs for."""
    sandbox.world.azure.plant({"unreachable": ["West Europe"]})
    environment = {**sandbox.environment, "HOME": str(sandbox.home.path)}
    authority = sandbox.options.authority(sandbox.port)
    chart = f"oci://{authority}/azurearck8s/helmchart/stable/clusterdiagnosticchecks"
    rendered = await output(
        helm3, "template", "checks", chart, "--set", f"global.location={region}",
        environment=environment,
    )  # fmt: skip

    assert f"{region}.dp.kubernetesconfiguration" in rendered
    assert f"healthCheck https://mcr.microsoft.com : {code}" in rendered
