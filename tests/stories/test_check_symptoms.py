"""Each symptom of `arc.md` A14 that shows: a broken world, the verdict, and the remedy."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from tests.stories import symptoms as world
from tests.stories.pasting import mistakes
from tests.stories.symptoms import ARC, RELEASES, azure, both, change, children, instead, plant

if TYPE_CHECKING:
    from tests.stage import Stage
    from tests.stories.symptoms import Break

CHECK = "check -n harbor -g edge --timeout 60"
ADMISSION = "validatingwebhookconfigurations"
WEBHOOK = {
    "name": "judge.example.com",
    "failurePolicy": "Fail",
    "sideEffects": "None",
    "admissionReviewVersions": ["v1"],
    "clientConfig": {"service": {"namespace": "gone", "name": "judge"}},
    "rules": [
        {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}
    ],
}
NO_EVENTS = {"verbs": ["get", "list"], "apiGroups": ["*"], "resources": ["pods", "nodes"]}
DNS = "DNS Result: ** server can't find x: NXDOMAIN\n"
GOOD_DNS = "DNS Result: Name: kubernetes.default\n"
OUT = "Outbound Network Connectivity Check Result : https://westeurope.dp : 000\n"


def ago(**length: float) -> str:
    """A moment of the past as ARM writes it."""
    return f"{datetime.now(UTC) - timedelta(**length):%Y-%m-%dT%H:%M:%SZ}"


def failed(message: str) -> dict[str, Any]:
    """What ARM says of an extension that failed."""
    return {
        "provisioningState": "Failed",
        "errorInfo": {"code": "ExtensionOperationFailed", "message": message},
    }


FAILURES: dict[str, tuple[Break, str, str]] = {
    "T01 no release": (world.remove("secrets", RELEASES, "sh.helm.release.v1.azure-arc.v1"), "AZK8S0508", "connect"),
    "T02 pending": (world.trouble("Unschedulable"), "AZK8S0512", "node"),
    "T02 no linux node": (world.nodes(system="windows"), "AZK8S0206", "linux node"),
    "T03 no identity": (world.no_identity, "AZK8S0309", "gbl.his.arc.azure.com"),
    "T03 names": (world.obstructed("dial tcp: lookup gbl.his.arc.azure.com: no such host"), "identity-obstacle", "DNS"),
    "T03 blocked": (world.obstructed("dial tcp 20.1.2.3:443: i/o timeout"), "identity-obstacle", "443"),
    "T03 proxy": (world.obstructed("proxyconnect tcp: connection refused"), "identity-obstacle", "--proxy-https"),
    "T03 opened TLS": (world.obstructed("x509: certificate signed by unknown authority"), "identity-obstacle", "--proxy-cert"),
    "T03 clock": (world.obstructed("x509: certificate has expired or is not yet valid"), "identity-obstacle", "NTP"),
    "T51 key": (world.obstructed("failed to decode PEM block of the private key"), "identity-obstacle", "connect again"),
    "T03 crash": (world.trouble("CrashLoopBackOff", "clusterconnect-agent"), "agent-crashes", "logs"),
    "T04 pod refused": (world.trouble("PodForbidden", "kube-aad-proxy"), "pods-refused", "exempt"),
    "T05 no proxy certificate": (both(world.cut_off, world.remove("secrets", ARC, "kube-aad-proxy-certificate")), "aad-proxy-certificate", "harbor-2"),
    "T06 upgrade failed": (world.release("failed"), "AZK8S0500", "connect"),
    "T07 image": (world.trouble("ImagePullBackOff"), "AZK8S0513", "mcr.microsoft.com"),
    "T08 registry": (instead("registry", "/v2/$", 503), "AZK8S0502", "allow"),
    "T09 releases forbidden": (world.another_user(NO_EVENTS), "AZK8S0505", "can-i"),
    "T09 events forbidden": (world.another_user(NO_EVENTS), "kube-forbidden", "can-i"),
    "T10 bindings denied": (world.another_user(NO_EVENTS, {"verbs": ["create"], "apiGroups": ["authorization.k8s.io"], "resources": ["selfsubjectaccessreviews"]}), "AZK8S0207", "cluster-admin"),
    "T14 agent missing": (world.remove("deployments", ARC, "clusterconnect-agent"), "agent-missing", "connect"),
    "T19 provider": (world.provider("Microsoft.Kubernetes"), "AZK8S0408", "register"),
    "T20 wrong cluster": (world.another_owner, "wrong-cluster", "--kube-context"),
    "T21 provisioning": (azure(provisioningState="Failed"), "provisioning-failed", "connect"),
    "T27 no ConfigMap": (world.remove("configmaps", ARC, "azure-clusterconfig"), "AZK8S0201", "connect"),
    "T28 terminating": (world.dying, "namespace-terminating", "--force"),
    "T31 expired in Azure": (azure(connectivityStatus="Expired"), "identity-trusted", "connect"),
    "T31 certificate is over": (azure(managedIdentityCertificateExpirationTime=ago(days=3)), "identity-trusted", "delete"),
    "T31 expired here": (world.expired_identity, "identity-expired", "config export"),
    "T32 offline": (world.offline, "egress-lost", "--inside"),
    "T33 connecting": (azure(connectivityStatus="Connecting"), "no-heartbeat", "--inside"),
    "T34 no agents": (azure(connectivityStatus="AgentNotInstalled"), "agent-not-installed", "--adopt"),
    "T13 no object id": (both(world.custom_location, instead("graph", "/servicePrincipals", 403)), "custom-locations-off", "--custom-locations-oid ID"),
    "T13 enabled without object id": (world.values(customLocations={"enabled": True, "oid": ""}), "custom-locations-off", "--features custom-locations"),
    "T15 relay": (world.relay_log("E1 dial wss://g1.servicebus.windows.net: websocket: bad handshake"), "relay-obstacle", "websockets"),
    "T15 relay's name": (world.relay_log("E1 dial tcp: lookup g1.servicebus.windows.net: no such host"), "relay-obstacle", "DNS"),
    "T18 no helm where it was named": (lambda stage: stage.extra.update(ARCCTL_HELM="/nowhere/helm"), "AZK8S0510", "leave it out"),
    "T35 guard's certificate": (both(world.azure_rbac, world.guard_files(days=-3)), "guard-certificate", "/etc/guard"),
    "T36 identity without role": (world.azure_rbac, "rbac-identity", "az role assignment create"),
    "T38 feature off": (world.custom_location, "custom-locations-off", "enable-features"),
    "T38 cluster connect off": (world.values({"clusterconnect-agent": {"enabled": False}}, customLocations={"enabled": True, "oid": "7c1d"}), "custom-locations-off", "cluster-connect"),
    "T38 another object id": (world.values(customLocations={"enabled": True, "oid": "7c1d"}), "custom-locations-off", "enable-features"),
    "T40 extension": (children("extensions", **failed("timed out")), "extension-failed", "again"),
    "T41 arm64": (world.nodes(architecture="arm64"), "extension-arm64", "amd64"),
    "T42 ownership": (children("extensions", **failed("invalid ownership metadata; label")), "extension-failed", "earlier helm install"),
    "T43 terminating": (children("fluxConfigurations", complianceState="Non-Compliant", errorMessage="namespace apps because it is being terminated"), "flux-not-compliant", "wait"),
    "T44 flux nil": (children("extensions", **failed("AZURE_TENANT_ID: index of untyped nil")), "extension-failed", "1.15.2"),
    "T45 dry run": (world.flux_says("ReconciliationFailed", "admission webhook x does not support dry run"), "flux-not-ready", "sideEffects"),
    "T46 flux failed": (children("extensions", **failed("denied by policy")), "extension-failed", "flux"),
    "T47 no identity found": (children("extensions", **failed("no azure identity found for request clientID")), "extension-failed", "pod identity"),
    "T49 nat table": (children("extensions", **failed("can't initialize iptables table `nat'")), "extension-failed", "modprobe"),
    "T50 privileged": (children("extensions", **failed("privileged containers are not allowed")), "extension-failed", "allow-privileged"),
    "another key": (world.another_key, "key-mismatch", "give the resource this one"),
    "T53 region": (lambda stage: stage.seed(regionGaps=[{"type": "connectedClusters", "region": "eastus"}]), "AZK8S0104", "-l REGION"),
    "T58 old agents": (azure(agentVersion="1.20.3"), "agents-outdated", "upgrade"),
    "T59 failed and unready": (both(world.release("failed"), world.trouble("NeverReady")), "AZK8S0514", "describe"),
    "T60 agent state": (azure(arcAgentProfile={"agentState": "Failed", "agentErrors": [{"component": "wi", "message": "no"}]}), "AZK8S0506", "connect"),
    "out of memory": (world.trouble("OOMKilled", "metrics-agent"), "agent-memory", "limits"),
    "helm was killed": (world.release("pending-upgrade"), "release-unfinished", "connect"),
    "kinds are gone": (world.remove("customresourcedefinitions", "", "gitconfigs.clusterconfig.azure.com"), "crds-missing", "connect"),
    "asleep": (change("deployments", ARC, "config-agent", spec={"replicas": 0}), "agents-asleep", "scale -n azure-arc"),
    "gateway": (azure(gateway={"enabled": True}), "gateway-agent-missing", "connect"),
    "quota": (world.tight_quota, "quota-exhausted", "tight"),
    "webhook": (plant(ADMISSION, "", "judge", webhooks=[WEBHOOK]), "webhook-blocks", "gone/judge"),
    "nodes away": (world.nodes(ready=False), "nodes-not-ready", "describe node"),
    "token": (world.stale_token, "AZK8S0202", "sign in to the cluster"),
    "nobody": (lambda stage: stage.extra.update(AZURE_CLIENT_SECRET="wrong"), "not-signed-in", "az login"),
    "resource forbidden": (lambda stage: stage.fault("arm", {"forbid": True}, method="GET", path="/harbor$", times=None), "AuthorizationFailed", "role"),
    "configuration service": (lambda stage: stage.fault("dataplane", {"status": 503}, path="/healthCheck$", times=None), "AZK8S0300", "allow"),
    "clock here": (world.clock_of("arm", "^/subscriptions/[^/]+$"), "clock-here", "ntp"),
    "clock there": (world.clock_of("kubernetes", "^/version$"), "clock-cluster", "ntp"),
    "flux pods": (lambda stage: stage.within(lambda: stage.cluster.trouble("CrashLoopBackOff", namespace="flux-system")), "flux-pods", "flux-system"),
    "flux source": (world.flux_says("ArtifactFailed", "authentication required"), "flux-not-ready", "protected-settings"),
}  # fmt: skip

NOTES: dict[str, tuple[Break, str, str]] = {
    "T14 cluster connect off": (change("configmaps", ARC, "azure-clusterconfig", data={"CLUSTER_CONNECT_AGENT_ENABLED": "false"}), "cluster-connect-off", "enable-features"),
    "T18 proxy": (lambda stage: stage.extra.update(HTTP_PROXY="http://somebody:hidden@proxy.example:3128"), "proxy-from-here", ""),
    "T26 left over": (plant("secrets", RELEASES, "sh.helm.release.v1.cluster-diagnostic-checks.v1", metadata={"labels": {"owner": "helm", "name": "cluster-diagnostic-checks"}}), "diagnostics-left-over", "helm uninstall"),
    "T18 no helm": (world.no_helm, "AZK8S0510", "install helm"),
    "T35 guard's certificate ends soon": (both(world.azure_rbac, world.guard_files(days=20)), "guard-certificate", "rollout restart"),
    "T54 public name": (world.private_link("20.60.7.7"), "private-names", "privatelink.his.arc.azure.com"),
    "T37 network policy": (plant("networkpolicies", ARC, "closed", spec={"podSelector": {}}), "network-policy", "DNS"),
    "T44 old flux": (children("extensions", currentVersion="1.15.1"), "flux-known-bug", "autoUpgradeMinorVersion"),
    "T48 still creating": (children("extensions", provisioningState="Creating"), "extension-unfinished", "48 hours"),
    "T57 no metadata": (azure(kubernetesVersion=None), "metadata-missing", "resource-sync-agent"),
    "late": (azure(lastConnectivityTime=ago(minutes=13)), "heartbeat-late", "--inside"),
    "certificate ends soon": (azure(managedIdentityCertificateExpirationTime=ago(days=-5)), "identity-trusted", "online"),
    "old Kubernetes": (lambda stage: stage.fault("kubernetes", {"patch_body": {"gitVersion": "v1.29.0"}}, path="/version$", times=None), "kubernetes-outdated", "upgrade"),
    "configuration provider": (world.provider("Microsoft.KubernetesConfiguration"), "AZK8S0408", "register"),
    "provisioning": (azure(provisioningState="Updating"), "provisioning-failed", "minute"),
}  # fmt: skip

INSIDE: dict[str, tuple[str, str, str]] = {
    "T22 names": (DNS, "AZK8S0301", "DNS"),
    "T23 outbound": (GOOD_DNS + OUT, "AZK8S0306", "443"),
    "T25 incomplete": (f"{GOOD_DNS}Killed\n", "AZK8S0603", "memory"),
    "kinds of somebody else": (f"{GOOD_DNS}Check Failed: CRD x is owned by y\n", "AZK8S0600", "remove"),
}  # fmt: skip


def found(stage: Stage, code: str, flags: str = "") -> dict[str, Any]:
    """The finding with a code."""
    ended = stage.type(f"{CHECK} {flags}")
    assert ended.out, ended.err
    several = [each for each in ended.data["findings"] if each["code"] == code]
    worst = sorted(
        several, key=lambda each: ["fail", "warn", "skip", "pass"].index(each["verdict"])
    )
    return dict(worst[0]) | {"exit": ended.code}


@pytest.mark.parametrize("symptom", FAILURES)
def test_a_symptom_has_its_verdict_and_its_remedy(harbor: Stage, symptom: str) -> None:
    """The broken world fails the question with this code; what to do can be pasted; exit 5."""
    broken, code, word = FAILURES[symptom]
    broken(harbor)

    finding = found(harbor, code, "--kube-context sandbox")

    assert (finding["verdict"], finding["exit"]) == ("fail", 5), finding
    assert word in " ".join(finding["remedy"]), finding
    assert mistakes(finding["remedy"]) == []
    assert not harbor.world.crashes, harbor.world.crashes


def test_what_to_do_goes_to_the_cluster_that_was_asked(harbor: Stage) -> None:
    """A context that was named is named again, to arcctl and to kubectl."""
    FAILURES["asleep"][0](harbor)

    finding = found(harbor, "agents-asleep", "--kube-context sandbox")

    connect = "arcctl connect -n harbor -g edge --skip-cluster-check --kube-context sandbox"
    assert finding["remedy"] == [
        "kubectl --context sandbox scale -n azure-arc --replicas=1 deployment config-agent",
        f"if you are certain that this is its cluster: {connect}",
    ]


@pytest.mark.parametrize("symptom", NOTES)
def test_what_is_worth_knowing_is_a_note(harbor: Stage, symptom: str) -> None:
    """It does not fail, and says what to do all the same."""
    broken, code, word = NOTES[symptom]
    broken(harbor)

    finding = found(harbor, code)

    assert finding["verdict"] == "warn", finding
    assert mistakes(finding["remedy"]) == []
    assert word in " ".join(finding["remedy"]), finding


@pytest.mark.parametrize("symptom", INSIDE)
def test_what_the_job_found_is_a_verdict(harbor: Stage, symptom: str) -> None:
    """From inside the cluster, as its pods see the world."""
    log, code, word = INSIDE[symptom]
    world.inside(log)(harbor)

    finding = found(harbor, code, "--only inside")

    assert (finding["verdict"], finding["exit"]) == ("fail", 5), finding
    assert word in " ".join(finding["remedy"]), finding


def test_a_job_that_no_node_takes_is_a_verdict(harbor: Stage) -> None:
    """T24, T25: never seen to run, and the events of its pod tell what it lacks."""
    lacking = "0/3 nodes are available: 3 Insufficient memory."
    harbor.within(
        lambda: harbor.cluster.trouble("Unschedulable", namespace=RELEASES, message=lacking)
    )

    finding = found(harbor, "AZK8S0605", "--only inside")

    assert finding["verdict"] == "fail", finding
    assert "free cpu and memory on the nodes" in " ".join(finding["remedy"])


def test_what_azure_rbac_and_custom_locations_need_is_enough(harbor: Stage) -> None:
    """With role, certificates and object id no question fails; without a certificate one is skipped."""
    world.azure_rbac(harbor)
    harbor.well("enable-features -n harbor -g edge --features custom-locations azure-rbac")
    world.custom_location(harbor)
    identity = harbor.well("show -n harbor -g edge --query identity.principalId").data
    role = "Connected Cluster Managed Identity CheckAccess Reader"
    harbor.seed(assignments=[{"on": "edge", "who": identity, "role": role}])

    bare = found(harbor, "guard-certificate")
    world.guard_files(days=200)(harbor)
    verdicts = {
        code: found(harbor, code)["verdict"]
        for code in ("rbac-identity", "guard-certificate", "custom-locations-off")
    }

    assert bare["verdict"] == "skip"
    assert set(verdicts.values()) == {"pass"}, verdicts


def test_a_relay_that_was_reached_since_is_no_symptom(harbor: Stage) -> None:
    """The newest line about the relay counts."""
    world.relay_log(
        "E1 dial wss://g1.servicebus.windows.net: i/o timeout",
        "I2 listening at g1.servicebus.windows.net",
    )(harbor)

    assert found(harbor, "relay-obstacle")["verdict"] == "pass"


def test_private_names_that_lead_to_private_addresses_are_well(harbor: Stage) -> None:
    """The sandbox's own names lead to this machine."""
    azure(privateLinkState="Enabled")(harbor)

    assert found(harbor, "private-names")["verdict"] == "pass"


