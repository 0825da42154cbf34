"""Signing in over /metadata: without a token, under the limits of the page, and for no longer than the member stays."""

from __future__ import annotations

import json
import time
from datetime import timedelta
from typing import Any
from uuid import uuid4

import jwt
import pytest
from django.db.models import F
from django.test import Client

from apikeys import keys
from apikeys.models import Member, RenewedToken, Role
from apikeys.services.members import member_create, member_tokens_end, stamp_of_member
from config.http.request_kinds import IN_PASSWORD_LANE, signs_in
from metadata import services as data_model
from metadata.models import Workspace
from tests.factories import workspace_with
from tests.security.rates import Clock
from tests.security.scene import PASSWORD

pytestmark = pytest.mark.usefixtures("few_tries")

LOGIN = """mutation ($email: String!, $password: String!, $origin: String!) {
  getLoginTokenFromCredentials(email: $email, password: $password, origin: $origin) {
    loginToken { token expiresAt } } }"""
TOKENS = "tokens { accessOrWorkspaceAgnosticToken { token expiresAt } refreshToken { token expiresAt } }"
EXCHANGE = (
    f'mutation ($token: String!) {{ getAuthTokensFromLoginToken(loginToken: $token, origin: "") {{ {TOKENS} }} }}'
)
RENEW = f"mutation ($token: String!) {{ renewToken(appToken: $token) {{ {TOKENS} }} }}"
WHO = "{ currentUser { email currentWorkspace { id } } }"


def send(query: str, variables: Any = None, token: str | None = None, address: str = "203.0.113.7", **meta: Any) -> Any:
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    body = json.dumps({"query": query, "variables": variables})
    client = Client(REMOTE_ADDR=address)
    return client.post("/metadata", body, content_type="application/json", headers=headers, **meta)


def data(answer: Any) -> Any:
    body = answer.json()
    assert (answer.status_code, body.get("errors")) == (200, None), body
    return body["data"]


def refusal(answer: Any) -> tuple[str, str]:
    [error] = answer.json()["errors"]
    assert error["extensions"]["userFriendlyMessage"] != "An error occurred."
    return error["extensions"]["code"], error["message"]


def login(email: str = "ada@example.com", password: str = PASSWORD, origin: str = "", **more: Any) -> Any:
    return send(LOGIN, {"email": email, "password": password, "origin": origin}, **more)


def login_token(**more: Any) -> str:
    return str(data(login(**more))["getLoginTokenFromCredentials"]["loginToken"]["token"])


def pair(query: str, token: str) -> tuple[str, str]:
    [tokens] = data(send(query, {"token": token})).values()
    both = tokens["tokens"]
    return both["accessOrWorkspaceAgnosticToken"]["token"], both["refreshToken"]["token"]


def test_a_password_becomes_tokens_that_act_as_the_member(ada: Member) -> None:
    access, refresh = pair(EXCHANGE, login_token())
    assert data(send(WHO, token=access)) == {
        "currentUser": {"email": "ada@example.com", "currentWorkspace": {"id": str(ada.workspace_id)}}
    }
    rest = Client().get("/rest/metadata/workspace", headers={"Authorization": f"Bearer {access}"})
    assert (rest.status_code, Client().get("/rest/metadata/workspace").status_code) == (200, 403)
    newer, _ = pair(RENEW, refresh)
    assert data(send(WHO, token=newer))["currentUser"]["email"] == "ada@example.com"
    stale = "Bearer is stale"
    assert login(token=stale.replace(" ", ".")).json()["data"] is not None, "whatever token a client still sends"


def test_each_token_is_good_for_its_own_use_only(ada: Member) -> None:
    token = login_token()
    access, refresh = pair(EXCHANGE, token)
    for wrong in (token, refresh):
        assert refusal(send(WHO, token=wrong)) == ("FORBIDDEN", "Invalid token type")
    for query, wrong in ((EXCHANGE, access), (EXCHANGE, refresh), (RENEW, access), (RENEW, token)):
        assert refusal(send(query, {"token": wrong}))[0] == "FORBIDDEN"
    assert refusal(send(EXCHANGE, {"token": token[:-4] + "AAAA"})) == ("UNAUTHENTICATED", "Token invalid.")


