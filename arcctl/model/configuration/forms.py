"""The fields of each kind: the allow-list for what is written (`arm.md` 4.2, 5.1-5.6, 6, 8.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arcctl.model.configuration.fields import LOST, SECRET, SERVER, TEXT, Field, server, word
from arcctl.model.configuration.kinds import Kind

if TYPE_CHECKING:
    from arcctl.model.configuration.fields import Form

PROTECTED = "configurationProtectedSettings"

_ENVELOPE: Form = server("id", "name", "type", "systemData", "etag", "managedBy")
_IDENTITY = Field(
    parts={
        "type": word("None"),
        # By id; a GET adds whose they are, and a PUT takes the bare ids (`arm.md` 18).
        "userAssignedIdentities": Field(each=server("principalId", "clientId")),
        **server("principalId", "tenantId"),
    }
)
_PLAN = Field(
    since="2022-11-01",
    parts=dict.fromkeys(("name", "publisher", "product", "promotionCode", "version"), TEXT),
)

_EXTENSION: Form = {
    "extensionType": word(),
    "autoUpgradeMinorVersion": Field(default=True),
    "autoUpgradeMode": word(since="2025-03-01"),
    "releaseTrain": word("Stable"),
    "version": TEXT,
    "scope": Field(
        parts={
            "cluster": Field(empty=True, parts={"releaseNamespace": TEXT}),
            "namespace": Field(empty=True, parts={"targetNamespace": TEXT}),
        }
    ),
    "configurationSettings": Field(sort=dict),
    PROTECTED: SERVER,
    "statuses": Field("server", sort=list),
    **server("currentVersion", "provisioningState", "errorInfo", "packageUri"),
    **server("customLocationSettings", "isSystemExtension"),
    "aksAssignedIdentity": LOST,  # for clusters of AKS alone; null on a connected one
    **server("managementDetails", "additionalDetails", "extensionState"),
    **server("installState", "installedState", "installedVersion", "lastModifiedTime"),
}

_INTERVALS: Form = {
    "timeoutInSeconds": Field(default=600),
    "syncIntervalInSeconds": Field(default=600),
}
SOURCES: dict[str, str] = {
    "gitrepository": "gitRepository",
    "bucket": "bucket",
    "azureblob": "azureBlob",
    "ocirepository": "ociRepository",
}
"""The block that belongs to each source kind, whose case does not matter."""

_GIT: Form = {
    "url": TEXT,
    **_INTERVALS,
    "repositoryRef": Field(parts=dict.fromkeys(("branch", "tag", "semver", "commit"), TEXT)),
    "sshKnownHosts": TEXT,
    "httpsUser": TEXT,
    "httpsCACert": TEXT,
    "localAuthRef": TEXT,
    "provider": word(since="2024-11-01"),
}
_BUCKET: Form = {
    "url": TEXT,
    "bucketName": TEXT,
    "insecure": Field(default=True),
    **_INTERVALS,
    "accessKey": TEXT,
    "localAuthRef": TEXT,
}
_AZURE_BLOB: Form = {
    "url": TEXT,
    "containerName": TEXT,
    **_INTERVALS,
    "localAuthRef": TEXT,
    "servicePrincipal": Field(
        parts={
            "clientId": TEXT,
            "tenantId": TEXT,
            "clientCertificateSendChain": Field(default=False),
            "clientSecret": SECRET,
            "clientCertificate": SECRET,
            "clientCertificatePassword": SECRET,
        }
    ),
    "accountKey": SECRET,
    "sasToken": SECRET,
    "managedIdentity": Field(parts={"clientId": TEXT}),
}
_OCI: Form = {
    "url": TEXT,
    **_INTERVALS,
    "repositoryRef": Field(parts=dict.fromkeys(("tag", "semver", "digest"), TEXT)),
    "layerSelector": Field(parts={"mediaType": TEXT, "operation": word()}),
    "verify": Field(
        empty=True,
        parts={"provider": word(), "verificationConfig": SECRET, "matchOidcIdentity": TEXT},
    ),
    "insecure": Field(default=False),
    "useWorkloadIdentity": Field(default=False),
    "serviceAccountName": TEXT,
    "tlsConfig": Field(
        empty=True,
        parts=dict.fromkeys(("clientCertificate", "privateKey", "caCertificate"), SECRET),
    ),
    "localAuthRef": TEXT,
}
_KUSTOMIZATION: Form = {
    "name": SERVER,
    "path": Field(default=""),
    "dependsOn": TEXT,
    **_INTERVALS,
    "retryIntervalInSeconds": TEXT,
    "prune": Field(default=False),
    "force": Field(default=False),
    "wait": Field(default=True, since="2023-05-01"),
    "postBuild": Field(since="2023-05-01", parts={"substitute": TEXT, "substituteFrom": TEXT}),
}
_FLUX: Form = {
    "scope": word("cluster"),
    "namespace": Field(default="default"),
    "sourceKind": word("GitRepository"),
    "suspend": Field(default=False),
    "gitRepository": Field(parts=_GIT),
    "bucket": Field(parts=_BUCKET),
    "azureBlob": Field(since="2022-07-01", parts=_AZURE_BLOB),
    "ociRepository": Field(since="2025-04-01", parts=_OCI),
    "kustomizations": Field(each=_KUSTOMIZATION),
    "waitForReconciliation": Field(since="2023-05-01"),
    "reconciliationWaitDuration": Field(since="2023-05-01"),
    PROTECTED: SERVER,
    **server("statuses", "repositoryPublicKey", "sourceSyncedCommitId", "sourceUpdatedAt"),
    **server("statusUpdatedAt", "complianceState", "provisioningState", "errorMessage"),
}
_SOURCE_CONTROL: Form = {
    "repositoryUrl": TEXT,
    "operatorNamespace": Field(default="default"),
    "operatorInstanceName": TEXT,
    "operatorType": word("Flux"),
    "operatorParams": Field(default="--git-readonly"),
    "operatorScope": word("cluster"),
    "sshKnownHostsContents": TEXT,
    "enableHelmOperator": Field(default=False),
    "helmOperatorProperties": Field(parts={"chartVersion": TEXT, "chartValues": TEXT}),
    PROTECTED: SERVER,
    "complianceStatus": Field("server", sort=dict),
    **server("repositoryPublicKey", "provisioningState"),
}

FORMS: dict[Kind, Form] = {
    Kind.EXTENSION: {
        **_ENVELOPE,
        "identity": _IDENTITY,
        "plan": _PLAN,
        "properties": Field(parts=_EXTENSION),
    },
    Kind.FLUX: {**_ENVELOPE, "properties": Field(parts=_FLUX)},
    Kind.SOURCE_CONTROL: {**_ENVELOPE, "properties": Field(parts=_SOURCE_CONTROL)},
}
"""Whatever is not here is unknown to this arcctl: it is reported, and never sent."""
