"""Azure Policy, as much of it as stops a connect or a move: allowed locations (`arm.md` 12.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from arcctl.model.region import canonical
from arcctl.sandbox.azure.access import above
from arcctl.sandbox.azure.answers import Answer, ArmError, bad_request

if TYPE_CHECKING:
    from arcctl.sandbox.azure.call import Call
    from arcctl.sandbox.azure.store import Resource

ASSIGNMENTS = "Microsoft.Authorization/policyAssignments"
_ALLOWED_LOCATIONS = (
    "/providers/Microsoft.Authorization/policyDefinitions/e56962a6-4747-49cd-b67b-bf8b01975c4c"
)


def enforce(call: Call) -> None:
    """Refuse a PUT whose location a policy does not allow (403)."""
    wanted = call.location()
    if not wanted:
        return
    planned = call.knob("deny_policy")
    denying = [a for a in _assignments(call) if wanted not in _allowed(a)]
    if not denying and planned is None:
        return
    name = call.target.name
    assignment = denying[0].id if denying else f"{_scope(call)}/providers/{ASSIGNMENTS}/planned"
    raise ArmError(
        403,
        "RequestDisallowedByPolicy",
        f"Resource '{name}' was disallowed by policy.",
        target=name,
        info=[{"type": "PolicyViolation", "info": _violation(assignment, wanted)}],
    )


def restrictions(call: Call) -> Answer:
    """Answer checkPolicyRestrictions: which locations a policy would allow."""
    details = call.document().get("resourceDetails")
    content = details.get("resourceContent") if isinstance(details, dict) else None
    if not isinstance(content, dict):
        raise bad_request("InvalidRequestContent", "resourceDetails.resourceContent is required.")
    wanted = canonical(str(content.get("location", "")))
    fields = []
    evaluations = []
    for assignment in _assignments(call):
        values = sorted(_allowed(assignment))
        reference = {"policyAssignmentId": assignment.id, "policyDefinitionId": _ALLOWED_LOCATIONS}
        fields.append(
            {
                "field": "location",
                "restrictions": [{"result": "Required", "values": values, "policy": reference}],
            }
        )
        if wanted and wanted not in values:
            evaluations.append({"policyInfo": reference, "evaluationResult": "NonCompliant"})
    return Answer(
        body={
            "fieldRestrictions": fields,
            "contentEvaluationResult": {"policyEvaluations": evaluations},
        }
    )


def _assignments(call: Call) -> list[Resource]:
    found = above(call.azure.store, call.target.path, ASSIGNMENTS)
    return [assignment for assignment in found if _allowed(assignment)]


def _allowed(assignment: Resource) -> set[str]:
    found: Any = assignment.properties
    for step in ("parameters", "listOfAllowedLocations", "value"):
        found = found.get(step) if isinstance(found, dict) else None
    return {canonical(str(name)) for name in found} if isinstance(found, list) else set()


def _scope(call: Call) -> str:
    return f"/subscriptions/{call.target.subscription}"


def _violation(assignment: str, wanted: str) -> dict[str, Any]:
    return {
        "policyDefinitionId": _ALLOWED_LOCATIONS,
        "policyDefinitionDisplayName": "Allowed locations",
        "policyDefinitionEffect": "deny",
        "policyAssignmentId": assignment,
        "policyAssignmentName": assignment.rpartition("/")[2],
        "evaluationDetails": {
            "evaluatedExpressions": [
                {
                    "result": "True",
                    "expressionKind": "Field",
                    "expression": "location",
                    "path": "location",
                    "expressionValue": wanted,
                    "operator": "NotIn",
                }
            ]
        },
    }