def test_tokens_end_with_the_time_the_password_and_the_membership(ada: Member, settings: Any) -> None:
    settings.SIGN_IN_LIMIT = settings.SIGN_IN_ACCOUNT_LIMIT = settings.SIGN_IN_ADDRESS_LIMIT = 0
    settings.ACCESS_TOKEN_LIFETIME_S = -1
    access, refresh = pair(EXCHANGE, login_token())
    assert refusal(send(WHO, token=access)) == ("UNAUTHENTICATED", "Token has expired.")
    settings.ACCESS_TOKEN_LIFETIME_S = 60
    access, refresh = pair(RENEW, refresh)
    waiting = login_token()
    member_tokens_end(ada.user_id)  # signs out
    for query, token in ((EXCHANGE, waiting), (RENEW, refresh)):
        assert refusal(send(query, {"token": token})) == ("FORBIDDEN", "This token ended when its member signed out")
    assert refusal(send(WHO, token=access))[0] == "FORBIDDEN"
    access, refresh = pair(EXCHANGE, login_token())
    for is_active in (False, True):  # a refresh token would outlive a pause of its account by weeks
        ada.user.is_active = is_active
        ada.user.save()
    assert refusal(send(RENEW, {"token": refresh})) == ("FORBIDDEN", "This token ended when its member signed out")
    access, refresh = pair(EXCHANGE, login_token())
    ada.delete()
    assert refusal(send(RENEW, {"token": refresh})) == ("FORBIDDEN", "User is not a member of the workspace")
    assert refusal(login()) == ("FORBIDDEN", "User is not a member of the workspace")


@pytest.fixture
def long_ago(db: Any) -> Any:
    """Makes every use of a refresh token so many seconds older."""
    return lambda seconds: RenewedToken.objects.update(renewed_at=F("renewed_at") - timedelta(seconds=seconds))


@pytest.mark.usefixtures("ada")
def test_a_refresh_token_is_good_for_once_and_shortly_again(settings: Any, long_ago: Any) -> None:
    settings.SIGN_IN_LIMIT = settings.SIGN_IN_ACCOUNT_LIMIT = settings.SIGN_IN_ADDRESS_LIMIT = 0
    access, refresh = pair(EXCHANGE, login_token())
    newer, second = pair(RENEW, refresh)
    assert len({refresh, second}) == 2
    long_ago(59)  # its answer was lost, or another window of the client has it too
    also, third = pair(RENEW, refresh)
    assert len({refresh, second, third}) == 3
    for token in (access, newer, also):
        assert data(send(WHO, token=token))["currentUser"]["email"] == "ada@example.com"
    pair(RENEW, second)  # the others are good for once too
    long_ago(2)
    told = ("FORBIDDEN", "This refresh token was used before, so every token of its member has ended")
    assert refusal(send(RENEW, {"token": refresh})) == told
    ended = ("FORBIDDEN", "This token ended when its member signed out")
    for token in (access, newer, also):
        assert refusal(send(WHO, token=token)) == ended
    for token in (refresh, second, third):
        assert refusal(send(RENEW, {"token": token})) == ended
    assert pair(EXCHANGE, login_token())  # whoever knows the password signs in again


def test_a_use_of_one_members_token_ends_no_other_members(ada: Member, settings: Any, long_ago: Any) -> None:
    settings.SIGN_IN_LIMIT = settings.SIGN_IN_ACCOUNT_LIMIT = settings.SIGN_IN_ADDRESS_LIMIT = 0
    workspace = Workspace.objects.get(id=ada.workspace_id)
    member_create(workspace=workspace, email="bob@example.com", password=PASSWORD, role=ada.role)
    _, refresh = pair(EXCHANGE, login_token())
    access, others = pair(EXCHANGE, login_token(email="bob@example.com"))
    pair(RENEW, refresh)
    long_ago(61)
    assert refusal(send(RENEW, {"token": refresh}))[0] == "FORBIDDEN"
    assert data(send(WHO, token=access))["currentUser"]["email"] == "bob@example.com"
    assert pair(RENEW, others)


