"""Tokens without a database: their claims as PyJWT reads them, and what makes a token false."""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64encode
from dataclasses import replace
from typing import Any
from uuid import UUID

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from apikeys import keys
from config.errors import ApiError, InvalidTokenType, Unauthenticated, UnknownToken

SECRET = "server secret"
WORKSPACE = UUID("3b8e6458-5fc1-4e63-8563-008ccddaa6db")
KEY = UUID("e0a3c6d1-2f5b-4b7e-9c88-31d0f6a7b245")
NOW = 1_800_000_000
PAYLOAD = {"sub": str(WORKSPACE), "workspaceId": str(WORKSPACE), "type": "API_KEY", "jti": str(KEY), "exp": NOW + 60}


def hex_secret(kind: str, workspace: UUID | str = WORKSPACE) -> bytes:
    return hashlib.sha256(f"{SECRET}{workspace}{kind}".encode()).hexdigest().encode()


def token(payload: dict[str, Any], kind: str = "API_KEY", **header: Any) -> str:
    return jwt.encode(payload, hex_secret(kind), algorithm="HS256", headers=header or None)


def without(*names: str, **changed: Any) -> dict[str, Any]:
    return {name: value for name, value in {**PAYLOAD, **changed}.items() if name not in names}


def test_a_key_token_carries_the_claims_that_clients_decode() -> None:
    made = keys.make_api_key_token(
        SECRET, workspace_id=WORKSPACE, api_key_id=KEY, generation=3, issued_at=NOW, expires_at=NOW + 60
    )
    assert jwt.decode(
        made, hex_secret("API_KEY"), algorithms=["HS256"], options={"verify_exp": False, "verify_iat": False}
    ) == {
        "sub": str(WORKSPACE),
        "workspaceId": str(WORKSPACE),
        "type": "API_KEY",
        "jti": str(KEY),
        "gen": 3,
        "iat": NOW,
        "exp": NOW + 60,
    }
    assert jwt.get_unverified_header(made) == {"alg": "HS256", "typ": "JWT"}
    assert keys.verify([SECRET], made, NOW) == keys.Token(
        "API_KEY", WORKSPACE, str(KEY), 3, issued_at=NOW, expires_at=NOW + 60
    )


def test_a_playground_token_carries_its_member_for_two_hours() -> None:
    made = keys.make_playground_token(SECRET, workspace_id=WORKSPACE, member_id=KEY, stamp="s", issued_at=NOW)
    assert jwt.decode(
        made, hex_secret("PLAYGROUND"), algorithms=["HS256"], options={"verify_exp": False, "verify_iat": False}
    ) == {
        "sub": str(KEY),
        "userId": str(KEY),
        "workspaceId": str(WORKSPACE),
        "type": "PLAYGROUND",
        "stamp": "s",
        "iat": NOW,
        "exp": NOW + 7_200,
    }
    assert keys.verify([SECRET], made, NOW) == keys.Token("PLAYGROUND", WORKSPACE, str(KEY), 0, stamp="s")
    with pytest.raises(Unauthenticated, match=r"^Token has expired\.$"):
        keys.verify([SECRET], made, NOW + 7_200)


@pytest.mark.parametrize(
    ("made", "generation"),
    [
        pytest.param(token(PAYLOAD), 1, id="no generation"),
        pytest.param(token(PAYLOAD, "ACCESS"), 1, id="signed with the secret of access tokens"),
        pytest.param(token(without("type", "workspaceId"), "ACCESS"), 1, id="oldest form"),
        pytest.param(token(without("type", "workspaceId")), 1, id="oldest form, newer secret"),
        pytest.param(token(without("exp", gen=2)), 2, id="no exp"),
        pytest.param(token(without("workspaceId")), 1, id="workspace in sub only"),
        pytest.param(token(without(exp=NOW + 0.5)), 1, id="fractional exp"),
    ],
)
def test_every_form_of_a_key_token_is_taken(made: str, generation: int) -> None:
    found = replace(keys.verify([SECRET], made, NOW), issued_at=0, expires_at=0)
    assert found == keys.Token("API_KEY", WORKSPACE, str(KEY), generation)


def part(text: str) -> str:
    return urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


def unsigned(payload: dict[str, Any]) -> str:
    return jwt.encode(payload, None, algorithm="none")


