"""The codes of a plan's rows, each with what it means (`docs/reference/plan.md`, `arm.md` 12.2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Code:
    """A stable word for scripts. `blocks` rows stop a move; `--accept` lets `acceptable` ones pass.

    `report` says where the report of the finished move repeats the row, "" for nowhere.
    """

    name: str
    meaning: str
    blocks: bool = False
    acceptable: bool = False
    report: Literal["", "not looked at", "by hand"] = ""


def _stop(name: str, meaning: str) -> Code:
    return Code(name, meaning, blocks=True)


def _ask(name: str, meaning: str) -> Code:
    return Code(name, meaning, blocks=True, acceptable=True)


def _unread(name: str, meaning: str) -> Code:
    return Code(name, meaning, report="not looked at")


def _hand(name: str, meaning: str) -> Code:
    return Code(name, meaning, report="by hand")


_ALL = (
    # ── the cluster and its connection ──
    _stop("run-in-progress", "A run is under way on this cluster."),
    _stop("run-unfinished", "A run has stopped part-way on this cluster; it comes first."),
    _stop("wrong-cluster", "The kubeconfig leads to a cluster that is not the one to be moved."),
    _ask("cluster-unproved", "The cluster may be a copy: too little evidence that it is the one."),
    _stop("namespace-shared", "Others keep workloads or data in a namespace of the agents."),
    _stop("cluster-connect", "The kubeconfig goes through the agents, which are removed."),
    _stop("not-cluster-admin", "The kubeconfig may not install the agents."),
    _stop("agents-missing", "No release of the agents is in the cluster, so nothing is connected."),
    _ask("source-offline", "Azure has received no heartbeat from the source for 15 minutes or more."),
    _stop("source-expired", "The identity certificate of the agents has run out."),
    _stop("source-unsettled", "The source is not Connected, and not simply offline."),
    _stop("kind-refused", "A kind of cluster whose life belongs to another service."),
    _ask("release-unfinished", "A helm release was left in the middle of its work."),
    # ── the target ──
    _stop("same-region", "The target is the source: same region, same id."),
    _stop("region-unknown", "Azure has no region of that name, as far as the providers tell."),
    _stop("region-lacks-type", "The region does not offer a type that this cluster uses."),
    _stop("provider-unregistered", "A resource provider is not registered in the subscription."),
    _stop("data-plane", "Arc's configuration service of the target region does not answer."),
    _stop("tools", "Something that the move uses later does not work: helm, a chart, a folder."),
    _stop("target-exists", "A resource of the target's name is there already."),
    Code("target-group", "The target's group is missing and will be made."),
    Code("target-first", "The target has another id, so it is made before the source is deleted."),
    _unread("version-lossy", "An older api-version must be used, which cannot show all fields."),
    # ── what forbids ──
    _stop("locked", "A lock forbids to delete the source, or to write in the target's group."),
    _ask("locked-itself", "A lock on the cluster itself, which the move can take off and put back."),
    _stop("policy-denies", "A policy forbids the resource in the target region."),
    Code("policy-unchecked", "Whether a policy forbids the target could not be asked."),
    _stop("not-permitted", "An action that the move needs is not among the permissions."),
    Code("permissions-unread", "Permissions could not be read; Azure or the cluster will judge."),
    _ask("cannot-restore", "Something attached to the resource may not be written again."),
    Code(
        "unseen",
        "Something that goes with the resource could not be looked at.",
        blocks=True,
        acceptable=True,
        report="not looked at",
    ),
    _unread("unlooked", "Something worth knowing could not be looked at."),
    # ── the resource itself ──
    Code("tags", "Tags of the resource."),
    Code("properties", "What the resource's own body says."),
    Code("not-carried", "Fields that a newer api-version shows, and this arcctl cannot carry."),
    Code("certificate-key", "The key pair of the agents: whether it stays, or is another one."),
    Code("declared", "What a Terraform or Bicep file of the cluster must say afterwards."),
    Code("resource-id", "The ARM id changes with name, group or subscription."),
    # ── the agents ──
    Code("agent-settings", "What people chose for the agents, in helm's values."),
    Code("agent-values", "Helm values of the agents that name the old region."),
    Code("features", "Features that are switched on in the cluster."),
    Code("agent-version", "The version of the agents that the region serves."),
    Code("firewall", "The endpoints of the target region that must be reachable."),
    Code("diagnostics-later", "The cluster's way to the target is tried before the first change."),
    # ── the children ──
    Code("extensions", "Extensions of the cluster."),
    Code("flux", "Flux configurations of the cluster."),
    Code("source-control", "Source control configurations, which are retired."),
    _ask("source-control-retired", "Source control configurations can no longer be made there."),
    Code("leftover-child", "An object of a child that is being deleted, or of another cluster."),
    Code("not-ours", "Children that another service makes and keeps."),
    Code("fields-not-carried", "Fields of children that this arcctl cannot carry."),
    Code("version-drift", "An extension that upgrades itself may come back newer."),
    _ask("type-not-offered", "The target region does not offer an extension type, or its version."),
    Code("catalogue-unread", "Which extension types the target region offers could not be asked."),
    _hand("terms", "An extension from the marketplace, whose terms must be accepted."),
    _hand("region-settings", "Settings that name the region, rewritten or reported."),
    _hand("deploy-key", "Flux makes a new key, which the git host must be told."),
    Code("prune", "Configurations that delete their objects when they are deleted themselves."),
    _ask("child-unsettled", "A child is in the middle of a change, or has failed."),
    _ask("unlisted-child", "The cluster has an object of a child that Azure does not list."),
    _stop("secret-missing", "A protected setting that must be given again is not."),
    Code("secret-waived", "A protected setting that will be missing, by decision."),
    _hand("secret-note", "Something about protected settings that a person should know."),
    Code("secret-surplus", "A protected setting was given that is needed nowhere."),
    # ── identities and rights ──
    Code("identity", "The managed identity of the resource is another one afterwards."),
    Code("extension-identities", "Managed identities of extensions are others afterwards."),
    Code("user-identities", "Identities of users that extensions use, which stay the same."),
    _ask("identity-unknown", "An identity of a user that Azure does not show, or that is gone."),
    Code("identity-rights", "Roles given elsewhere to an identity that will be gone."),
    Code("role-assignments", "Roles given on the resource or below it."),
    _hand("issuer", "The OIDC issuer has another address."),
    _hand("federated-credentials", "Federated credentials that trust the old issuer."),
    # ── what hangs on it ──
    Code("diagnostic-settings", "Where logs and metrics of the resource or its children are sent."),
    _ask("diagnostic-region", "A diagnostic setting's destination must lie in the same region."),
    Code("data-collection", "Associations of the resource or its children with data collection rules."),
    _hand("data-collection-region", "A data collection endpoint that lies in another region."),
    Code("policy-assignments", "Policies assigned to the resource or its children."),
    Code("policy-exemptions", "Exemptions from policies, for the resource or its children."),
    # ── what depends on it ──
    _ask("custom-locations", "Custom locations stand on this cluster, and things on them."),
    _stop("private-link-region", "The private link scope lies in another region."),
    Code("private-link", "Private link, with a scope of the target region."),
    Code("gateway", "The Arc gateway."),
    _stop("gateway-unknown", "The resource uses an Arc gateway that cannot be found out."),
    Code("sub-resources", "Resources of other services below the cluster."),
    _hand("references", "Resources elsewhere that name this cluster."),
    _unread("graph-unread", "Resource Graph could not be asked, so lists were read instead."),
    Code("history", "Metrics, activity log and change history of the old resource."),
    Code("unmanaged", "The time in which Azure does not manage the cluster."),
)  # fmt: skip
CODES = {code.name: code for code in _ALL}