def test_a_token_of_before_that_has_no_number_is_good_for_once_too(ada: Member, settings: Any, long_ago: Any) -> None:
    settings.SIGN_IN_LIMIT = settings.SIGN_IN_ACCOUNT_LIMIT = settings.SIGN_IN_ADDRESS_LIMIT = 0
    now = int(time.time())
    claims = {
        "sub": str(ada.id), "userId": str(ada.id), "workspaceId": str(ada.workspace_id), "type": keys.REFRESH,
        "stamp": stamp_of_member(ada.id), "iat": now, "exp": now + 60,
    }  # fmt: skip
    secret = keys.signing_secret(settings.SECRET_KEY, str(ada.workspace_id), keys.REFRESH)
    old = jwt.encode(claims, secret, algorithm="HS256")
    pair(RENEW, old)
    long_ago(61)
    assert refusal(send(RENEW, {"token": old}))[1].startswith("This refresh token was used before")


def test_uses_are_kept_as_long_as_their_tokens_would_be_good(ada: Member, settings: Any) -> None:
    settings.SIGN_IN_LIMIT = settings.SIGN_IN_ACCOUNT_LIMIT = settings.SIGN_IN_ADDRESS_LIMIT = 0
    for _ in range(2):
        pair(RENEW, pair(EXCHANGE, login_token())[1])
    assert RenewedToken.objects.count() == 2
    RenewedToken.objects.update(expires_at=F("expires_at") - timedelta(days=61))
    pair(RENEW, pair(EXCHANGE, login_token())[1])
    assert RenewedToken.objects.count() == 1


def test_nobody_learns_which_accounts_there_are(ada: Member) -> None:
    wrong = ("FORBIDDEN", "E-mail or password is wrong.")
    assert refusal(login(password="wrong")) == refusal(login(email="nobody@example.com")) == wrong
    ada.user.is_active = False
    ada.user.save()
    assert refusal(login()) == wrong


def test_the_nth_try_is_looked_at_and_the_next_is_not_even_with_the_right_password(ada: Member, clock: Clock) -> None:
    for _ in range(2):
        assert refusal(login(password="wrong"))[0] == "FORBIDDEN"
    page = Client(REMOTE_ADDR="203.0.113.7")
    assert page.post("/settings/login", {"email": "ada@example.com", "password": "wrong"}).status_code == 422
    answer = login()  # the page and the API count together
    assert refusal(answer) == ("BAD_USER_INPUT", "There were too many attempts to sign in")
    assert (answer.json()["errors"][0]["extensions"]["subCode"], answer["Retry-After"]) == ("LIMIT_REACHED", "300")
    clock.go(300.1)
    assert login_token()


def test_tokens_are_tried_no_more_often_than_an_address_may(ada: Member) -> None:
    for _ in range(7):
        assert refusal(send(EXCHANGE, {"token": "guess"}))[0] == "UNAUTHENTICATED"
    assert refusal(send(EXCHANGE, {"token": "guess"})) == ("BAD_USER_INPUT", "There were too many attempts to sign in")
    assert refusal(send(RENEW, {"token": "guess"}))[1] == "There were too many attempts to sign in"


def test_one_request_signs_in_once(ada: Member) -> None:
    one = (
        'getLoginTokenFromCredentials(email: "ada@example.com", password: "wrong", origin: "") { loginToken { token } }'
    )
    answer = send(f"mutation {{ a: {one} b: {one} }}").json()
    assert [each["message"] for each in answer["errors"]] == ["E-mail or password is wrong."]  # nothing else was tried
    right = one.replace("wrong", PASSWORD)
    answer = send(f"mutation {{ a: {right} b: {right} }}").json()
    assert [each["message"] for each in answer["errors"]] == ["One request can sign in once"]


