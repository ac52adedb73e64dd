"""The charts are pulled and rendered by both majors of the real helm."""

from __future__ import annotations

import json
import ssl
from typing import TYPE_CHECKING, Any

import pytest
import trustme
import yaml
from aiohttp import web
from arcctl.model.agents import AGENTS
from arcctl.model.cluster import crd_names
from arcctl.sandbox import registry
from arcctl.sandbox.door import Door
from tests.sandbox.programs import output

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from pathlib import Path

CHART = "azurearck8s/batch1/stable/v2/azure-arc-k8sagents"
CHECKS = "azurearck8s/helmchart/stable/clusterdiagnosticchecks"
NEWER, OLDER = "1.36.1", "1.34.2"


@pytest.fixture(params=["helm3", "helm4"])
def helm(request: pytest.FixtureRequest) -> Path:
    """Each test runs with both majors of helm."""
    return request.getfixturevalue(request.param)


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[tuple[str, Path]]:
    """A registry behind the sandbox's door: its host and port, and the file of its CA."""
    ca = trustme.CA()
    ca.cert_pem.write_to_path(tmp_path / "ca.pem")
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    ca.issue_cert("127.0.0.1").configure_cert(tls)
    app = web.Application()
    app.add_subapp("/v2", registry.application())
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    assert runner.server is not None
    door = Door(tls, runner.server, runner.server)
    yield f"127.0.0.1:{door.open(0)}", tmp_path / "ca.pem"
    await door.close()
    await runner.cleanup()


async def _pull(helm: Path, served: tuple[str, Path], folder: Path, *chart: str) -> Path:
    host, ca = served
    name, version = chart
    await output(
        helm, "pull", f"oci://{host}/{name}", "--version", version,
        "--untar", "--untardir", folder, environment={"SSL_CERT_FILE": str(ca)},
    )  # fmt: skip
    return folder / name.rpartition("/")[2]


async def _rendered(helm: Path, chart: Path, values: Mapping[str, Any]) -> list[dict[str, Any]]:
    text = await output(
        helm, "template", "azure-arc", chart, "--namespace", "azure-arc-release", "--values", "-",
        stdin=json.dumps(values),
    )  # fmt: skip
    return [document for document in yaml.safe_load_all(text) if document]


def _named(documents: list[dict[str, Any]], kind: str) -> dict[str, dict[str, Any]]:
    return {each["metadata"]["name"]: each for each in documents if each["kind"] == kind}


async def test_helm_renders_what_a_healthy_cluster_has(
    helm: Path, served: tuple[str, Path], tmp_path: Path
) -> None:
    """Pull 1.36.1 over TLS and find the namespace, the seven CRDs and every default agent."""
    chart = await _pull(helm, served, tmp_path, CHART, NEWER)
    documents = await _rendered(helm, chart, {})
    agents = _named(documents, "Deployment")
    expected = {a.name for a in AGENTS if a.feature in {"always", "cluster-connect", "newer"}}
    assert set(agents) == expected
    assert set(_named(documents, "CustomResourceDefinition")) == set(crd_names("com"))
    assert list(_named(documents, "Namespace")) == ["azure-arc"]
    shapes = {
        name: len(agent["spec"]["template"]["spec"]["containers"]) for name, agent in agents.items()
    }
    assert shapes["flux-logs-agent"] == 1
    assert shapes["clusterconnect-agent"] == shapes["extension-manager"] == 3
    assert shapes["config-agent"] == shapes["kube-aad-proxy"] == 2


async def test_the_identity_map_tells_whose_cluster_it_is(
    helm: Path, served: tuple[str, Path], tmp_path: Path
) -> None:
    """Values land in ConfigMap azure-clusterconfig, as text, whatever type they came as."""
    chart = await _pull(helm, served, tmp_path, CHART, NEWER)
    values = {
        "global": {"resourceName": "harbor", "location": "westeurope", "azureEnvironment": "X"},
        "systemDefaultValues": {"azureArcAgents": {"autoUpdate": False}},
    }
    data = _named(await _rendered(helm, chart, values), "ConfigMap")["azure-clusterconfig"]["data"]
    assert all(isinstance(value, str) for value in data.values())
    assert data["AZURE_RESOURCE_NAME"] == "harbor"
    assert data["AZURE_REGION"] == "westeurope"
    assert data["AZURE_ARC_AUTOUPDATE"] == "false"
    assert data["AZURE_ARC_HELM_NAMESPACE"] == "azure-arc-release"
    assert data["TAGS"] == "map[]"
    assert len(data) == 37


