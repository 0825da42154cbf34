"""Tokens of a key: replaced with an overlap, revoked one by one, listed; keys duplicated; notices of their end."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from apikeys.activity.models import AuditEntry
from apikeys.models import ApiKey, ApiKeyToken
from apikeys.services.api_keys import apikey_create, apikey_update
from apikeys.services.notices import notices_give
from apikeys.services.tokens import apikey_roll, apikey_token, apikey_token_revoke, token_ends
from config.principal import Principal
from metadata.models import Workspace
from tests.apikeys.conftest import claims_of, role, signed
from tests.factories import Api, api_of

KEYS = "/rest/metadata/apiKeys"
REPLACED, REVOKED = "This token was replaced by a newer one", "This token is revoked"


def issue(admin: Principal, key: ApiKey, days: int = 30) -> str:
    """Tokens of one second differ by their ends."""
    return apikey_token(admin, key_id=key.id, expires_at=timezone.now() + timedelta(days=days)).token


def said(token: str) -> str | None:
    """Why a token is refused; None when it works."""
    answer = Api(token).get(f"{KEYS}/me")
    return None if answer.status == 200 else answer.body["messages"][0]


def pass_time(key: ApiKey, span: timedelta) -> None:
    """As if everything about the key's tokens had happened so much earlier."""
    for row in ApiKeyToken.objects.filter(api_key=key).exclude(ends_at=None):
        ApiKeyToken.objects.filter(id=row.id).update(ends_at=row.ends_at - span)
    until = ApiKey.objects.get(id=key.id).previous_generation_until
    key.refresh_from_db()
    key.previous_generation_until = until - span if until else None
    key.token_ends = token_ends(key)
    key.save()


@pytest.mark.parametrize("hours", [0, 1, 24, 168])
def test_a_roll_gives_a_token_and_the_others_end_after_the_overlap(admin: Principal, key: ApiKey, hours: int) -> None:
    old = [issue(admin, key, days) for days in (30, 31)]
    new = apikey_roll(admin, key_id=key.id, overlap_hours=hours).token
    assert said(new) is None
    assert [said(each) for each in old] == [None if hours else REPLACED] * 2
    if hours:
        pass_time(key, timedelta(hours=hours, seconds=-5))
        assert [said(each) for each in old] == [None] * 2
        pass_time(key, timedelta(seconds=5))
        assert [said(each) for each in old] == [REPLACED] * 2
    assert said(new) is None


def test_a_second_roll_shortens_an_overlap_and_does_not_lengthen_it(admin: Principal, key: ApiKey) -> None:
    first = issue(admin, key)
    second = apikey_roll(admin, key_id=key.id, overlap_hours=24).token
    third = apikey_roll(admin, key_id=key.id, overlap_hours=168).token
    assert [said(each) for each in (first, second, third)] == [None, None, None]
    pass_time(key, timedelta(hours=24))
    assert [said(each) for each in (first, second, third)] == [REPLACED, None, None]
    fourth = apikey_roll(admin, key_id=key.id, overlap_hours=0).token
    assert [said(each) for each in (second, third, fourth)] == [REPLACED, REPLACED, None]


def test_tokens_without_a_row_get_the_overlap_too(admin: Principal, key: ApiKey) -> None:
    """Those that were made elsewhere, of a time before tokens were noted."""
    old = signed(key.workspace_id, claims_of(key))
    assert said(old) is None
    apikey_roll(admin, key_id=key.id, overlap_hours=1)
    assert said(old) is None
    pass_time(key, timedelta(hours=1))
    assert said(old) == REPLACED


@pytest.mark.parametrize("hours", [2, -1, "x", True, None, 169])
def test_another_overlap_is_refused_and_nothing_ends(api: Api, admin: Principal, key: ApiKey, hours: Any) -> None:
    old = issue(admin, key)
    answer = api.post(f"{KEYS}/{key.id}/roll", {"overlapHours": hours})
    assert (answer.status, answer.body["messages"]) == (400, ["overlapHours must be one of 0, 1, 24, 168"])
    assert said(old) is None
    key.refresh_from_db()
    assert (key.generation, ApiKeyToken.objects.filter(api_key=key).count()) == (1, 1)


