"""The two signature schemes against fixed vectors, and through an independent verifier."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import UTC, datetime

import pytest

from webhooks.delivery.signing import sign_hexadecimal, sign_standard, signature_headers, standard_key, standard_secret
from webhooks.models import generate_secret

SECRET = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX"
MESSAGE_ID = "evt_01JH8Q2W6T3V5X7Z9B1D3F5H7K"
BODY = (
    '{"targetUrl":"https://hooks.example.test/crm","eventName":"company.updated",'
    '"objectMetadata":{"id":"4f0c2d5e-8f39-4f0b-9a57-2d3f6f0b7a11","nameSingular":"company"},'
    '"workspaceId":"0b9c7f7e-52a3-4f0e-8a53-6a1d5f2c9e01","webhookId":"9d7e3b52-6c1f-4c38-9f7a-1be2f4a6d0c3",'
    '"eventDate":"2026-02-03T04:05:06.789Z","workspaceMemberId":"c2a4e6f8-1b3d-4f5a-8c7e-9d0b1a2c3e4f",'
    '"record":{"id":"5a1e0c9b-7d2f-4b6a-8e3c-0f9d8c7b6a54","name":"Zoë & Söhne","employees":12,"deletedAt":null},'
    '"updatedFields":["employees"]}'
).encode()


def test_hexadecimal_vector() -> None:
    signature = sign_hexadecimal(SECRET, 1770091506789, BODY)
    assert signature == "3f314017314384baea55bcd9143815b3c87cfb9c76d7d760d3f3ff9f22b255a0"


def test_standard_vector() -> None:
    assert sign_standard(SECRET, MESSAGE_ID, 1770091506, BODY) == "v1,ZrK619V8BM1IYgTGv73j+2kGL7gjvDZC0YS6KdRSue0="


def test_headers_of_one_attempt() -> None:
    at = datetime(2026, 2, 3, 4, 5, 6, 789000, tzinfo=UTC)
    assert signature_headers([SECRET], MESSAGE_ID, BODY, at, "0" * 32) == {
        "webhook-id": MESSAGE_ID,
        "webhook-timestamp": "1770091506",
        "webhook-signature": "v1,ZrK619V8BM1IYgTGv73j+2kGL7gjvDZC0YS6KdRSue0=",
        "X-Twenty-Webhook-Timestamp": "1770091506789",
        "X-Twenty-Webhook-Signature": "3f314017314384baea55bcd9143815b3c87cfb9c76d7d760d3f3ff9f22b255a0",
        "X-Twenty-Webhook-Nonce": "00000000000000000000000000000000",
    }


def test_rotation_sends_one_standard_signature_per_secret() -> None:
    at = datetime(2026, 2, 3, 4, 5, 6, 789000, tzinfo=UTC)
    headers = signature_headers(["new-secret", SECRET], MESSAGE_ID, BODY, at, "0" * 32)
    assert headers["webhook-signature"].split(" ") == [
        sign_standard("new-secret", MESSAGE_ID, 1770091506, BODY),
        "v1,ZrK619V8BM1IYgTGv73j+2kGL7gjvDZC0YS6KdRSue0=",
    ]
    assert headers["X-Twenty-Webhook-Signature"] == sign_hexadecimal("new-secret", 1770091506789, BODY)


@pytest.mark.parametrize(
    ("secret", "key"),
    [
        pytest.param(SECRET, bytes(range(24)), id="whsec_"),
        pytest.param("correct horse", b"correct horse", id="a user's own"),
        pytest.param("whsec_not base64!", b"whsec_not base64!", id="only looks like whsec_"),
        pytest.param("whsec_", b"whsec_", id="prefix alone"),
        pytest.param("Zoë", "Zoë".encode(), id="not ASCII"),
    ],
)
def test_standard_key(secret: str, key: bytes) -> None:
    assert standard_key(secret) == key
    assert base64.b64decode(standard_secret(secret).removeprefix("whsec_")) == key


def test_generated_secrets_hold_32_random_bytes() -> None:
    secrets = {generate_secret() for _ in range(20)}
    assert len(secrets) == 20
    assert {len(standard_key(each)) for each in secrets} == {32}


def test_a_receiver_that_knows_only_the_standard_verifies() -> None:
    headers = signature_headers([SECRET], MESSAGE_ID, BODY, datetime(2026, 1, 1, tzinfo=UTC), "n")
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + BODY
    expected = base64.b64encode(hmac.new(base64.b64decode(SECRET[6:]), signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"
