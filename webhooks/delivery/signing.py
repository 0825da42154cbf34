"""The headers that prove where a delivery comes from. Pure.

Two schemes stand side by side over the same body: Standard Webhooks
(https://www.standardwebhooks.com, symmetric `v1`), and hexadecimal HMAC over `timestamp:body`.
"""

from __future__ import annotations

import binascii
import hmac
from base64 import b64decode, b64encode
from collections.abc import Callable, Sequence
from datetime import datetime
from hashlib import sha256
from typing import NamedTuple

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


class Attempt(NamedTuple):
    """One attempt to deliver. The first of the secrets is the current one; the others are being rotated out."""

    secrets: Sequence[str]
    message_id: str
    body: bytes
    at: datetime
    nonce: str

    @property
    def timestamp_ms(self) -> int:
        return round(self.at.timestamp() * 1000)

    @property
    def timestamp_s(self) -> int:
        return self.timestamp_ms // 1000


class Header(NamedTuple):
    name: str
    description: str  # for the API's document
    value: Callable[[Attempt], str]


HEADERS: tuple[Header, ...] = (
    Header(
        "X-Twenty-Webhook-Signature",
        "Hex HMAC-SHA256 of `<timestamp>:<body>`, keyed with the webhook's secret",
        lambda it: sign_hexadecimal(it.secrets[0], it.timestamp_ms, it.body),  # has room for one
    ),
    Header("X-Twenty-Webhook-Timestamp", "Milliseconds since 1970, as signed", lambda it: str(it.timestamp_ms)),
    Header("X-Twenty-Webhook-Nonce", "Random, new with every attempt", lambda it: it.nonce),
    Header("webhook-id", "The same on every attempt of a delivery", lambda it: it.message_id),
    Header("webhook-timestamp", "Seconds since 1970, as signed", lambda it: str(it.timestamp_s)),
    Header(
        "webhook-signature",
        "`v1,` and the base64 HMAC-SHA256 of `<id>.<timestamp>.<body>`",
        lambda it: " ".join(sign_standard(each, it.message_id, it.timestamp_s, it.body) for each in it.secrets),
    ),
)


def signature_headers(secrets: Sequence[str], message_id: str, body: bytes, at: datetime, nonce: str) -> dict[str, str]:
    """Both schemes' headers for one attempt.

    While a secret is being rotated the Standard header carries one signature per secret; the other
    scheme has room for one and uses the current secret. `nonce` is not signed.
    """
    attempt = Attempt(secrets, message_id, body, at, nonce)
    return {each.name: each.value(attempt) for each in HEADERS}
