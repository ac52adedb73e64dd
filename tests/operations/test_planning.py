"""Planning a move on a real sandbox: what is seen, what blocks, what is saved, and that it only reads."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import pytest
from arcctl.errors import AccessError, AzureError, NotFound, UsageError
from arcctl.model.bundle import Bundle
from arcctl.model.plan import Fate, Plan, differences
from arcctl.model.secret import Secret
from arcctl.operations.secret_files import Given
from tests.matrix.worlds import world
from tests.model.schemas import breaches
from tests.model.test_plan import SCHEMA
from tests.operations.planned import HARBOR, ROLE, SOMEBODY, Yard, blocking, codes, yard

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MONITOR = {"on": HARBOR, "name": "monitor", "type": "microsoft.azuremonitor.containers"}
FLUX = {"on": HARBOR, "name": "flux", "type": "microsoft.flux"}
APPS = {
    "on": HARBOR,
    "name": "apps",
    "namespace": "apps",
    "sourceKind": "GitRepository",
    "gitRepository": {"url": "https://git.example/apps", "repositoryRef": {"branch": "main"}},
    "kustomizations": {"all": {"path": "./", "prune": True}},
}
QUESTIONS = ("checkPolicyRestrictions", "Microsoft.ResourceGraph/resources")
REVIEWS = "selfsubjectaccessreviews"
AGENTS = "azure-arc-agents"


@pytest.fixture(scope="module")
def connected(tmp_path_factory: pytest.TempPathFactory, helm4: Path) -> Iterator[Yard]:
    """Harbor, connected once for all tests of this file."""
    with yard(tmp_path_factory.mktemp("planning"), helm4) as made:
        yield made


@pytest.fixture
def harbor(connected: Yard, monkeypatch: pytest.MonkeyPatch) -> Iterator[Yard]:
    """Harbor, as it was after connecting; whoever plans is signed in by the environment."""
    for name, value in connected.stage.sandbox.environment.items():
        monkeypatch.setenv(name, value)
    with connected.fresh() as made:
        yield made


def furnished(harbor: Yard) -> None:
    """Hang on harbor one of each thing that a move must carry."""
    workspace = {"workspaceId": "/subscriptions/x/workspaces/logs"}
    harbor.seed(
        extensions=[FLUX, MONITOR],
        fluxConfigurations=[APPS],
        assignments=[
            {"who": SOMEBODY, "role": ROLE, "on": HARBOR},
            {"who": SOMEBODY, "role": ROLE, "on": f"{HARBOR}/namespaces/shop"},
            {"who": harbor.principal, "role": ROLE, "on": "edge"},
        ],
        policies=[{"on": HARBOR, "name": "own", "allow": ["eastus", "westeurope"]}],
        diagnosticSettings=[{"on": HARBOR, **workspace}],
        dataCollection=[{"on": HARBOR, "dataCollectionRuleId": "/subscriptions/x/rules/r"}],
    )


async def test_a_plain_cluster_may_move(harbor: Yard) -> None:
    """Nothing blocks, and the plan is what its schema says."""
    plan, _ = await harbor.plan()
    document = json.loads(json.dumps(plan.to_document()))

    assert blocking(plan) == []
    assert list(breaches(SCHEMA, document)) == []
    assert Plan.from_document(document) == plan
    assert {"tags", "features", "identity", "certificate-key", "history"} <= codes(plan)


async def test_everything_that_hangs_on_it_has_its_row(harbor: Yard) -> None:
    """Children, roles, policies, diagnostics and collections, each with its fate."""
    furnished(harbor)
    plan, _ = await harbor.plan()
    found = {(row.code, str(row.fate)) for row in plan.rows}

    assert blocking(plan) == []
    assert found >= {
        ("extensions", "carried"),
        ("flux", "carried"),
        ("prune", "noted"),
        ("role-assignments", "restored"),
        ("identity-rights", "lost"),
        ("extension-identities", "changes"),
        ("policy-assignments", "restored"),
        ("diagnostic-settings", "restored"),
        ("data-collection", "restored"),
    }


async def test_the_bundle_holds_what_the_plan_promises(harbor: Yard) -> None:
    """Own assignments only, none that is inherited; and it survives being stored."""
    furnished(harbor)
    _, bundle = await harbor.plan()
    attached = bundle.attached
    document = json.loads(json.dumps(bundle.to_document()))

    assert sorted(child.key for child in bundle.children) == [
        "extensions/flux",
        "extensions/monitor",
        "fluxConfigurations/apps",
    ]
    assert len(attached.role_assignments) == 2
    assert len(attached.identity_assignments) == 1
    assert [
        len(getattr(attached, name)) for name in ("diagnostic_settings", "data_collection")
    ] == [
        1,
        1,
    ]
    assert [each["name"] for each in attached.policy_assignments] == ["own"]
    assert bundle.region == "eastus"
    assert bundle.versions["Microsoft.Kubernetes/connectedClusters"] == "2026-05-01"
    assert Bundle.from_document(document) == bundle


async def test_planning_only_reads(harbor: Yard) -> None:
    """The journals hold reads, and questions that change nothing; Azure stays as it was."""
    furnished(harbor)
    before = world(harbor.stage)["azure"]
    harbor.stage.within(harbor.stage.world.journal.clear)
    await harbor.plan()
    asked = harbor.stage.within(lambda: list(harbor.stage.world.journal.select()))
    changing = [
        f"{each.service} {each.method} {each.path}"
        for each in asked
        if each.service in ("arm", "kubernetes")
        and each.method not in ("GET", "HEAD")
        and each.user_agent != AGENTS
        and not each.path.endswith((*QUESTIONS, REVIEWS))
    ]

    assert {each.service for each in asked} >= {"arm", "kubernetes", "dataplane"}
    assert changing == []
    assert world(harbor.stage)["azure"] == before


async def test_azure_that_refuses_to_say_ends_the_planning(harbor: Yard) -> None:
    """An answer that is neither yes nor no is no ground to delete anything on."""
    refusal = {"status": 400, "body": {"error": {"code": "Odd", "message": "something is odd"}}}
    harbor.stage.fault("arm", refusal, path="Microsoft.Authorization/locks", times=None)

    with pytest.raises(AzureError, match="something is odd"):
        await harbor.plan()


async def test_whoever_is_signed_out_is_told_so(harbor: Yard) -> None:
    """A token that is refused says nothing about what hangs on the resource."""
    harbor.stage.fault(
        "arm", {"expire_token": "expired"}, path="Microsoft.Authorization/locks", times=None
    )

    with pytest.raises(AccessError) as refused:
        await harbor.plan()

    assert refused.value.code != "unseen"


@pytest.mark.parametrize("graph", [True, False])
async def test_many_identities_are_asked_for_at_once(harbor: Yard, graph: bool) -> None:
    """By Resource Graph, or one by one where it may not be asked; the answer is the same."""
    harbor.seed(extensions=[MONITOR | {"name": f"m-{n}"} for n in range(12)], graphLag=0)
    store = harbor.stage.world.azure.store.resources
    [one] = [each for key, each in store.items() if key.endswith("/extensions/m-7")]
    principal = one.body["identity"]["principalId"]
    harbor.seed(assignments=[{"who": principal, "role": ROLE, "on": "edge"}])
    if not graph:
        harbor.stage.fault("arm", {"forbid": True}, path="Microsoft.ResourceGraph", times=None)
    harbor.stage.within(harbor.stage.world.journal.clear)
    _, bundle = await harbor.plan()
    [found] = bundle.attached.identity_assignments
    listed = [each for each in harbor.stage.requests("arm") if each.endswith("/roleAssignments")]

    assert found["properties"]["principalId"] == principal
    assert (len(listed) < 3) == graph


LOCK = {"name": "keep"}
REGION = "westeurope"


@pytest.mark.parametrize(
    ("scenario", "asked", "code"),
    [
        ({"locks": [LOCK | {"on": HARBOR}]}, {}, "locked"),
        ({"locks": [LOCK | {"on": "edge"}]}, {}, "locked"),
        ({"locks": [LOCK]}, {}, "locked"),
        ({"locks": [LOCK | {"on": "edge", "level": "ReadOnly"}]}, {}, "locked"),
        (
            {"policies": [{"on": "edge", "name": "us-only", "allow": ["eastus"]}]},
            {},
            "policy-denies",
        ),
        ({"policies": [{"name": "not-there", "deny": [REGION]}]}, {}, "policy-denies"),
        (
            {"policies": [{"forbidTypes": ["Microsoft.Kubernetes/connectedClusters"]}]},
            {},
            "policy-denies",
        ),
        ({}, {"target_region": "East US"}, "same-region"),
        ({}, {"target_region": "westeurpe"}, "region-unknown"),
        ({}, {"target_region": "brazilsouth"}, "region-lacks-type"),
        ({"fluxConfigurations": [APPS]}, {"target_region": "eastasia"}, "region-lacks-type"),
        ({"extensions": [FLUX]}, {"target_region": "canadaeast"}, "region-lacks-type"),
        (
            {"extensions": [MONITOR], "withdrawn": [{"type": MONITOR["type"], "region": REGION}]},
            {},
            "type-not-offered",
        ),
        (
            {"providers": {"Microsoft.Kubernetes": "NotRegistered"}},
            {},
            "provider-unregistered",
        ),
        ({"customLocations": [{"name": "pier", "cluster": HARBOR}]}, {}, "custom-locations"),
        (
            {
                "gateways": [{"name": "gate", "group": "edge"}],
                "clusters": [{"name": "depot", "group": "yard"}],
            },
            {"target_name": "depot", "target_group": "yard"},
            "target-exists",
        ),
    ],
)
async def test_what_cannot_work_is_found_before_anything_changes(
    harbor: Yard, scenario: dict[str, Any], asked: dict[str, Any], code: str
) -> None:
    """Each of these would end half-way, and ends here instead."""
    harbor.seed(**scenario)
    plan, _ = await harbor.plan(**asked)

    assert blocking(plan) == [code]


async def test_another_cluster_is_not_moved(harbor: Yard) -> None:
    """A resource whose agents are in another cluster blocks, whatever its name."""
    harbor.seed(clusters=[{"name": "depot", "group": "yard"}])
    plan, _ = await harbor.plan(name="depot", group="yard")

    assert "wrong-cluster" in blocking(plan)


@pytest.mark.parametrize(
    ("state", "code"),
    [
        ("Offline", "source-offline"),
        ("Expired", "source-expired"),
        ("Connecting", "source-unsettled"),
    ],
)
async def test_a_cluster_that_is_not_connected_blocks(harbor: Yard, state: str, code: str) -> None:
    """Its status is looked at, whoever's it is."""
    harbor.seed(clusters=[{"name": "depot", "group": "yard", "state": state}])
    plan, _ = await harbor.plan(name="depot", group="yard")

    assert code in blocking(plan)


