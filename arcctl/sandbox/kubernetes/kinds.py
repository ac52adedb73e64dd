"""The kinds of object this Kubernetes knows, as one table; custom kinds join it while it runs (testbed.md 3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

KindKey = tuple[str, str]
"""API group and plural: what an object is stored under, whatever version it is asked for in."""

STANDARD = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")
READ_ONLY = ("get", "list", "watch")

# group version kind plural scope short names | categories | subresources
TABLE = """
- v1 ConfigMap configmaps ns cm - -
- v1 Endpoints endpoints ns ep - -
- v1 Event events ns ev - -
- v1 LimitRange limitranges ns limits - -
- v1 Namespace namespaces cl ns - finalize,status
- v1 Node nodes cl no - status
- v1 PersistentVolumeClaim persistentvolumeclaims ns pvc - status
- v1 PersistentVolume persistentvolumes cl pv - status
- v1 Pod pods ns po all eviction,log,status
- v1 ReplicationController replicationcontrollers ns rc all status
- v1 ResourceQuota resourcequotas ns quota - status
- v1 Secret secrets ns - - -
- v1 ServiceAccount serviceaccounts ns sa - -
- v1 Service services ns svc all status
apiregistration.k8s.io v1 APIService apiservices cl - api-extensions status
apps v1 ControllerRevision controllerrevisions ns - - -
apps v1 DaemonSet daemonsets ns ds all status
apps v1 Deployment deployments ns deploy all scale,status
apps v1 ReplicaSet replicasets ns rs all scale,status
apps v1 StatefulSet statefulsets ns sts all scale,status
authorization.k8s.io v1 SelfSubjectAccessReview selfsubjectaccessreviews cl - - -
authorization.k8s.io v1 SelfSubjectRulesReview selfsubjectrulesreviews cl - - -
autoscaling v2 HorizontalPodAutoscaler horizontalpodautoscalers ns hpa all status
batch v1 CronJob cronjobs ns cj all status
batch v1 Job jobs ns - all status
networking.k8s.io v1 IngressClass ingressclasses cl - - -
networking.k8s.io v1 Ingress ingresses ns ing - status
networking.k8s.io v1 NetworkPolicy networkpolicies ns netpol - -
policy v1 PodDisruptionBudget poddisruptionbudgets ns pdb - status
rbac.authorization.k8s.io v1 ClusterRoleBinding clusterrolebindings cl - - -
rbac.authorization.k8s.io v1 ClusterRole clusterroles cl - - -
rbac.authorization.k8s.io v1 RoleBinding rolebindings ns - - -
rbac.authorization.k8s.io v1 Role roles ns - - -
storage.k8s.io v1 StorageClass storageclasses cl sc - -
admissionregistration.k8s.io v1 MutatingWebhookConfiguration mutatingwebhookconfigurations cl - api-extensions -
admissionregistration.k8s.io v1 ValidatingWebhookConfiguration validatingwebhookconfigurations cl - api-extensions -
apiextensions.k8s.io v1 CustomResourceDefinition customresourcedefinitions cl crd,crds api-extensions status
scheduling.k8s.io v1 PriorityClass priorityclasses cl pc - -
coordination.k8s.io v1 Lease leases ns - - -
discovery.k8s.io v1 EndpointSlice endpointslices ns - - -
"""

VERBS_OF = {
    "namespaces": tuple(verb for verb in STANDARD if verb != "deletecollection"),
    "apiservices": READ_ONLY,
    "selfsubjectaccessreviews": ("create",),
    "selfsubjectrulesreviews": ("create",),
}
SINGULAR_OF = {"endpoints": "endpoints"}

# Whose metadata.generation the API server counts; custom resources always have one.
GENERATIONAL = frozenset({
    "apiservices", "cronjobs", "customresourcedefinitions", "daemonsets", "deployments", "ingresses",
    "jobs", "mutatingwebhookconfigurations", "networkpolicies", "poddisruptionbudgets", "pods",
    "priorityclasses", "replicasets", "replicationcontrollers", "statefulsets",
    "validatingwebhookconfigurations", "ingressclasses", "endpointslices",
})  # fmt: skip

# A DELETE of these answers with the object, of all others with a Status.
ANSWERS_DELETED = frozenset({
    "namespaces", "persistentvolumeclaims", "persistentvolumes", "pods", "resourcequotas",
    "serviceaccounts", "services", "storageclasses",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind in one version, as discovery describes it."""

    group: str
    version: str
    kind: str
    plural: str
    namespaced: bool = True
    short: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    subresources: tuple[str, ...] = ()
    singular: str = ""
    verbs: tuple[str, ...] = STANDARD
    list_kind: str = ""
    custom: bool = False

    @property
    def key(self) -> KindKey:
        return self.group, self.plural

    @property
    def api_version(self) -> str:
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def qualified(self) -> str:
        """How error messages name the kind: `deployments.apps`, `pods`."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    @property
    def generational(self) -> bool:
        return self.custom or self.plural in GENERATIONAL


def _names(cell: str) -> tuple[str, ...]:
    return () if cell == "-" else tuple(cell.split(","))


def _row(line: str) -> Kind:
    group, version, kind, plural, scope, short, categories, subresources = line.split()
    return Kind(
        group="" if group == "-" else group,
        version=version,
        kind=kind,
        plural=plural,
        namespaced=scope == "ns",
        short=_names(short),
        categories=_names(categories),
        subresources=_names(subresources),
        singular=SINGULAR_OF.get(plural, kind.lower()),
        verbs=VERBS_OF.get(plural, STANDARD),
        list_kind=f"{kind}List",
    )


BUILT_IN = tuple(_row(line) for line in TABLE.strip().splitlines())


class Kinds:
    """All kinds served now: the table, and those that CustomResourceDefinitions add."""

    def __init__(self) -> None:
        self._served = {(kind.group, kind.version, kind.plural): kind for kind in BUILT_IN}
        self.edition = 0

    def find(self, group: str, version: str, plural: str) -> Kind | None:
        return self._served.get((group, version, plural))

    def by_name(self, api_version: str, kind: str) -> Kind | None:
        """Find the kind an object calls itself by, as owner references do."""
        matches = (k for k in self._served.values() if k.kind == kind)
        return next((k for k in matches if k.api_version == api_version), None)

    def named(self, plural: str, group: str = "") -> Kind:
        """Return a kind that is known to be served, in its first version."""
        return next(k for k in self._served.values() if k.key == (group, plural))

    def all(self) -> tuple[Kind, ...]:
        return tuple(self._served.values())

    def has_group(self, group: str) -> bool:
        return any(kind.group == group for kind in self._served.values())

    def stored(self) -> tuple[Kind, ...]:
        """Every storable kind once, whatever number of versions it is served in."""
        return tuple({k.key: k for k in self.all() if "list" in k.verbs}.values())

    def custom(self) -> tuple[Kind, ...]:
        """Every version of every custom kind."""
        return tuple(kind for kind in self._served.values() if kind.custom)

    def serve(self, custom: Iterable[Kind]) -> None:
        """Serve the table and exactly these custom kinds from now on."""
        kinds = (*BUILT_IN, *custom)
        self._served = {(kind.group, kind.version, kind.plural): kind for kind in kinds}
        self.edition += 1

    def replace_custom(self, group: str, plural: str, kinds: tuple[Kind, ...]) -> None:
        """Serve exactly these versions of a custom kind from now on."""
        kept = {k: v for k, v in self._served.items() if v.key != (group, plural)}
        kept.update({(kind.group, kind.version, kind.plural): kind for kind in kinds})
        if kept != self._served:
            self._served = kept
            self.edition += 1


KINDS = {kind.plural: kind for kind in BUILT_IN}
"""The built-in kinds by plural, for controllers."""