def test_the_workspace_is_the_one_that_the_page_is_of(ada: Member, settings: Any) -> None:
    settings.SIGN_IN_LIMIT = settings.SIGN_IN_ACCOUNT_LIMIT = settings.SIGN_IN_ADDRESS_LIMIT = 0
    other = workspace_with([], name="Beta")
    Workspace.objects.filter(id=other.id).update(custom_domain="crm.beta.example")
    role = Role.objects.get(workspace_id=other.id, label="Member")
    member_create(workspace=other, email="ada@example.com", password=None, role=role)
    for origin, workspace_id in (
        ("", ada.workspace_id),
        ("https://crm.beta.example/sign-in", other.id),
        (f"http://{other.subdomain}.localhost:3001", other.id),
        ("https://elsewhere.example", ada.workspace_id),
    ):
        access, _ = pair(EXCHANGE, login_token(origin=origin))
        assert data(send(WHO, token=access))["currentUser"]["currentWorkspace"]["id"] == str(workspace_id)
    data_model.workspace_update(workspace_id=other.id, update={"isPasswordAuthEnabled": False})
    answer = login(origin="https://crm.beta.example", address="203.0.113.8")
    assert refusal(answer) == ("FORBIDDEN", "Password authentication is not enabled for this workspace")


PUBLIC = """query ($origin: String) { getPublicWorkspaceDataByDomain(origin: $origin) { id displayName logo
  authProviders { google magicLink password microsoft sso { id } } authBypassProviders { google }
  workspaceUrls { subdomainUrl customUrl } } }"""


def test_a_workspace_shows_its_name_to_everybody_and_nothing_else(ada: Member) -> None:
    Workspace.objects.exclude(id=ada.workspace_id).delete()
    shown = data(send(PUBLIC))["getPublicWorkspaceDataByDomain"]
    assert (shown["id"], shown["displayName"]) == (str(ada.workspace_id), "Acme")
    assert shown["authProviders"] == {
        "google": False,
        "magicLink": False,
        "password": True,
        "microsoft": False,
        "sso": [],
    }
    assert data(send(PUBLIC, {"origin": "https://anything.example"}))["getPublicWorkspaceDataByDomain"] == shown
    other = workspace_with([], name="Beta")
    named = data(send(PUBLIC, {"origin": f"https://{other.subdomain}.crm.example"}))["getPublicWorkspaceDataByDomain"]
    assert (named["id"], named["displayName"]) == (str(other.id), "Beta")
    assert refusal(send(PUBLIC, {"origin": "https://anything.example"})) == ("NOT_FOUND", "Workspace not found")
    # beside anything else, in fragments too, it needs a token
    for more in ("objects { edges { node { id } } }", "__schema { types { name } }", "...More"):
        query = f"query {{ getPublicWorkspaceDataByDomain {{ id }} {more} }}"
        query += " fragment More on Query { currentWorkspace { id } }" if more == "...More" else ""
        assert refusal(send(query)) == ("FORBIDDEN", "Forbidden resource")
    assert refusal(send("query { currentUser { id } }")) == ("FORBIDDEN", "Forbidden resource")


def test_a_request_that_checks_a_password_is_known_by_its_body(ada: Member) -> None:
    assert signs_in("/metadata", LOGIN.encode()) and signs_in("/metadata/", LOGIN.encode())
    assert not signs_in("/metadata", EXCHANGE.encode()) and not signs_in("/graphql", LOGIN.encode())
    answer = login(**{IN_PASSWORD_LANE: False})  # its name was hidden from the web server
    assert refusal(answer)[1].startswith("getLoginTokenFromCredentials must stand in the body as it is spelt")
    assert login(**{IN_PASSWORD_LANE: True}).json()["data"] is not None


def test_a_token_of_another_kind_of_signature_is_refused(ada: Member, settings: Any) -> None:
    """What is signed with a key's secret is no access token, and a member's stamp cannot be left out."""
    claims = {"workspace_id": ada.workspace_id, "member_id": uuid4(), "issued_at": 0, "expires_at": 2**40}
    for kind in (keys.ACCESS, keys.REFRESH):
        text = keys.make_member_token(settings.SECRET_KEY, kind, stamp="", **claims)
        assert refusal(send(WHO, token=text))[0] == "FORBIDDEN"