async def test_kinds_of_other_services_are_refused(harbor: Yard) -> None:
    """Azure Local's clusters are moved by nobody."""
    harbor.seed(clusters=[{"name": "depot", "group": "yard", "kind": "ProvisionedCluster"}])
    plan, _ = await harbor.plan(name="depot", group="yard")

    assert "kind-refused" in blocking(plan)


async def test_a_cluster_that_is_not_there_is_no_plan(harbor: Yard) -> None:
    """There is nothing to judge."""
    with pytest.raises(NotFound):
        await harbor.plan(name="nobody")


async def test_a_finding_that_may_pass_passes_when_it_is_accepted(harbor: Yard) -> None:
    """It is recorded in the plan, and in what was asked."""
    harbor.seed(customLocations=[{"name": "pier", "cluster": HARBOR}])
    plan, _ = await harbor.plan(accept=frozenset({"custom-locations"}))

    assert blocking(plan) == []
    assert [row.code for row in plan.accepted] == ["custom-locations"]
    assert plan.options["accept"] == ["custom-locations"]


@pytest.mark.parametrize("code", ["locked", "wrong-cluster", "identity", "nothing-of-the-kind"])
async def test_not_everything_may_be_accepted(harbor: Yard, code: str) -> None:
    """What can never pass, and what blocks nothing, is refused with what may."""
    with pytest.raises(UsageError) as refused:
        await harbor.plan(accept=frozenset({code}))

    assert refused.value.code == "accept"
    assert "custom-locations" in refused.value.why[0]