def test_a_cluster_that_belongs_to_somebody_else_is_found_before_connect(harbor: Stage) -> None:
    """T30: its agents speak for another resource, which is named."""
    harbor.seed(clusters=[{"name": "depot", "group": "edge", "location": "eastus"}])
    world.another_owner(harbor)

    finding = found(harbor, "AZK8S0403", "--before connect")

    assert (finding["verdict"], finding["exit"]) == ("fail", 5), finding
    assert "arcctl show -n depot" in finding["remedy"][0]


def test_a_name_that_belongs_to_another_cluster_is_found_before_connect(quick: Stage) -> None:
    """T29: the resource is there with a key that is not this cluster's."""
    quick.seed(clusters=[{"name": "harbor", "group": "edge", "location": "eastus"}])

    finding = found(quick, "AZK8S0403", "--before connect")

    assert (finding["verdict"], finding["exit"]) == ("fail", 5), finding
    assert "the right cluster" in finding["remedy"][0]
    assert "another name" in finding["remedy"][1]


def test_a_proxys_password_is_not_shown(harbor: Stage) -> None:
    """Only its host is worth knowing."""
    harbor.extra["HTTP_PROXY"] = "http://somebody:hidden@proxy.example:3128"

    ended = harbor.type(CHECK)

    assert "proxy.example" in ended.out
    assert "hidden" not in ended.out + ended.err


@pytest.mark.parametrize(
    "broken",
    [
        world.obstructed("proxyconnect tcp: http://somebody:hidden-7@proxy:3128: i/o timeout"),
        world.flux_says("GitOperationFailed", "https://edge:hidden-7@git.example: no such host"),
        children("extensions", **failed("release failed: token=hidden-7")),
    ],
    ids=["log", "flux", "extension"],
)
def test_a_secret_in_somebodys_message_is_not_shown(harbor: Stage, broken: Break) -> None:
    """Logs and conditions are other programs' words, and may hold what nobody should read."""
    broken(harbor)

    ended = harbor.type(CHECK)

    assert ended.code == 5
    assert "[hidden]" in ended.out
    assert "hidden-7" not in ended.out + ended.err
