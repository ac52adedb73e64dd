"""What people chose for the resource and for its agents."""

from __future__ import annotations

from arcctl.checks.move import agents, body
from arcctl.model.plan import Fate
from tests.checks.move.sights import Told, codes, resource


async def test_tags_are_carried() -> None:
    """They are counted and named."""
    [row] = await body.tags(Told(resource=resource() | {"tags": {"team": "edge", "app": "x"}}))

    assert (row.subject, row.detail) == ("2 tags", "app, team")
    assert await body.tags(Told()) == []


async def test_choices_in_the_body_are_carried() -> None:
    """What says nothing is not counted."""
    found = resource(
        azureHybridBenefit="NotApplicable",
        aadProfile={},
        distribution="k3s",
        arcAgentProfile={"agentAutoUpgrade": "Disabled"},
    )
    [row] = await body.choices(Told(resource=found))

    assert row.detail == "auto-upgrade, distribution"


async def test_fields_of_a_newer_version_are_said() -> None:
    """What only a newer api-version shows cannot be written with the older one."""
    newest = resource(brandNew={"on": True}, empty=None, connectivityStatus="Connected")
    [row] = await body.unknown_fields(Told(newest_resource=newest))

    assert row.fate is Fate.LOST
    assert row.detail == "brandNew"


async def test_the_key_is_made_anew() -> None:
    """It never leaves the cluster, so it cannot be carried."""
    assert codes(await body.key(Told())) == ["certificate-key"]


async def test_settings_that_arm_never_knew_are_carried() -> None:
    """Proxy and certificate come from helm's values; no value is shown."""
    values = {"global": {"httpsProxy": "http://user:secret@proxy", "proxyCert": "PEM"}}
    [row] = await agents.settings(Told(agent_values=values))

    assert "proxy and proxy certificate" in row.subject
    assert "secret" not in row.subject + row.detail


async def test_features_stay_on() -> None:
    """Those of the cluster and those of the resource, and only if they are on."""
    values = {
        "systemDefaultValues": {
            "clusterconnect-agent": {"enabled": True},
            "guard": {"enabled": "false"},
        }
    }
    found = resource(securityProfile={"workloadIdentity": {"enabled": True}})
    [row] = await agents.features(Told(agent_values=values, resource=found))

    assert row.subject == "cluster-connect and workload-identity"


async def test_no_choice_is_no_row() -> None:
    """A plain cluster has nothing to carry here."""
    assert await agents.settings(Told()) == []
    assert await agents.features(Told()) == []


async def test_agents_come_in_the_version_of_the_region() -> None:
    """A new connection installs what is served there."""
    [row] = await agents.version(Told(resource=resource(agentVersion="1.36.1")))

    assert row.fate is Fate.CHANGES
    assert await agents.version(Told()) == []
