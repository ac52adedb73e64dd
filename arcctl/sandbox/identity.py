"""The certificates that the agents fetch (`arc.md` B2, `connectedk8s.md` C.3)."""

from __future__ import annotations

import base64
import datetime
from functools import lru_cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

LIFETIME = datetime.timedelta(days=90)
# From day 46 on the agents try to renew.
RENEWAL = datetime.timedelta(days=44)


def secret(name: str, subject: str, now: datetime.datetime) -> dict[str, Any]:
    """Make the Secret that holds a new certificate for `subject`."""
    key = ec.generate_private_key(ec.SECP256R1())
    whose = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject[:64])])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(whose)
        .issuer_name(whose)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + LIFETIME)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    public = certificate.public_bytes(serialization.Encoding.PEM)
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, "namespace": "azure-arc"},
        "type": "kubernetes.io/tls",
        "data": {
            "tls.crt": base64.b64encode(public).decode(),
            "tls.key": base64.b64encode(private).decode(),
        },
    }


def expiry(holder: dict[str, Any] | None) -> datetime.datetime | None:
    """Return when the certificate in a Secret ends, or None where it holds no readable one."""
    return _expiry(((holder or {}).get("data") or {}).get("tls.crt", ""))


@lru_cache(maxsize=64)
def _expiry(encoded: str) -> datetime.datetime | None:
    try:
        return x509.load_pem_x509_certificate(base64.b64decode(encoded)).not_valid_after_utc
    except ValueError:
        return None
