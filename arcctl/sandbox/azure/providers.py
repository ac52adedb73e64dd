"""Resource providers: registration, regions, api-versions (`arm.md` 9.1 to 9.3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from arcctl.model.region import canonical
from arcctl.sandbox.azure import regions, versions
from arcctl.sandbox.azure.answers import Answer, ArmError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from arcctl.sandbox.azure.call import Call

_EVERYWHERE: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Offer:
    """A resource type that a provider lists."""

    type: str
    regions: tuple[str, ...]
    versions: tuple[str, ...]
    capabilities: str = "None"


@dataclass(slots=True)
class Provider:
    """A namespace in one subscription. `polls` counts down while it is Registering."""

    namespace: str
    offers: tuple[Offer, ...]
    state: str = "Registered"
    policy: str = "RegistrationRequired"
    polls: int = 0


_CLUSTER = "SystemAssignedResourceIdentity, SupportsTags, SupportsLocation"
_CATALOGUE: dict[str, tuple[Offer, ...]] = {
    "Microsoft.Kubernetes": (
        Offer("connectedClusters", regions.CLUSTER_REGIONS, versions.CLUSTERS, _CLUSTER),
        Offer("locations", _EVERYWHERE, versions.CLUSTERS),
        Offer("locations/operationStatuses", regions.CLUSTER_REGIONS, versions.CLUSTERS),
        Offer("registeredSubscriptions", _EVERYWHERE, versions.CLUSTERS),
        Offer("Operations", _EVERYWHERE, versions.CLUSTERS),
    ),
    "Microsoft.KubernetesConfiguration": (
        Offer(
            "sourceControlConfigurations",
            regions.CONFIGURATION_REGIONS,
            versions.SOURCE_CONTROL,
            "SupportsExtension",
        ),
        Offer(
            "extensions",
            regions.CONFIGURATION_REGIONS,
            versions.EXTENSIONS,
            "SystemAssignedResourceIdentity, SupportsExtension",
        ),
        Offer(
            "fluxConfigurations",
            regions.CONFIGURATION_REGIONS,
            versions.FLUX,
            "SupportsExtension",
        ),
        Offer("operations", _EVERYWHERE, versions.EXTENSIONS),
        Offer("extensionTypes", regions.CONFIGURATION_REGIONS, versions.EXTENSION_TYPES),
        Offer("locations/extensionTypes", regions.CONFIGURATION_REGIONS, versions.EXTENSION_TYPES),
    ),
    "Microsoft.ExtendedLocation": (
        Offer("customLocations", regions.CLUSTER_REGIONS, versions.CUSTOM_LOCATIONS, _CLUSTER),
    ),
    "Microsoft.HybridCompute": (
        Offer("machines", regions.CLUSTER_REGIONS, versions.HYBRID_COMPUTE, _CLUSTER),
        Offer("privateLinkScopes", regions.CLUSTER_REGIONS, versions.HYBRID_COMPUTE),
        Offer("gateways", _EVERYWHERE, versions.HYBRID_COMPUTE),
        Offer("settings", _EVERYWHERE, versions.HYBRID_COMPUTE, "SupportsExtension"),
    ),
    "Microsoft.KubernetesRuntime": (
        Offer("loadBalancers", regions.CLUSTER_REGIONS, versions.RUNTIME, "SupportsExtension"),
        Offer("storageClasses", regions.CLUSTER_REGIONS, versions.RUNTIME, "SupportsExtension"),
        Offer("bgpPeers", regions.CLUSTER_REGIONS, versions.RUNTIME, "SupportsExtension"),
    ),
    "Microsoft.App": (
        Offer("connectedEnvironments", regions.CLUSTER_REGIONS, versions.APPS, "SupportsTags"),
    ),
    "Microsoft.ManagedIdentity": (
        Offer("userAssignedIdentities", _EVERYWHERE, versions.IDENTITIES, "SupportsTags"),
        Offer(
            "userAssignedIdentities/federatedIdentityCredentials", _EVERYWHERE, versions.IDENTITIES
        ),
    ),
    "Microsoft.Insights": (
        Offer("dataCollectionRules", _EVERYWHERE, versions.RULE_ASSOCIATIONS, "SupportsTags"),
        Offer("dataCollectionEndpoints", _EVERYWHERE, versions.RULE_ASSOCIATIONS, "SupportsTags"),
        Offer("diagnosticSettings", _EVERYWHERE, versions.DIAGNOSTICS, "SupportsExtension"),
        Offer(
            "dataCollectionRuleAssociations",
            _EVERYWHERE,
            versions.RULE_ASSOCIATIONS,
            "SupportsExtension",
        ),
    ),
    "Microsoft.PolicyInsights": (
        Offer("checkPolicyRestrictions", _EVERYWHERE, versions.POLICY_RESTRICTIONS),
    ),
}
_FREE: dict[str, tuple[Offer, ...]] = {
    "Microsoft.Resources": (
        Offer("resourceGroups", _EVERYWHERE, versions.RESOURCES),
        Offer("subscriptions", _EVERYWHERE, versions.RESOURCES),
        Offer("tags", _EVERYWHERE, versions.RESOURCES),
    ),
    "Microsoft.Authorization": (
        Offer("locks", _EVERYWHERE, versions.LOCKS),
        Offer("roleAssignments", _EVERYWHERE, versions.AUTHORIZATION),
        Offer("permissions", _EVERYWHERE, versions.AUTHORIZATION),
        Offer("policyAssignments", _EVERYWHERE, versions.POLICY),
        Offer("policyExemptions", _EVERYWHERE, versions.POLICY),
    ),
}


def catalogue() -> dict[str, Provider]:
    """Return fresh providers for a subscription, by lower-cased namespace."""
    paid = [Provider(namespace, offers) for namespace, offers in _CATALOGUE.items()]
    free = [Provider(ns, offers, policy="RegistrationFree") for ns, offers in _FREE.items()]
    return {provider.namespace.lower(): provider for provider in (*paid, *free)}


def get(call: Call) -> Answer:
    provider = _named(call)
    consult(call, provider)
    if provider.state == "Registering" and provider.polls <= 0:
        provider.state = "Registered"
    provider.polls -= 1
    return Answer(body=_document(call, provider))


def listing(call: Call) -> Answer:
    known = call.azure.providers[call.target.subscription.lower()].values()
    return Answer(body={"value": [_document(call, provider) for provider in known]})


def register(call: Call) -> Answer:
    """Begin to register; done after as many looks as the knob `register_polls` says."""
    provider = _named(call)
    slow = call.knob("register_polls")
    provider.polls = int(slow["register_polls"]) if slow else 0
    if provider.state != "Registered":
        provider.state = "Registering" if provider.polls else "Registered"
    return Answer(body=_document(call, provider))


def unregister(call: Call) -> Answer:
    provider = _named(call)
    provider.state = "Unregistered"
    return Answer(body=_document(call, provider))


def consult(call: Call, provider: Provider) -> None:
    """Let planned faults change what a provider is, just before somebody looks."""
    if call.knob("not_registered"):
        provider.state = "NotRegistered"
    if plan := call.knob("region_without"):
        gap = plan["region_without"]
        call.azure.region_gaps.add(regions.gap(gap["type"], gap["region"]))


def offered_regions(call: Call, offer: Offer) -> list[str]:
    gaps = call.azure.region_gaps
    return [name for name in offer.regions if (_last(offer), canonical(name)) not in gaps]


def is_retired(call: Call, offer: Offer) -> bool:
    """Tell whether a type is listed nowhere any more, as source control configurations will be."""
    return (_last(offer), regions.EVERYWHERE) in call.azure.region_gaps


def _last(offer: Offer) -> str:
    """A gap of `extensionTypes` is one of `locations/extensionTypes` too."""
    return offer.type.rpartition("/")[2].lower()


def versions_of(call: Call, type_name: str, known: tuple[str, ...]) -> tuple[str, ...]:
    """Return the api-versions of a type in this cloud, which may lag behind."""
    return call.azure.versions.get(type_name.lower(), known)


def find(call: Call, namespace: str) -> Provider | None:
    subscription = call.azure.providers.get(call.target.subscription.lower(), {})
    return subscription.get(namespace.lower())


def find_offer(call: Call, namespace: str, type_name: str) -> Offer | None:
    provider = find(call, namespace)
    offers: Iterable[Offer] = provider.offers if provider else ()
    return next((offer for offer in offers if offer.type.lower() == type_name.lower()), None)


def _named(call: Call) -> Provider:
    namespace = call.target.names[1]
    provider = find(call, namespace)
    if provider is None:
        raise ArmError(
            404,
            "InvalidResourceNamespace",
            f"The resource namespace '{namespace}' is invalid.",
        )
    return provider


def _document(call: Call, provider: Provider) -> dict[str, Any]:
    subscription = call.target.subscription
    return {
        "id": f"/subscriptions/{subscription}/providers/{provider.namespace}",
        "namespace": provider.namespace,
        "authorizations": [],
        "resourceTypes": [
            {
                "resourceType": offer.type,
                "locations": offered_regions(call, offer),
                "apiVersions": _versions(call, provider, offer),
                "capabilities": offer.capabilities,
            }
            for offer in provider.offers
            if not is_retired(call, offer)
        ],
        "registrationState": provider.state,
        "registrationPolicy": provider.policy,
    }


def _versions(call: Call, provider: Provider, offer: Offer) -> list[str]:
    known = versions_of(call, f"{provider.namespace}/{offer.type}", offer.versions)
    return sorted(known, reverse=True)
