"""Azure's answers as arcctl's errors: what happened, why, what to type next (`arm.md` 11)."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from arcctl.clients import arm_problem
from arcctl.errors import AccessError, ArcctlError, AzureError, NotFound
from arcctl.model import machine

if TYPE_CHECKING:
    from collections.abc import Mapping

    from arcctl.clients.arm_problem import Problem

ONBOARDING = "Kubernetes Cluster - Azure Arc Onboarding"
CLUSTER_USER = "Azure Arc Enabled Kubernetes Cluster User Role"
EXTENSIONS = "Kubernetes Extension Contributor"

# The least role of `arc.md` C2 that holds the action; where none is listed, Contributor.
_ROLES = (
    (re.compile(r"connectedclusters/(read|write)$", re.IGNORECASE), ONBOARDING),
    (re.compile(r"resourcegroups/read$", re.IGNORECASE), ONBOARDING),
    (re.compile(r"/listclusterusercredential", re.IGNORECASE), CLUSTER_USER),
    (re.compile(r"kubernetesconfiguration/extensions/", re.IGNORECASE), EXTENSIONS),
)
_SCOPE = re.compile(r"/subscriptions/[^'\",\s]*[^'\",.\s]", re.IGNORECASE)
_WIDE = re.compile(r"/subscriptions/([^/]+)(?:/resourcegroups/([^/]+))?", re.IGNORECASE)
_LOCKS = "providers/Microsoft.Authorization/locks"
UNUSABLE = "azure-unusable-answer"
# This machine's own address is no cloud but the sandbox, and no proxy leads to it.
_SANDBOX = ("if it is the sandbox: arcctl sandbox status", "if it is not to be: unset ARCCTL_CLOUD")
_PASSING = frozenset({"azure-unreachable", "azure-not-json", UNUSABLE})
_NO_WAY = (
    "Failed to establish",
    "Failed to resolve",
    "Unable to connect to proxy",
    "Connection aborted",
    "timed out",
    "certificate verify failed",
)
_MAY_PASS = frozenset({401, 408, 409, 429})
_WHO_GRANTS = "an Owner or User Access Administrator of the subscription can grant more"
_DENIED = re.compile(
    r"(?:client|user|principal) '(?P<who>[^']*)'(?: with object id '(?P<object>[^']*)')?"
    r".*?action(?:\(s\))? '(?P<action>[^']*)'.*?scope(?:\(s\))? '(?P<scope>[^']*)'",
    re.IGNORECASE | re.DOTALL,
)


class Denied(AccessError):
    """Azure knows who is asking, and does not permit it: 403."""


def from_answer(status: int, text: str, headers: Mapping[str, str], request: Any) -> ArcctlError:
    """Make an error of an answer with a status from 300 on; `request` is what was asked."""
    problem = arm_problem.read(text)
    facts = _facts(headers, request.headers.get("x-ms-client-request-id", ""))
    if problem.target:
        facts = (f"it is about {problem.target}", *facts)
    where = urlsplit(request.url)
    if status == 401:
        return _not_signed_in(problem, facts)
    if status == 403 and problem.code == "RequestDisallowedByPolicy":
        return _by_policy(problem, facts)
    if status == 403:
        return _denied(problem, facts)
    if status == 404:
        return NotFound(
            _sentence(problem) or f"not found: {where.path}",
            code=problem.code or None,
            why=(*_beneath(problem), *facts),
            hints=_hints(status, problem),
        )
    headline = _sentence(problem) or f"{where.netloc} answered {status} to {request.method}"
    return AzureError(
        headline,
        status=status,
        azure_code=problem.code,
        correlation_id=_correlation(headers),
        code=None if problem.code else f"azure-{status}",
        why=(*_beneath(problem), *facts),
        hints=_hints(status, problem),
    )


def from_operation(text: str, headers: Mapping[str, str], *, verb: str, path: str) -> AzureError:
    """Make an error of the last look at a long-running operation that failed or was canceled."""
    problem = arm_problem.read(text)
    inner = problem.innermost
    return AzureError(
        _sentence(inner) or f"Azure could not {verb} {path.rsplit('/', 1)[-1]}",
        status=200,
        azure_code=inner.code or "OperationFailed",
        correlation_id=_correlation(headers),
        why=(
            f"Azure accepted to {verb} {path} and failed later",
            *_beneath(problem, but=inner),
            *_facts(headers, ""),
        ),
        hints="the same command begins anew; if it fails again, tell Azure's support that id",
    )


def from_failure(error: Exception, url: str) -> ArcctlError:
    """Make an error of a request that got no answer."""
    if refused := machine.beneath(error):
        return machine.explained(refused, why=(f"when {urlsplit(url).netloc} was to be asked",))
    return unreachable(url, str(error))


def unreachable(url: str, said: str) -> AzureError:
    """Make an error of what a library says about a host that did not answer."""
    host = urlsplit(url).netloc
    if untrusted(said):
        return AzureError(
            f"the TLS certificate of {host} cannot be verified",
            code="azure-tls",
            why=cause(said),
            hints="export REQUESTS_CA_BUNDLE=/path/to/your-authorities.pem",
        )
    silent = "timed out" in said and "connect timeout" not in said
    here = (urlsplit(url).hostname or "") in ("localhost", "::1") or host.startswith("127.")
    return AzureError(
        f"{host} does not answer" if silent else f"cannot reach {host}",
        code="azure-unreachable",
        why=cause(said),
        hints=_SANDBOX if here else "where a proxy is the way out: export HTTPS_PROXY=URL",
    )


def unusable(asked: Any, status: int, wrong: str) -> AzureError:
    """Make an error of an answer that is none; nothing may be concluded from it."""
    where = urlsplit(asked.url)
    return AzureError(
        f"{where.netloc} did not answer what it was asked",
        code=UNUSABLE,
        status=status,
        why=(
            f"{asked.method} {where.path}: {wrong}",
            "an empty or broken answer does not mean that there is nothing",
        ),
        hints=(
            "try again in a minute; if it stays so: https://azure.status.microsoft",
            "a proxy may stand between: look at HTTPS_PROXY",
        ),
    )


def nameless(method: str, path: str, error: ArcctlError) -> AzureError:
    """Make an error of a 404 in which ARM does not say what is missing."""
    return AzureError(
        "Azure's answer does not say what is missing",
        status=404,
        code=UNUSABLE,
        why=(f"{method} {path.partition('?')[0]}: 404 without an error code of Azure", *error.why),
        hints="a proxy may stand between: look at HTTPS_PROXY",
    )


def unreached(said: str) -> bool:
    """Whether a library's words tell of a connection that could not be made."""
    return any(word in said for word in _NO_WAY)