@pytest.mark.parametrize(
    ("made", "kind", "message"),
    [
        pytest.param("abc", Unauthenticated, "No payload", id="no JWT"),
        pytest.param("invalid-token", Unauthenticated, "No payload", id="no JWT either"),
        pytest.param("a.b.c", Unauthenticated, "No payload", id="three parts of nothing"),
        pytest.param(f"{part('{}')}.{part('[]')}.x", Unauthenticated, "No payload", id="payload is a list"),
        pytest.param(f"{part('{}')}.{part('1')}.x", Unauthenticated, "No payload", id="payload is a number"),
        pytest.param("." * 9_000, Unauthenticated, "No payload", id="huge"),
        pytest.param("é.ü.ß", Unauthenticated, "No payload", id="not ASCII"),
        pytest.param(token(without("sub")), Unauthenticated, "No payload sub", id="no sub"),
        pytest.param(token(without(sub="")), Unauthenticated, "No payload sub", id="empty sub"),
        pytest.param(token(PAYLOAD, "REFRESH"), Unauthenticated, "Token invalid.", id="secret of another kind"),
        pytest.param(
            jwt.encode(PAYLOAD, SECRET, algorithm="HS256"), Unauthenticated, "Token invalid.", id="server secret itself"
        ),
        pytest.param(
            jwt.encode(PAYLOAD, hex_secret("API_KEY"), algorithm="HS384"), Unauthenticated, "Token invalid.", id="HS384"
        ),
        pytest.param(unsigned(PAYLOAD) + "x", Unauthenticated, "Token invalid.", id="alg none"),
        pytest.param(unsigned(PAYLOAD), Unauthenticated, "No payload", id="alg none, no signature"),
        pytest.param(token(PAYLOAD, kid="1"), Unauthenticated, "Token invalid.", id="unknown kid"),
        pytest.param(token(PAYLOAD, crit=["x"]), Unauthenticated, "Token invalid.", id="unknown crit"),
        pytest.param(token(without(exp=NOW)), Unauthenticated, "Token has expired.", id="expires now"),
        pytest.param(token(without(exp=NOW - 1)), Unauthenticated, "Token has expired.", id="expired"),
        pytest.param(
            token(without("type", exp=NOW - 1)), UnknownToken, "Unknown token error.", id="workspace, no type"
        ),
        pytest.param(
            token(without("type"), "REFRESH"), Unauthenticated, "Token invalid.", id="workspace, no type, bad signature"
        ),
        pytest.param(token(without(nbf=NOW + 61)), Unauthenticated, "Token invalid.", id="not before"),
        pytest.param(token(without(iat=NOW + 61)), Unauthenticated, "Token invalid.", id="issued tomorrow"),
        pytest.param(
            token(without("type", "workspaceId", "jti")), UnknownToken, "Unknown token error.", id="no kind, no key"
        ),
        pytest.param(
            token(without("type", "workspaceId", sub="me")), UnknownToken, "Unknown token error.", id="no kind"
        ),
        pytest.param(
            token(without(type="REFRESH"), "REFRESH"), InvalidTokenType, "Invalid token type", id="other kind"
        ),
        pytest.param(token(without(type="REFRESH"), "X"), Unauthenticated, "Token invalid.", id="other kind, bad"),
        pytest.param(token(without(type=7)), Unauthenticated, "Token invalid.", id="kind is a number"),
        pytest.param(token(without(workspaceId=7)), Unauthenticated, "Token invalid.", id="workspace is a number"),
    ],
)
def test_a_false_token_is_refused(made: str, kind: type[ApiError], message: str) -> None:
    with pytest.raises(kind) as refused:
        keys.verify([SECRET], made, NOW)
    assert type(refused.value) is kind
    assert refused.value.message == message


def test_exp_of_the_wrong_type_is_refused() -> None:
    payload = f'{{"sub":"{WORKSPACE}","workspaceId":"{WORKSPACE}","type":"API_KEY","jti":"{KEY}","exp":"soon"}}'
    head = ".".join([part('{"alg":"HS256"}'), part(payload)])
    signature = urlsafe_b64encode(hmac.digest(hex_secret("API_KEY"), head.encode(), "sha256")).rstrip(b"=").decode()
    with pytest.raises(Unauthenticated, match=r"^Token invalid\.$"):
        keys.verify([SECRET], f"{head}.{signature}", NOW)


def test_a_genuine_token_is_asked_anew_for_its_time_its_kind_and_the_servers_secret() -> None:
    made = token(without(nbf=NOW - 1))
    known = keys.verify([SECRET], made, NOW)
    assert keys.verify([SECRET], made, NOW + 59) == known
    assert keys.verify(["new", SECRET], made, NOW) == known
    for secrets, now, kinds, refusal in (
        ([SECRET], NOW + 60, None, "Token has expired."),
        ([SECRET], NOW - 62, None, "Token invalid."),
        (["new"], NOW, None, "Token invalid."),
        ([], NOW, None, "Token invalid."),
        ([SECRET], NOW, frozenset({"LOGIN"}), "Invalid token type"),
    ):
        with pytest.raises(ApiError) as refused:
            keys.verify(secrets, made, now, **({} if kinds is None else {"kinds": kinds}))
        assert refused.value.message == refusal
    assert keys.verify([SECRET], made, NOW) == known


@given(st.integers(0, len(token(PAYLOAD)) - 1), st.sampled_from("AZaz09-_.="))
def test_no_changed_character_passes(position: int, character: str) -> None:
    genuine = token(PAYLOAD)
    forged = genuine[:position] + character + genuine[position + 1 :]
    last = len(genuine) - 1
    if forged == genuine or position == last:  # the last character holds two bits that decode to nothing
        return
    with pytest.raises(ApiError):
        keys.verify([SECRET], forged, NOW)


@given(st.text(max_size=200))
def test_any_text_is_answered_with_an_error_of_ours(text: str) -> None:
    with pytest.raises(ApiError):
        keys.verify([SECRET], text, NOW)


def test_secrets_differ_by_workspace_kind_and_server() -> None:
    secrets = {
        keys.signing_secret(server, workspace, kind)
        for server in ("a", "b")
        for workspace in (str(WORKSPACE), str(KEY))
        for kind in ("API_KEY", "ACCESS")
    }
    assert len(secrets) == 8
    assert keys.signing_secret(SECRET, str(WORKSPACE), "API_KEY") == hex_secret("API_KEY")


def test_a_digest_is_peppered() -> None:
    assert keys.digest(SECRET, "token") != hashlib.sha256(b"token").hexdigest()
    assert keys.digest(SECRET, "token") != keys.digest("other", "token")
    assert len(keys.digest(SECRET, "token")) == 64
