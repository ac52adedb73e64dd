"""What people chose for the resource and for its agents."""

from __future__ import annotations

import pytest
from arcctl.checks.move import agents, body
from arcctl.model.keys import KeyPair
from arcctl.model.ownership import Evidence, Identity, Ownership, Says
from arcctl.model.plan import Fate
from arcctl.model.secret import Secret
from tests.checks.move.sights import DEPOT, Told, Wish, resource


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


HELD, OTHER = KeyPair("PUBLIC", Secret("x")), KeyPair("OTHER", Secret("y"))


@pytest.mark.parametrize(
    ("wish", "held", "kind", "fate"),
    [
        (Wish(), HELD, "kept", Fate.CARRIED),
        (Wish(), None, "new", Fate.CHANGES),
        (Wish(), OTHER, "new", Fate.CHANGES),
        (Wish(new_key=True), HELD, "new", Fate.CHANGES),
        (Wish(target=DEPOT), HELD, "new", Fate.CHANGES),
        (Wish(target=DEPOT, keep_key=True), HELD, "kept", Fate.CARRIED),
        (Wish(target=DEPOT, keep_key=True), None, "new", Fate.CHANGES),
        (Wish(public_key="PUBLIC"), None, "kept", Fate.CARRIED),
        (Wish(public_key="BROUGHT"), HELD, "brought", Fate.CHANGES),
        (Wish(target=DEPOT, public_key="PUBLIC"), HELD, "kept", Fate.CARRIED),
    ],
)
async def test_the_key_stays_where_it_can(
    wish: Wish, held: KeyPair | None, kind: str, fate: Fate
) -> None:
    """In place and readable; one that is asked for or brought wins; another id means a new one."""
    told = Told(wish, source={"key": held})
    [row] = await body.key(told)

    assert ((await told.key_choice()).kind, row.fate) == (kind, fate)


@pytest.mark.parametrize(
    ("wish", "kind"), [(Wish(), "new"), (Wish(keep_key=True), "kept"), (Wish(new_key=True), "new")]
)
async def test_a_key_that_lies_elsewhere_too_is_replaced(wish: Wish, kind: str) -> None:
    """A copy could speak for the target; a person may keep the key all the same."""
    copied = Evidence(key=Says.AGREES, identity=Identity.DIFFERS)
    told = Told(wish, source={"key": HELD}, ownership=Ownership(copied))

    assert (await told.key_choice()).kind == kind


@pytest.mark.parametrize(
    ("wish", "held", "said"),
    [
        (Wish(), HELD, ['Terraform: location = "westeurope"', "Bicep: location: 'westeurope'"]),
        (
            Wish(new_key=True),
            HELD,
            ["ignore_changes = [location, agent_public_key_certificate]", "NEW-KEY: arcctl show"],
        ),
        (Wish(target=DEPOT), HELD, ["terraform import ADDRESS /subscriptions/", "name: 'depot'"]),
    ],
)
async def test_files_are_told_what_to_say(
    wish: Wish, held: KeyPair | None, said: list[str]
) -> None:
    """Terraform and Bicep hold the location and the public key."""
    [row] = await body.files(Told(wish, source={"key": held}))

    assert [each for each in said if each not in " ".join(row.remedy)] == []


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
