"""The headers that prove where a delivery comes from. Pure.

Two schemes stand side by side over the same body: Standard Webhooks
(https://www.standardwebhooks.com, symmetric `v1`), and hexadecimal HMAC over `timestamp:body`.
"""

from __future__ import annotations

import binascii
import hmac
from base64 import b64decode, b64encode
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256

SECRET_PREFIX = "whsec_"  # noqa: S105 - what secrets begin with


def standard_key(secret: str) -> bytes:
    """The HMAC key of the Standard scheme: the bytes in a `whsec_…` secret, else the secret's own UTF-8."""
    if secret.startswith(SECRET_PREFIX):
        try:
            return b64decode(secret.removeprefix(SECRET_PREFIX), validate=True) or secret.encode()
        except binascii.Error:
            pass
    return secret.encode()


def standard_secret(secret: str) -> str:
    """The secret in the form that Standard Webhooks libraries take.

    >>> standard_secret("correct horse")
    'whsec_Y29ycmVjdCBob3JzZQ=='
    """
    return SECRET_PREFIX + b64encode(standard_key(secret)).decode()


def sign_standard(secret: str, message_id: str, timestamp_s: int, body: bytes) -> str:
    signed = b"%s.%d.%s" % (message_id.encode(), timestamp_s, body)
    return "v1," + b64encode(hmac.digest(standard_key(secret), signed, sha256)).decode()


def sign_hexadecimal(secret: str, timestamp_ms: int, body: bytes) -> str:
    return hmac.digest(secret.encode(), b"%d:%s" % (timestamp_ms, body), sha256).hex()


def signature_headers(secrets: Sequence[str], message_id: str, body: bytes, at: datetime, nonce: str) -> dict[str, str]:
    """Both schemes' headers for one attempt. The first secret is the current one.

    While a secret is being rotated the Standard header carries one signature per secret; the other
    scheme has room for one and uses the current secret. `nonce` is not signed.
    """
    timestamp_ms = round(at.timestamp() * 1000)
    timestamp_s = timestamp_ms // 1000
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp_s),
        "webhook-signature": " ".join(sign_standard(each, message_id, timestamp_s, body) for each in secrets),
        "X-Twenty-Webhook-Timestamp": str(timestamp_ms),
        "X-Twenty-Webhook-Signature": sign_hexadecimal(secrets[0], timestamp_ms, body),
        "X-Twenty-Webhook-Nonce": nonce,
    }
