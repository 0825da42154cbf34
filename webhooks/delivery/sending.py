"""One attempt: sign the stored bytes, post them, say what came of it. Touches no database."""

from __future__ import annotations

import secrets
import ssl
import time
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.conf import settings

from webhooks.delivery import transport
from webhooks.delivery.addresses import AddressPolicy, AddressRefused, InvalidUrl
from webhooks.delivery.signing import signature_headers
from webhooks.models import Webhook, message_id

USER_AGENT = "Fourgate-Webhooks/1"
TEST_HEADER = "X-Fourgate-Test"  # `true` on what was sent by hand; the body says so too, under the signature


@dataclass(frozen=True, slots=True)
class Network:
    """How to call out: what may be reached, for how long, and by which resolver and trust."""

    policy: AddressPolicy
    timeout_s: float
    connect_timeout_s: float
    resolve: transport.Resolve = transport.resolve
    tls: ssl.SSLContext | None = None

    @classmethod
    def from_settings(cls) -> Network:
        return cls(
            policy=AddressPolicy.from_entries(settings.WEBHOOK_ALLOWED_HOSTS),
            timeout_s=settings.WEBHOOK_TIMEOUT_S,
            connect_timeout_s=settings.WEBHOOK_CONNECT_TIMEOUT_S,
        )


@dataclass(frozen=True, slots=True)
class Sent:
    """What came of an attempt: a status with what was answered, or an error without one."""

    at: datetime
    duration_ms: int
    request_headers: dict[str, str]
    status_code: int | None = None
    response_headers: dict[str, str] = field(default_factory=dict)
    response_body: str = ""
    error: str | None = None
    is_internal: bool = False

    @property
    def succeeded(self) -> bool:
        return self.status_code is not None and 200 <= self.status_code < 300

    @property
    def retry_after(self) -> str | None:
        return next((value for name, value in self.response_headers.items() if name.lower() == "retry-after"), None)


def send(
    webhook: Webhook, delivery_id: UUID, body: bytes, at: datetime, network: Network, *, is_test: bool = False
) -> Sent:
    """Post a delivery once. Never raises for what the receiver, the network or the policy does."""
    headers = {
        "Content-Type": "application/json",
        "User-Agent": USER_AGENT,
        **({TEST_HEADER: "true"} if is_test else {}),
        **signature_headers(
            webhook.signing_secrets(at), message_id(delivery_id), body, at, nonce=secrets.token_hex(16)
        ),
    }
    started = time.monotonic()
    try:
        answer = transport.post(
            webhook.target_url,
            body,
            headers,
            policy=network.policy,
            timeout_s=network.timeout_s,
            connect_timeout_s=network.connect_timeout_s,
            resolve=network.resolve,
            tls=network.tls,
        )
    except (transport.SendFailed, AddressRefused, InvalidUrl) as fault:
        return Sent(at, _elapsed_ms(started), headers, error=_plain(str(fault)))
    return Sent(
        at,
        _elapsed_ms(started),
        headers,
        status_code=answer.status,
        response_headers={_plain(name): _plain(value) for name, value in answer.headers.items()},
        response_body=_plain(answer.body.decode("utf-8", "replace")),
        error=None if 200 <= answer.status < 300 else _refusal(answer.status),
        is_internal=answer.is_internal,
    )


def _refusal(status: int) -> str:
    if 300 <= status < 400:
        return f"The receiver answered {status}: redirects are not followed"
    return f"The receiver answered {status}"


def _elapsed_ms(started: float) -> int:
    return round((time.monotonic() - started) * 1000)


def _plain(text: str) -> str:
    """Without NUL, which PostgreSQL's text cannot hold."""
    return text.replace("\x00", "")
