"""Whoever signs in for Azure proves the same to the relay, or hears why not."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import msal
import requests
import trustme
from arcctl.sandbox.azure import entra
from tests.stories.refusals import refused
from tests.stories.sessions import PROXY, free_port, opened

if TYPE_CHECKING:
    from pathlib import Path

    import pytest
    from tests.stage import Stage

NOBODY = {"AZURE_CLIENT_ID": "", "AZURE_CLIENT_SECRET": ""}
AZ = entra.PUBLIC_CLIENT


def token(stage: Stage, who: entra.Principal) -> str:
    """A token for Resource Manager, as az would give it to others."""
    world = stage.world
    return stage.within(lambda: world.azure.tokens.issue(who, world.base_url))


def nodes_through(stage: Stage, kubectl: Path, **environ: str) -> int:
    """Open a session and count nodes through it."""
    with opened(stage, **environ) as session:
        return session.ask(kubectl, "get nodes -o name").count("node/")


def test_a_federated_token_will_do(connected: Stage, kubectl: Path) -> None:
    """A pipeline has no secret."""
    (connected.folder / "federated").write_text(entra.FULL_RIGHTS.assertion)
    environ = {
        "AZURE_CLIENT_SECRET": "",
        "AZURE_FEDERATED_TOKEN_FILE": str(connected.folder / "federated"),
        "AZURE_TOKEN_CREDENTIALS": "WorkloadIdentityCredential",
    }

    assert nodes_through(connected, kubectl, **environ) == 3


def test_a_certificate_will_do(
    connected: Stage, kubectl: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It signs what proves the service principal."""
    issued = trustme.CA(key_type=trustme.KeyType.RSA).issue_cert(
        "pipeline.example", key_type=trustme.KeyType.RSA
    )
    path = connected.folder / "pipeline.pem"
    issued.private_key_and_cert_chain_pem.write_to_path(str(path))
    certificate = issued.cert_chain_pems[0].bytes().decode()
    connected.within(lambda: connected.world.azure.certificates.append(certificate))
    monkeypatch.delitem(connected.sandbox.environment, "AZURE_CLIENT_SECRET")

    assert nodes_through(connected, kubectl, AZURE_CLIENT_CERTIFICATE_PATH=str(path)) == 3


def test_a_person_who_az_has_signed_in(connected: Stage, kubectl: Path) -> None:
    """What az keeps of its sign-in gives the relay's token, too; az's files stay as they are."""
    folder, cache = connected.folder / "az", msal.SerializableTokenCache()
    folder.mkdir(exist_ok=True)
    session = requests.Session()
    session.trust_env, session.verify = False, str(connected.sandbox.home.ca)
    app = msal.PublicClientApplication(
        AZ,
        authority=f"{connected.world.base_url}/{entra.TENANT}",
        instance_discovery=False,
        token_cache=cache,
        http_client=session,
    )
    planted = "sandbox.planted"
    connected.within(lambda: connected.world.azure.refreshable.update({planted: entra.PERSON}))
    app.acquire_token_by_refresh_token(planted, [f"{connected.world.base_url}/.default"])
    kept = cache.serialize()
    (folder / "msal_token_cache.json").write_text(kept)
    environ = {
        "AZURE_ACCESS_TOKEN": token(connected, entra.PERSON),
        "AZURE_CONFIG_DIR": str(folder),
    }

    assert nodes_through(connected, kubectl, **NOBODY, **environ) == 3
    assert (folder / "msal_token_cache.json").read_text() == kept


def test_a_service_principal_that_az_has_signed_in(connected: Stage, kubectl: Path) -> None:
    """Its secret is where az keeps it."""
    folder, who = connected.folder / "az-app", entra.FULL_RIGHTS
    folder.mkdir(exist_ok=True)
    entry = {"client_id": who.client_id, "tenant": entra.TENANT, "client_secret": who.secret}
    (folder / "service_principal_entries.json").write_text(json.dumps([entry]))
    environ = {"AZURE_ACCESS_TOKEN": token(connected, who), "AZURE_CONFIG_DIR": str(folder)}

    assert nodes_through(connected, kubectl, **NOBODY, **environ) == 3


def test_whoever_has_no_such_token_hears_of_the_other_way(connected: Stage) -> None:
    """A token from elsewhere cannot be bound to a key; one of the cluster's own will do."""
    environ = {"AZURE_ACCESS_TOKEN": token(connected, entra.FULL_RIGHTS)}
    line = f"{PROXY} --port {free_port()} --file mine"
    ended = connected.type(line, **NOBODY, **environ)

    refused(ended, "proof-of-possession", exit_code=4, said="kubectl create token")
    assert connected.requests("arm", "POST") == []


def test_with_a_token_of_the_cluster_anybody_will_do(connected: Stage) -> None:
    """Whatever Resource Manager takes is enough then."""
    environ = {"AZURE_ACCESS_TOKEN": token(connected, entra.FULL_RIGHTS)}
    more = f"--token {connected.cluster.viewer_token}"
    with opened(connected, more, **NOBODY, **environ) as session:
        assert "Kubernetes v1" in session.said


def test_who_is_a_stranger_to_the_cluster(connected: Stage, kubectl: Path) -> None:
    """Azure lets in who holds the role; the cluster has the last word, and it is passed on."""
    who = entra.NO_RIGHTS
    role = "Azure Arc Enabled Kubernetes Cluster User Role"
    connected.seed(assignments=[{"on": "edge/harbor", "who": who.name, "role": role}])
    environ = {"AZURE_CLIENT_ID": who.client_id, "AZURE_CLIENT_SECRET": who.secret}
    with opened(connected, **environ) as session:
        done = session.kubectl(kubectl, "get nodes")

    assert "it answers 403" in session.said
    assert "Forbidden" in done.stderr