SECRET = MONITOR | {"secrets": ["amalogs.secret.key"]}
GIVEN = [Given("monitor", "amalogs.secret.key", Secret("kX-31"), "file", None)]
PLACE = "extensions/monitor/amalogs.secret.key"


async def test_a_missing_secret_blocks(harbor: Yard) -> None:
    """Both ways out are named."""
    harbor.seed(extensions=[SECRET])
    plan, _ = await harbor.plan()
    [row] = plan.blocking

    assert row.code == "secret-missing"
    assert PLACE in row.subject
    assert row.remedy == ("--protected-settings FILE", f"--waive-secret {PLACE}")


async def test_a_given_secret_is_enough(harbor: Yard) -> None:
    """Where it came from is in the plan; its value is nowhere."""
    harbor.seed(extensions=[SECRET])
    plan, bundle = await harbor.plan(GIVEN)

    assert blocking(plan) == []
    assert [asdict(each)["origin"] for each in plan.secrets] == ["file"]
    assert "kX-31" not in json.dumps([plan.to_document(), bundle.to_document()])


async def test_a_waived_secret_is_lost(harbor: Yard) -> None:
    """It is a decision, and stands in the plan as one."""
    harbor.seed(extensions=[SECRET])
    plan, _ = await harbor.plan(waive=frozenset({PLACE}))

    assert blocking(plan) == []
    assert ("secret-waived", Fate.LOST) in {(row.code, row.fate) for row in plan.rows}