async def test_only_the_older_chart_always_makes_the_key_s_secret(
    helm: Path, served: tuple[str, Path], tmp_path: Path
) -> None:
    """Before 1.35.3 a forgotten key becomes an empty Secret; after, the Secret is not helm's."""
    older = await _pull(helm, served, tmp_path / "older", CHART, OLDER)
    newer = await _pull(helm, served, tmp_path / "newer", CHART, NEWER)
    secret = _named(await _rendered(helm, older, {}), "Secret")["azure-arc-connect-privatekey"]
    assert secret["data"]["privateKey"] in {"", None}
    assert _named(await _rendered(helm, newer, {}), "Secret") == {}
    given = await _rendered(helm, newer, {"global": {"onboardingPrivateKey": "PEM"}})
    assert _named(given, "Secret")["azure-arc-connect-privatekey"]["data"]["privateKey"] == "UEVN"


async def test_optional_agents_follow_their_features(
    helm: Path, served: tuple[str, Path], tmp_path: Path
) -> None:
    """Without cluster connect two agents are gone; with Azure RBAC `guard` is there."""
    chart = await _pull(helm, served, tmp_path, CHART, OLDER)
    features = {"clusterconnect-agent": {"enabled": "false"}, "guard": {"enabled": True}}
    documents = await _rendered(helm, chart, {"systemDefaultValues": features})
    agents = set(_named(documents, "Deployment"))
    assert "guard" in agents
    assert not agents & {"clusterconnect-agent", "kube-aad-proxy", "extension-events-collector"}
    assert len(agents) == 9


async def test_every_agent_but_the_first_waits_for_the_identity(
    helm: Path, served: tuple[str, Path], tmp_path: Path
) -> None:
    """All mount the identity certificate, except the one that fetches it."""
    chart = await _pull(helm, served, tmp_path, CHART, NEWER)
    agents = _named(await _rendered(helm, chart, {}), "Deployment")
    waiting = {
        name
        for name, agent in agents.items()
        for volume in agent["spec"]["template"]["spec"].get("volumes", [])
        if volume["secret"]["secretName"] == "azure-identity-certificate"
    }
    assert set(agents) - waiting == {"clusteridentityoperator"}


async def test_the_names_of_the_kinds_follow_the_cloud(
    helm: Path, served: tuple[str, Path], tmp_path: Path
) -> None:
    """The national clouds have domains of their own (connectedk8s.md B.7)."""
    chart = await _pull(helm, served, tmp_path, CHART, NEWER)
    cloud = {"global": {"azureEnvironment": "AZUREUSGOVERNMENTCLOUD"}}
    kinds = _named(await _rendered(helm, chart, cloud), "CustomResourceDefinition")
    assert set(kinds) == set(crd_names("us"))


async def test_the_diagnostics_job_carries_a_log_that_passes(
    helm: Path, served: tuple[str, Path], tmp_path: Path
) -> None:
    """The log's last network line ends in a status, and DNS is answered (connectedk8s.md B.8)."""
    chart = await _pull(helm, served, tmp_path, CHECKS, NEWER)
    values = {"global": {"location": "westeurope"}}
    job = _named(await _rendered(helm, chart, values), "Job")["cluster-diagnostic-checks-job"]
    template = job["spec"]["template"]
    log = template["metadata"]["annotations"]["sandbox.arcctl/log"]
    network = [line for line in log.splitlines() if line.startswith("Outbound Network")]
    assert log.startswith("DNS Result:")
    assert [line[-3:] for line in network] == ["200", "200"]
    assert "westeurope" in network[-1]
    assert template["spec"]["containers"][0]["name"] == "cluster-diagnostic-checks-container"


async def test_one_reference_serves_both_languages(
    helm3: Path, helm4: Path, served: tuple[str, Path], tmp_path: Path
) -> None:
    """Helm 3 speaks plain HTTP to a registry on loopback, helm 4 speaks TLS: same host and port."""
    third = await _pull(helm3, served, tmp_path / "3", CHART, NEWER)
    fourth = await _pull(helm4, served, tmp_path / "4", CHART, NEWER)
    values = [(chart / "values.yaml").read_bytes() for chart in (third, fourth)]
    assert values[0] == values[1]