def untrusted(said: str) -> bool:
    """Whether it failed because the server's certificate was not trusted, or not its own."""
    return "certificate verify failed" in said.lower() or "CertificateError" in said


def transient(error: ArcctlError) -> bool:
    """Whether the same request may well succeed a little later."""
    return isinstance(error, AzureError) and (
        error.status in {408, 429, 500, 502, 503, 504} or error.code in _PASSING
    )


def lasting(error: ArcctlError) -> bool:
    """Whether the same request would be refused again, until a person has changed something.

    Not where a sign-in has expired: that is soon mended, and by the person who types the command.
    """
    if isinstance(error, AzureError):
        refused = 400 <= error.status < 500 and error.status not in _MAY_PASS
        return error.code == "ScopeLocked" or (refused and error.code not in _PASSING)
    return isinstance(error, NotFound | Denied)


def _not_signed_in(problem: Problem, facts: tuple[str, ...]) -> AccessError:
    tenant = "Tenant" in problem.code
    return AccessError(
        _sentence(problem) or "Azure does not accept the sign-in",
        code=problem.code or "not-signed-in",
        why=facts,
        hints=(
            ("export AZURE_TENANT_ID=THE-TENANT-OF-THE-SUBSCRIPTION", "az login --tenant TENANT")
            if tenant
            else ("az login", "or set AZURE_CLIENT_ID, AZURE_TENANT_ID and AZURE_CLIENT_SECRET")
        ),
    )