@pytest.fixture
def api(acme: Workspace) -> Api:
    return api_of(acme, name="Caller")


def test_one_token_is_revoked_and_the_others_work_on(api: Api, admin: Principal, key: ApiKey) -> None:
    tokens = [issue(admin, key, days) for days in (30, 31, 32)]
    listed = api.get(f"{KEYS}/{key.id}/tokens").body
    assert sorted(each["lastFour"] for each in listed) == sorted(each[-4:] for each in tokens)
    assert set(listed[0]) == {"id", "lastFour", "issuedAt", "endsAt"}
    gone = next(each for each in listed if each["lastFour"] == tokens[1][-4:])
    answer = api.delete(f"{KEYS}/{key.id}/tokens/{gone['id']}")
    assert (answer.status, answer.body["id"]) == (200, gone["id"])
    assert answer.body["endsAt"] < gone["endsAt"]
    assert [said(each) for each in tokens] == [None, REVOKED, None]
    ended = ApiKeyToken.objects.get(id=gone["id"]).ends_at
    api.delete(f"{KEYS}/{key.id}/tokens/{gone['id']}")
    assert ApiKeyToken.objects.get(id=gone["id"]).ends_at == ended
    again = issue(admin, key, 31)
    assert again not in tokens and said(again) is None  # even in the second of the one that was revoked


def test_a_token_of_another_key_or_workspace_is_unknown(
    api: Api, admin: Principal, key: ApiKey, other: Workspace
) -> None:
    token = issue(admin, key)
    row = ApiKeyToken.objects.get(api_key=key)
    second = apikey_create(admin, name="Second", expires_at=None, role_id=role(admin, "Admin").id)
    stranger = api_of(other)
    answer = api.delete(f"{KEYS}/{second.id}/tokens/{row.id}")
    assert (answer.status, answer.body["messages"]) == (404, [f"Token with id {row.id} not found"])
    assert api.get(f"{KEYS}/{second.id}/tokens").body == []
    for caller, key_id in ((stranger, key.id), (api, uuid4())):
        for method, path in (("DELETE", f"{KEYS}/{key_id}/tokens/{row.id}"), ("GET", f"{KEYS}/{key_id}/tokens")):
            answer = caller.request(method, path)
            assert (answer.status, answer.body["messages"]) == (404, [f"API Key with id {key_id} not found"])
    assert said(token) is None


def test_a_paused_key_offers_no_token(api: Api, admin: Principal, key: ApiKey) -> None:
    old = issue(admin, key)
    assert api.patch(f"{KEYS}/{key.id}", {"isPaused": True}).body["isPaused"] is True
    for path in ("token", "roll"):
        answer = api.post(f"{KEYS}/{key.id}/{path}", {})
        assert (answer.status, answer.body["messages"]) == (403, ["This API Key is paused"])
    assert said(old) == "This API Key is paused"
    assert ApiKeyToken.objects.filter(api_key=key).count() == 1
    assert api.patch(f"{KEYS}/{key.id}", {"isPaused": False}).body["isPaused"] is False
    assert said(old) is None


def test_the_same_over_graphql(api: Api, admin: Principal, key: ApiKey) -> None:
    old = issue(admin, key)

    def mutate(text: str) -> Any:
        return api.data(f"mutation {{ {text} }}", path="/metadata")

    new = mutate(f'rollApiKey(apiKeyId: "{key.id}", overlapHours: 24) {{ token }}')["rollApiKey"]["token"]
    assert (said(old), said(new)) == (None, None)
    keys = api.data("{ apiKeys { name tokens { id lastFour endsAt } } }", path="/metadata")["apiKeys"]
    tokens = next(each for each in keys if each["name"] == key.name)["tokens"]
    assert {each["lastFour"] for each in tokens} == {old[-4:], new[-4:]}
    row = next(each for each in tokens if each["lastFour"] == old[-4:])
    mutate(f'revokeApiKeyToken(apiKeyId: "{key.id}", tokenId: "{row["id"]}") {{ id }}')
    assert (said(old), said(new)) == (REPLACED, None)
    made = mutate(f'duplicateApiKey(apiKeyId: "{key.id}") {{ name tokens {{ id }} }}')["duplicateApiKey"]
    assert made == {"name": "Nightly sync (copy)", "tokens": []}