async def test_secrets_given_later_leave_the_fingerprint(harbor: Yard) -> None:
    """What a person holds is not the world's, so a stored plan stays good."""
    harbor.seed(extensions=[SECRET])
    without, _ = await harbor.plan()
    given, _ = await harbor.plan(GIVEN)

    assert without.fingerprint == given.fingerprint


async def test_an_unchanged_world_has_one_fingerprint(harbor: Yard) -> None:
    """Time and heartbeats go on meanwhile."""
    furnished(harbor)
    first, _ = await harbor.plan()
    harbor.stage.within(lambda: harbor.stage.world.clock.advance(120))
    second, _ = await harbor.plan()

    assert differences(first, second) == ()
    assert first.fingerprint == second.fingerprint


async def test_what_the_move_itself_makes_first_is_no_difference(harbor: Yard) -> None:
    """A run that was cut before its point of no return finds its own target, and goes on."""
    there = {"target_name": "depot", "target_group": "yard"}
    before, _ = await harbor.plan(**there)
    harbor.seed(clusters=[{"name": "depot", "group": "yard", "location": REGION}])
    after, _ = await harbor.plan(**there)

    assert differences(before, after) == ()


@pytest.mark.parametrize(
    ("change", "subject"),
    [
        ({"extensions": [MONITOR | {"releaseTrain": "preview"}]}, "extensions/monitor: changed"),
        ({"extensions": [FLUX | {"name": "more"}]}, "extensions/more: new"),
        (
            {"fluxConfigurations": [APPS | {"suspend": True}]},
            "fluxConfigurations/apps: changed",
        ),
        (
            {"assignments": [{"who": SOMEBODY, "role": "Contributor", "on": HARBOR}]},
            "role assignments: changed",
        ),
        ({"locks": [{"on": "edge"}]}, "locks: changed"),
        (
            {"diagnosticSettings": [{"on": HARBOR, "name": "more", "workspaceId": "/x"}]},
            "diagnostic settings: changed",
        ),
        (
            {"dataCollection": [{"on": HARBOR, "name": "more", "dataCollectionRuleId": "/x"}]},
            "data collection associations: changed",
        ),
        (
            {"policies": [{"on": HARBOR, "name": "more", "allow": ["eastus", REGION]}]},
            "policy assignments: changed",
        ),
        (
            {"customLocations": [{"name": "pier", "cluster": HARBOR}]},
            "custom locations: changed",
        ),
    ],
)
async def test_any_change_is_named(harbor: Yard, change: dict[str, Any], subject: str) -> None:
    """One thing moves, one subject differs, and the fingerprint with it."""
    furnished(harbor)
    before, _ = await harbor.plan()
    harbor.seed(**change)
    after, _ = await harbor.plan()

    assert subject in differences(before, after)
    assert before.fingerprint != after.fingerprint


@pytest.mark.parametrize(
    ("properties", "tags"), [({"azureHybridBenefit": "True"}, None), ({}, {"team": "another"})]
)
async def test_a_change_of_the_resource_is_named(
    harbor: Yard, properties: dict[str, str], tags: dict[str, str] | None
) -> None:
    """Tags and choices are what a person changes most."""
    before, _ = await harbor.plan()

    def change() -> None:
        body = harbor.stage.world.azure.store.resources[harbor.key].body
        body["properties"] |= properties
        body["tags"] = tags or body["tags"]

    harbor.stage.within(change)
    after, _ = await harbor.plan()

    assert differences(before, after) == ("resource: changed",)


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("providers/Microsoft.Authorization/roleAssignments", "unseen"),
        ("providers/Microsoft.Authorization/locks", "unseen"),
        ("providers/Microsoft.Insights/diagnosticSettings", "unseen"),
        ("Microsoft.ExtendedLocation/customLocations", "unseen"),
    ],
)
async def test_what_would_be_lost_unseen_blocks(harbor: Yard, path: str, code: str) -> None:
    """Who may not look may let it pass, knowingly."""
    harbor.stage.fault("arm", {"forbid": True}, path=path, times=None)
    plan, _ = await harbor.plan()
    accepted, _ = await harbor.plan(accept=frozenset({"unseen"}))

    assert blocking(plan) == [code]
    assert blocking(accepted) == []


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("Microsoft.PolicyInsights/checkPolicyRestrictions", "policy-unchecked"),
        ("Microsoft.ResourceGraph/resources", "graph-unread"),
        ("providers/Microsoft.Authorization/permissions", "permissions-unread"),
        ("locations/westeurope/extensionTypes", "catalogue-unread"),
    ],
)
async def test_what_is_only_worth_knowing_does_not_block(
    harbor: Yard, path: str, code: str
) -> None:
    """It is said that it could not be looked at."""
    harbor.seed(extensions=[FLUX])
    refusal = {"status": 403, "body": {"error": {"code": "AuthorizationFailed", "message": "no"}}}
    harbor.stage.fault("arm", refusal, path=path, times=None)
    plan, _ = await harbor.plan()

    assert blocking(plan) == []
    assert code in codes(plan)


