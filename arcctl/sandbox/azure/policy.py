"""Azure Policy, as much of it as stops a connect or a move (`arm.md` 11, 12.2).

An assignment says what it forbids by its parameters, as the built-in definitions do; exemptions,
excluded scopes and `enforcementMode` are honoured. What a policy installs is in `deployments.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from arcctl.model.region import canonical
from arcctl.sandbox.azure import times
from arcctl.sandbox.azure.access import above
from arcctl.sandbox.azure.answers import Answer, ArmError, bad_request

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from arcctl.sandbox.azure.call import Call
    from arcctl.sandbox.azure.kind import Kind
    from arcctl.sandbox.azure.store import Resource

ASSIGNMENTS = "Microsoft.Authorization/policyAssignments"
EXEMPTIONS = "Microsoft.Authorization/policyExemptions"
_DEFINITIONS = "/providers/Microsoft.Authorization/policyDefinitions"
_FOR_GROUPS = "e765b5de-1225-4ba3-bd56-1ac6695af988"
_DEPLOYS = "00000000-0000-0000-0003-000000000002"
_EFFECTS_SINCE = "2023-03-01"


@dataclass(frozen=True, slots=True)
class Rule:
    """What one parameter of an assignment forbids: a field whose value is, or is not, listed."""

    parameter: str
    definition: str
    title: str
    field: str
    operator: str

    def forbids(self, value: str, listed: set[str]) -> bool:
        return bool(value) and (value in listed) == (self.operator == "In")


RULES = (
    Rule(
        "listOfAllowedLocations",
        f"{_DEFINITIONS}/e56962a6-4747-49cd-b67b-bf8b01975c4c",
        "Allowed locations",
        "location",
        "NotIn",
    ),
    Rule(
        "listOfDeniedLocations",
        f"{_DEFINITIONS}/00000000-0000-0000-0003-000000000001",
        "Denied locations",
        "location",
        "In",
    ),
    Rule(
        "listOfResourceTypesNotAllowed",
        f"{_DEFINITIONS}/6c112d4e-5bc7-47ae-a041-ea2d9dccd749",
        "Not allowed resource types",
        "type",
        "In",
    ),
)


@dataclass(frozen=True, slots=True)
class Assigned:
    """A rule as it was assigned, with what it lists."""

    resource: Resource
    rule: Rule
    listed: frozenset[str]

    @property
    def reference(self) -> dict[str, Any]:
        return {
            "policyDefinitionId": self.resource.properties.get(
                "policyDefinitionId", self.rule.definition
            ),
            "policyAssignmentId": self.resource.id,
        }

    def breached(self, facts: dict[str, str]) -> bool:
        return self.rule.forbids(facts[self.rule.field], set(self.listed))


def enforce(call: Call, kind: Kind) -> None:
    """Refuse a PUT that a policy does not allow (403)."""
    placed = kind.tracked or kind.is_group
    facts = {"location": call.location() if placed else "", "type": kind.type.lower()}
    denying = [each for each in assigned(call, groups=kind.is_group) if each.breached(facts)]
    planned = None if kind.is_group else call.knob("deny_policy")
    if not denying and planned is None:
        return
    name = call.target.name
    raise ArmError(
        403,
        "RequestDisallowedByPolicy",
        f"Resource '{name}' was disallowed by policy.",
        target=name,
        info=[
            {"type": "PolicyViolation", "info": _violation(each, facts)}
            for each in denying or [_planned(call)]
        ],
    )


def restrictions(call: Call) -> Answer:
    """Answer checkPolicyRestrictions: what the policies of a scope would say to a resource."""
    sent = call.document()
    facts = _facts(sent)
    rules = list(assigned(call))
    evaluations = [_evaluation(call, each, facts) for each in rules if each.breached(facts)]
    pending = sent.get("pendingFields") or []
    if not isinstance(pending, list) or not all(isinstance(each, dict) for each in pending):
        raise bad_request("InvalidRequestContent", "pendingFields is a list of objects.")
    asked = {str(each.get("field", "")).lower(): each.get("values") or [] for each in pending}
    fields: dict[str, list[dict[str, Any]]] = {}
    for each in rules:
        if found := _restriction(each, asked if pending else None):
            fields.setdefault(each.rule.field, []).append(found)
    return Answer(
        body={
            "fieldRestrictions": [
                {"field": name, "restrictions": found} for name, found in fields.items()
            ],
            "contentEvaluationResult": {"policyEvaluations": evaluations},
        }
    )


def assigned(call: Call, *, groups: bool = False) -> Iterator[Assigned]:
    """Yield the rules in force for what a request is about."""
    for resource in assignments(call):
        definition = str(resource.properties.get("policyDefinitionId", "")).lower()
        if definition.endswith(_FOR_GROUPS) != groups:
            continue
        for rule in RULES:
            listed = parameter(resource, rule.parameter)
            if isinstance(listed, list):
                yield Assigned(resource, rule, frozenset(canonical(str(each)) for each in listed))


def assignments(call: Call) -> Iterator[Resource]:
    """Yield the assignments at a path and above it that are enforced and not waived there."""
    exempt = _exempt(call)
    path = f"{call.target.key}/"
    for found in above(call.azure.store, call.target.path, ASSIGNMENTS):
        spared = [f"{scope}/".lower() for scope in found.properties.get("notScopes") or ()]
        enforced = found.properties.get("enforcementMode", "Default") != "DoNotEnforce"
        if enforced and found.key not in exempt and not path.startswith(tuple(spared)):
            yield found


def definition_of(parameters: Collection[str]) -> str:
    """Return the definition to which parameters belong."""
    found = (rule.definition for rule in RULES if rule.parameter in parameters)
    return next(found, f"{_DEFINITIONS}/{_DEPLOYS}")


def parameter(assignment: Resource, name: str) -> Any:
    found = (assignment.properties.get("parameters") or {}).get(name)
    return found.get("value") if isinstance(found, dict) else None


def _exempt(call: Call) -> set[str]:
    now = call.world.clock.now()
    return {
        str(found.properties.get("policyAssignmentId", "")).lower()
        for found in above(call.azure.store, call.target.path, EXEMPTIONS)
        if not (until := found.properties.get("expiresOn")) or times.read(until) > now
    }


def _facts(sent: dict[str, Any]) -> dict[str, str]:
    details = sent.get("resourceDetails")
    content = details.get("resourceContent") if isinstance(details, dict) else None
    if not isinstance(content, dict):
        raise bad_request("InvalidRequestContent", "resourceDetails.resourceContent is required.")
    return {
        "location": canonical(str(content.get("location") or "")),
        "type": str(content.get("type") or "").lower(),
    }


def _evaluation(call: Call, each: Assigned, facts: dict[str, str]) -> dict[str, Any]:
    effect = {"effectDetails": {"policyEffect": "Deny"}} if call.version >= _EFFECTS_SINCE else {}
    return {
        "policyInfo": each.reference,
        "evaluationResult": "NonCompliant",
        "evaluationDetails": {"evaluatedExpressions": [_expression(each, facts)]},
        **effect,
    }


def _restriction(each: Assigned, asked: dict[str, list[Any]] | None) -> dict[str, Any] | None:
    """Say what a rule requires of a field, or which of the values under question it denies."""
    values, result = sorted(each.listed), "Required" if each.rule.operator == "NotIn" else "Deny"
    if asked is not None:
        if each.rule.field not in asked:
            return None
        if offered := asked[each.rule.field]:
            listed = set(each.listed)
            values = [v for v in offered if each.rule.forbids(canonical(str(v)), listed)]
            result = "Deny"
    return {"result": result, "values": values, "policy": each.reference} if values else None


def _planned(call: Call) -> Assigned:
    from arcctl.sandbox.azure.store import Resource

    scope = f"/subscriptions/{call.target.subscription}"
    resource = Resource({"id": f"{scope}/providers/{ASSIGNMENTS}/planned"})
    return Assigned(resource, RULES[0], frozenset())


def _violation(each: Assigned, facts: dict[str, str]) -> dict[str, Any]:
    return {
        **each.reference,
        "policyDefinitionName": each.reference["policyDefinitionId"].rpartition("/")[2],
        "policyDefinitionDisplayName": each.rule.title,
        "policyDefinitionEffect": "deny",
        "policyAssignmentName": each.resource.id.rpartition("/")[2],
        "policyAssignmentDisplayName": each.resource.properties.get("displayName", ""),
        "policyAssignmentScope": each.resource.id.partition(f"/providers/{ASSIGNMENTS}")[0],
        "evaluationDetails": {"evaluatedExpressions": [_expression(each, facts)]},
    }


def _expression(each: Assigned, facts: dict[str, str]) -> dict[str, Any]:
    return {
        "result": "True",
        "expressionKind": "Field",
        "expression": each.rule.field,
        "path": each.rule.field,
        "expressionValue": facts[each.rule.field],
        "targetValue": sorted(each.listed),
        "operator": each.rule.operator,
    }