def _by_policy(problem: Problem, facts: tuple[str, ...]) -> AzureError:
    return AzureError(
        _sentence(problem),
        status=403,
        azure_code=problem.code,
        why=(*problem.policies, *_beneath(problem), *facts),
        hints="choose what the policy allows, or ask its owner for an exemption",
    )


def _denied(problem: Problem, facts: tuple[str, ...]) -> Denied:
    found = _DENIED.search(problem.message)
    code = problem.code or "AuthorizationFailed"
    if not found:
        return Denied(
            _sentence(problem) or "Azure does not permit this",
            code=code,
            why=facts,
            hints=(
                "what may be done with this sign-in: arcctl check -n NAME -g GROUP --only sign-in",
                _WHO_GRANTS,
            ),
        )
    action, scope, who = found["action"], found["scope"], found["object"] or found["who"]
    role = next((name for pattern, name in _ROLES if pattern.search(action)), "Contributor")
    return Denied(
        f"not permitted: {action}",
        code=code,
        why=(f"{who} may not do this on {scope}", *facts),
        hints=(
            f'az role assignment create --assignee {who} --role "{role}" --scope {scope}',
            "a role given a moment ago takes some minutes to count",
        ),
    )


def _hints(status: int, problem: Problem) -> tuple[str, ...]:
    if problem.code == "ScopeLocked":
        return _lifting(problem.message)
    if problem.code == "MissingSubscriptionRegistration":
        named = re.findall(r"'([^']+)'", problem.message)
        return (f"az provider register --namespace {named[-1]}",) if named else ()
    if problem.code == "SubscriptionNotFound":
        return ("is this the right tenant? az account list -o table",)
    if status == 429:
        return ("Azure limits how fast one may ask; try again in a minute",)
    if status >= 500:
        return ("try again in a minute; if it stays so: https://azure.status.microsoft",)
    if status == 404:
        return ()
    return ("change what Azure names and type the same command again",)


def _lifting(message: str) -> tuple[str, ...]:
    """Return the commands that find and lift the locks; Azure names the scopes that have them."""
    locked = message.rpartition("locked:")[2]
    found: list[str] = []
    for scope in dict.fromkeys(_SCOPE.findall(locked)):
        if wide := _WIDE.fullmatch(scope):
            where = f" --resource-group {wide[2]}" if wide[2] else f" --subscription {wide[1]}"
            found += (f"az lock list{where} -o table", f"az lock delete --name NAME{where}")
        else:
            # The group's name alone would find none of a resource's own locks.
            found += (
                f"az lock list --resource {scope} -o table",
                f"az lock delete --ids {scope}/{_LOCKS}/NAME",
            )
    return tuple(found) or ("az lock list -o table", "az lock delete --name NAME")


def _sentence(problem: Problem) -> str:
    """Return a message as one line without a full stop."""
    return (problem.message or problem.innermost.message).rstrip(". ")


def _beneath(problem: Problem, but: Problem | None = None) -> tuple[str, ...]:
    """Return the details, at all depths, each as `Code: message`, none of them twice."""
    lines: dict[str, None] = {}
    for each in problem.details:
        if each is not but and each.message and each.message != problem.message:
            lines[f"{each.code}: {each.message}".removeprefix(": ")] = None
        lines |= dict.fromkeys(_beneath(each, but))
    return tuple(lines)


def _facts(headers: Mapping[str, str], asked_as: str) -> tuple[str, ...]:
    now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    identifier = _correlation(headers) or asked_as
    return (f"correlation id {identifier}, {now}",) if identifier else (now,)


def _correlation(headers: Mapping[str, str]) -> str:
    return headers.get("x-ms-correlation-request-id") or ""


def cause(text: str) -> str:
    """Return the innermost words of a library's error, without a URL, whose query may be signed."""
    said = " ".join(text.split())
    inner = re.split(r"\): |\(\d+, '|\('", said.rpartition("Caused by ")[2])[-1]
    plain = re.sub(r"""["'][)"']*$""", "", re.sub(r"\S+\?\S+", "…", inner))
    return f"{'the proxy: ' if 'ProxyError' in said else ''}{plain}"[:300]