async def test_what_stands_on_a_custom_location_is_named(harbor: Yard) -> None:
    """Resource Graph tells it, as soon as it has heard of it."""
    harbor.seed(
        customLocations=[{"name": "pier", "cluster": HARBOR, "holds": ["shop"]}], graphLag=0
    )
    plan, _ = await harbor.plan()
    [row] = plan.blocking

    assert "pier" in row.subject
    assert "shop" in row.detail


@pytest.mark.parametrize(("scope", "code"), [("east", "private-link-region"), ("west", "")])
async def test_private_link_needs_a_scope_of_the_region(
    harbor: Yard, scope: str, code: str
) -> None:
    """The old one will not do; one of the target region does."""
    harbor.seed(
        privateLinkScopes=[
            {"name": "east", "group": "edge", "location": "eastus"},
            {"name": "west", "group": "edge", "location": REGION},
        ]
    )
    group = harbor.key.partition("/providers/")[0]
    identifier = f"{group}/providers/Microsoft.HybridCompute/privateLinkScopes/{scope}"
    plan, _ = await harbor.plan(private_link_scope=identifier)

    assert blocking(plan) == [code] * bool(code)


async def test_the_gateway_is_known_by_its_link(harbor: Yard) -> None:
    """The resource's body only says that there is one."""
    harbor.seed(gateways=[{"name": "gate", "group": "edge", "cluster": HARBOR}])

    def enable() -> None:
        body = harbor.stage.world.azure.store.resources[harbor.key].body
        body["properties"]["gateway"] = {"enabled": True}

    harbor.stage.within(enable)
    plan, bundle = await harbor.plan()

    assert blocking(plan) == []
    assert bundle.gateway.endswith("/gateways/gate")


async def test_who_trusts_the_old_issuer_is_named(harbor: Yard) -> None:
    """Each federated credential, with the command that mends it."""
    issuer = "https://eastus.oic.example/t/c"
    harbor.seed(
        federations=[
            {"identity": "edge/shop", "name": "east", "issuer": issuer, "subject": "s"},
            {"identity": "edge/other", "name": "else", "issuer": "https://x", "subject": "s"},
        ]
    )

    def enable() -> None:
        body = harbor.stage.world.azure.store.resources[harbor.key].body
        body["properties"]["oidcIssuerProfile"] = {"enabled": True, "issuerUrl": issuer}

    harbor.stage.within(enable)
    plan, _ = await harbor.plan()
    [row] = [row for row in plan.rows if row.code == "federated-credentials"]

    assert row.detail == "shop/east"


async def test_a_rename_is_made_before_the_source_goes(harbor: Yard) -> None:
    """Steps and rows say so; a missing group is made."""
    plan, _ = await harbor.plan(target_name="depot", target_group="yard")
    titles = [step.title for step in plan.steps]

    assert blocking(plan) == []
    assert {"resource-id", "target-first", "target-group"} <= codes(plan)
    assert titles.index("create yard/depot in westeurope") < titles.index("point of no return")


async def test_three_hundred_children_cost_no_more_looks(harbor: Yard) -> None:
    """Lists are read whole, types and identities once: not a request a child."""
    harbor.seed(
        extensions=[MONITOR | {"name": f"monitor-{n}"} for n in range(150)],
        fluxConfigurations=[APPS | {"name": f"apps-{n}"} for n in range(150)],
        pageSize=100,
    )
    harbor.stage.within(harbor.stage.world.journal.clear)
    plan, bundle = await harbor.plan()
    asked = [each for each in harbor.stage.requests("arm") if "azure-arc" not in each]

    assert len(bundle.children) == 300
    assert plan.seconds < 900
    assert len(asked) < 80, sorted(asked)
