"""Stories of `arcctl config` (issue 4, section 1): listed, kept in files, compared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import yaml
from tests.stories.pasting import tried
from tests.stories.refusals import changes, refused
from tests.terminal import typed_at_a_terminal

if TYPE_CHECKING:
    from tests.stage import Stage

LIST = "config list -n demo -g arc-demo"
EXPORT = "config export -n demo -g arc-demo"
CONFIGURATION = (
    "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/{}/providers"
    "/Microsoft.Kubernetes/connectedClusters/{}/providers/Microsoft.KubernetesConfiguration"
)
NEEDED = {
    "blob": ["azureBlob.servicePrincipal.clientSecret"],
    "bucket": ["bucketSecretKey"],
    "monitor": ["amalogs.secret.key", "amalogs.secret.wsid"],
    "private": ["httpsKey"],
}


def demo(stage: Stage) -> None:
    """Let the clusters of the demo be there, with a bit of everything on them."""
    stage.seed(scenario="demo")


def extension(cluster: str, name: str, **properties: Any) -> dict[str, Any]:
    """An extension on a cluster of group `edge`."""
    return {
        "id": f"{CONFIGURATION.format('edge', cluster)}/extensions/{name}",
        "properties": {"extensionType": "microsoft.dapr", **properties},
    }


def planted(stage: Stage, *clusters: str, **properties: Any) -> None:
    """Let clusters have the same extension; the last one with these properties."""
    stage.seed(clusters=[{"name": each, "group": "edge"} for each in clusters])
    for each in clusters:
        more = properties if each == clusters[-1] else {}
        stage.seed(resources=[extension(each, "dapr", **more)])


def test_a_pipeline_reads_what_a_cluster_has(quick: Stage) -> None:
    """All kinds with their state, and the secrets that Azure would not give back."""
    demo(quick)

    found = {each["name"]: each for each in quick.well(LIST).data}

    assert len(found) == 13
    assert {
        name: [need["name"] for need in each["secrets"]]
        for name, each in found.items()
        if each["secrets"]
    } == NEEDED
    assert found["flux"]["provisioningState"] == "Succeeded"
    assert found["flux"]["version"] == "1.18.2"
    assert found["platform"]["complianceState"] == "Compliant"
    assert [name for name, each in found.items() if not each["carried"]] == ["policy"]


def test_a_person_reads_a_table(quick: Stage) -> None:
    """A line for each, and below it what a table cannot say."""
    demo(quick)

    seen = typed_at_a_terminal(quick, LIST).out

    assert "Flux configuration  private" in seen
    assert "amalogs.secret.key, amalogs.secret.wsid" in seen
    assert "extensions/policy belongs to the system" in seen


def test_a_query_picks_what_a_script_needs(quick: Stage) -> None:
    """The names of what needs secrets, as plain lines."""
    demo(quick)

    names = quick.well(f"{LIST} --query '[?secrets].name' -o tsv").out.split()

    assert names == sorted(NEEDED, key=["monitor", "blob", "bucket", "private"].index)


def test_an_empty_cluster_has_an_empty_list(quick: Stage) -> None:
    """And an empty manifest, which is equal to it."""
    quick.seed(clusters=[{"name": "harbor", "group": "edge"}])

    assert quick.well("config list -n harbor -g edge").data == []
    quick.well("config export -n harbor -g edge --output-file harbor.yaml")
    assert quick.well("config diff harbor.yaml edge/harbor").data["equal"] is True


def test_looking_changes_nothing(quick: Stage) -> None:
    """Neither in Azure nor in the cluster, whichever way one looks."""
    demo(quick)

    quick.well(LIST)
    quick.well(f"{EXPORT} --folder demo")
    quick.well("config diff demo arc-demo/demo")

    assert changes(quick) == []


def test_what_is_exported_is_equal_to_the_cluster(quick: Stage) -> None:
    """As a file, as a folder, and from stdout; twice the same, and without any secret."""
    demo(quick)

    said = quick.well(f"{EXPORT} --output-file demo.yaml").err
    quick.well(f"{EXPORT} --folder demo")
    text = quick.well(EXPORT).out

    assert "policy is left out: it belongs to the system" in said
    assert "Written to demo.yaml: 4 extensions, 8 Flux configurations; 5 secrets must" in said
    assert text.replace(" FILE", " demo.yaml") == (quick.folder / "demo.yaml").read_text().replace(
        " FILE", " demo.yaml"
    )
    for left, right in (("demo.yaml", "arc-demo/demo"), ("demo", "demo.yaml")):
        assert quick.well(f"config diff {left} {right}").data["equal"] is True
    document = yaml.safe_load(text)
    given = {each["name"]: each["secrets"] for each in document["children"]}
    assert {name: list(names) for name, names in given.items() if names} == NEEDED
    assert all(value is None for names in given.values() for value in names.values())


def test_an_export_may_be_json(quick: Stage) -> None:
    """Where that is asked for; a query works on it as well."""
    demo(quick)

    assert quick.well(f"{EXPORT} -o json").data["format"] == "arcctl.configuration/1"
    assert quick.well(f"{EXPORT} --query 'children[0].name' -o tsv").out == "backup\n"
    refused(quick.type(f"{EXPORT} --output-file a --folder b"), "usage", exit_code=2)


def test_two_clusters_that_differ_are_exit_five(quick: Stage) -> None:
    """Each difference with both values; what only one has; what had to differ apart."""
    planted(quick, "harbor", "depot", releaseTrain="preview", currentVersion="1.2.3")
    quick.seed(resources=[extension("depot", "more")])

    ended = quick.type("config diff harbor depot -g edge")

    assert ended.code == 5
    # Not the command that was just run.
    assert tried(ended.err) == [
        "arcctl config export -n harbor -g edge",
        "arcctl config export -n depot -g edge",
    ]
    assert "harbor and depot differ in 2 children   [config-differs]" in ended.err
    assert ended.data["changed"] == [
        {
            "child": "extensions/dapr",
            "field": "releaseTrain",
            "left": "Stable",
            "right": "preview",
        }
    ]
    assert (ended.data["missing"], ended.data["surplus"]) == ([], ["extensions/more"])
    assert [each["field"] for each in ended.data["expected"]] == ["principalId", "currentVersion"]


def test_a_person_reads_what_differs(quick: Stage) -> None:
    """One line for each difference, and what had to differ apart."""
    planted(quick, "harbor", "depot", releaseTrain="preview")
    quick.seed(resources=[extension("harbor", "more")])

    seen = typed_at_a_terminal(quick, "config diff edge/harbor edge/depot")
    alike = typed_at_a_terminal(quick, "config diff edge/harbor edge/harbor")

    assert seen.code == 5
    assert "- extensions/more   only in edge/harbor" in seen.out
    assert "~ extensions/dapr   releaseTrain: Stable → preview" in seen.out
    assert "expected to differ:\r\n  extensions/dapr   principalId: " in seen.out
    assert "edge/harbor and edge/harbor are configured alike." in alike.out


def test_a_cluster_may_be_named_in_three_ways(quick: Stage) -> None:
    """By name with a group beside it, by group and name, by id in any case."""
    planted(quick, "harbor")
    identity = CONFIGURATION.format("edge", "harbor").partition("/providers/Microsoft.KubernetesC")[
        0
    ]

    for left, right in (("harbor", "edge/harbor"), (identity, identity.lower())):
        assert quick.well(f"config diff {left} {right} -g edge").data["equal"] is True


@pytest.mark.parametrize("line", [LIST, EXPORT, "config diff arc-demo/demo arc-demo/demo"])
def test_a_cluster_that_is_not_there_is_exit_three(quick: Stage, line: str) -> None:
    """With the way to those that are."""
    quick.seed(groups=[{"name": "arc-demo"}])

    refused(quick.type(line), "AZK8S0405", exit_code=3, said="arcctl list -g arc-demo")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("children: [hidden\n", "file"),
        ("hidden: 1\n", "manifest"),
        ("format: arcctl.configuration/9\nchildren: []\n", "manifest-format"),
        (None, "file"),
    ],
)
def test_a_file_that_is_no_manifest_is_refused(quick: Stage, text: str | None, code: str) -> None:
    """Damaged, foreign, newer, or not there; nothing of it is quoted."""
    planted(quick, "harbor")
    if text is not None:
        (quick.folder / "harbor.yaml").write_text(text)

    ended = refused(quick.type("config diff harbor.yaml edge/harbor"), code, exit_code=2)

    assert "hidden" not in ended.err


MANIFEST = """format: arcctl.configuration/1
children:
- {{kind: extensions, name: monitor, body: {{identity: {identity}, properties: {{}}}}}}
- {{kind: fluxConfigurations, name: apps, body: {{properties: {{kustomizations: {parts}}}}}}}
"""


@pytest.mark.parametrize(
    "line", ["config diff odd.yaml {}", "config apply {} --file odd.yaml --skip-cluster-check"]
)
@pytest.mark.parametrize(
    ("identity", "parts", "code", "said"),
    [
        ("text", "{}", "manifest", "extensions/monitor: body.identity is text"),
        ("{}", "text", "manifest", "body.properties.kustomizations is text"),
        ("{}", "{base: 7}", "manifest", "kustomizations.base is a number"),
        ("{}", "{1: {path: a}, a: {path: b}}", "file", "line 4, column 79: a key must be text"),
        ("{type: !!bool x}", "{}", "file", "tag in it cannot be read"),
    ],
)
def test_a_manifest_of_another_shape_is_refused(
    quick: Stage, line: str, identity: str, parts: str, code: str, said: str
) -> None:
    """With the place, whichever command reads it."""
    planted(quick, "harbor")
    (quick.folder / "odd.yaml").write_text(MANIFEST.format(identity=identity, parts=parts))
    name = "edge/harbor" if "diff" in line else "-n harbor -g edge"

    refused(quick.type(line.format(name)), code, exit_code=2, said=said)


def test_odd_names_and_unknown_fields_are_told(quick: Stage) -> None:
    """Names of any language survive; what a newer service shows is named as not carried."""
    planted(quick, "harbor")
    patch = {"value": [{"name": "größe", "properties": {"nextYears": {"thing": 1}}}]}
    quick.fault("arm", {"patch_body": patch}, method="GET", path="/extensions$", times=None)

    found = quick.well("config list -n harbor -g edge").data
    quick.well("config export -n harbor -g edge --folder harbor")

    assert [(each["name"], each["notCarried"]) for each in found] == [("größe", ["nextYears"])]
    assert quick.well("config diff harbor edge/harbor").data["equal"] is True


def test_flux_v1_that_azure_no_longer_serves_is_no_trouble(quick: Stage) -> None:
    """Said in a note; everything else is listed."""
    demo(quick)
    error = {"error": {"code": "InvalidResourceType", "message": "retired"}}
    quick.fault(
        "arm",
        {"status": 404, "body": error},
        method="GET",
        path="/sourceControlConfigurations$",
        times=None,
    )

    ended = quick.well(LIST)

    assert len(ended.data) == 13
    assert "no longer serves source control configurations" in ended.err


def test_three_hundred_children_are_no_trouble(quick: Stage) -> None:
    """Page after page, with a handful of requests."""
    quick.seed(
        clusters=[{"name": "harbor", "group": "edge"}],
        resources=[extension("harbor", f"dapr-{number}") for number in range(300)],
        pageSize=100,
    )
    quick.well("config export -n harbor -g edge --output-file harbor.yaml")
    before = len(quick.requests("arm"))

    assert quick.well("config diff harbor.yaml edge/harbor").data["equal"] is True
    assert len(quick.requests("arm")) - before < 10