def test_a_duplicate_may_what_the_key_may_and_has_no_token(api: Api, admin: Principal, key: ApiKey) -> None:
    book = api.get("/rest/metadata/objects").body["data"]["objects"][0]["id"]
    limits = {
        "description": "Reports",
        "isReadOnly": True,
        "objectMetadataIds": [book],
        "allowedNetworks": ["127.0.0.0/8"],
        "maxRequestsPerSecond": 5,
        "maxRequestsPerMinute": 50,
        "apiVersion": "2",
    }
    apikey_update(admin, key_id=key.id, values={**limits, "expiresAt": key.created_at + timedelta(days=30)})
    issue(admin, key, 20)
    answer = api.post(f"{KEYS}/{key.id}/duplicate", {})
    assert answer.status == 201
    assert {name: answer.body[name] for name in limits} == limits
    made = ApiKey.objects.get(id=answer.body["id"])
    assert (made.name, made.role_id, made.tokens.count()) == ("Nightly sync (copy)", key.role_id, 0)
    assert abs(made.expires_at - timezone.now() - timedelta(days=30)) < timedelta(minutes=1)
    named = api.post(f"{KEYS}/{key.id}/duplicate", {"name": "Other", "expiresAt": "2100-01-01"}).body
    assert (named["name"], named["expiresAt"]) == ("Other", "2100-01-01T00:00:00.000Z")


def test_a_duplicate_of_what_reached_deleted_objects_does_not_reach_all(
    api: Api, admin: Principal, key: ApiKey
) -> None:
    ApiKey.objects.filter(id=key.id).update(object_ids=[str(uuid4())])
    before = ApiKey.objects.count()
    answer = api.post(f"{KEYS}/{key.id}/duplicate", {})
    assert (answer.status, answer.body["messages"]) == (409, ["All objects that this key reaches are deleted"])
    assert ApiKey.objects.count() == before


def test_what_was_done_with_tokens_is_in_the_audit(admin: Principal, key: ApiKey) -> None:
    token = issue(admin, key)
    apikey_roll(admin, key_id=key.id, overlap_hours=1)
    apikey_token_revoke(admin, key_id=key.id, token_id=ApiKeyToken.objects.get(last_four=token[-4:]).id)
    acts = AuditEntry.objects.filter(subject_id=key.id).order_by("id")
    assert [each.act for each in acts] == [
        "apiKey.created", "apiKey.tokenIssued", "apiKey.rolled", "apiKey.tokenIssued", "apiKey.tokenRevoked",
    ]  # fmt: skip
    assert not any(token in each.after_json + each.before_json for each in acts)


# Notices ------------------------------------------------------------------------------------------------


def test_notices_are_given_14_3_and_1_days_before_the_end_and_once(admin: Principal, key: ApiKey) -> None:
    def notices() -> int:
        notices_give()
        return AuditEntry.objects.filter(subject_id=key.id, act="apiKey.expiring").count()

    def end_in(span: timedelta) -> None:
        ApiKey.objects.filter(id=key.id).update(expires_at=timezone.now() + span)

    counts = []
    for days in (15, 14, 13.9, 3.1, 3, 2.9, 1, 0.5, -1):
        end_in(timedelta(days=days))
        counts += [notices(), notices()]
    assert counts == [0, 0, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 3, 3]


def test_an_extended_key_is_noticed_anew_and_a_revoked_one_is_not(admin: Principal, key: ApiKey) -> None:
    def noticed(end: datetime) -> int:
        apikey_update(admin, key_id=key.id, values={"expiresAt": end})
        return notices_give()

    now = timezone.now()
    assert noticed(now + timedelta(days=2)) == 1
    assert noticed(now + timedelta(days=60)) == 0
    assert noticed(now + timedelta(days=2)) == 1
    ApiKey.objects.filter(id=key.id).update(revoked_at=now, expiry_notice_days=None)
    assert notices_give() == 0
