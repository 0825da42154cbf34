"""Stored secrets are encrypted: what the database holds, what other keys read, and how keys are changed."""

from __future__ import annotations

import json
from importlib import import_module
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from apikeys.models import Role
from config import encryption
from config.encryption import PREFIX, CannotDecrypt, decrypt, encrypt, is_newest
from core.records.secrets import secrets_seal
from metadata.cache import current_schema
from metadata.models import Workspace
from tests.factories import Api, api_of, workspace_with
from tests.security.webhook_scene import HOOK, PATH
from tests.settings_pages.test_webhooks import signed_in, text
from tests.webhooks.conftest import Receiver, loopback_allowed, network, new_receiver, receiver
from webhooks.delivery.signing import sign_standard
from webhooks.delivery.worker import Worker
from webhooks.models import Delivery, Webhook

__all__ = ["loopback_allowed", "new_receiver", "receiver"]  # fixtures

OLD, NEW = "the first secret key of this server", "the second secret key of this server"
TOLD = "Its secret was encrypted with another SECRET_KEY, so nothing can be signed: deliveries wait. "


def test_a_text_comes_back_and_no_two_look_alike(settings: Any) -> None:
    settings.SECRET_KEY = OLD
    first, second = encrypt("whsec_Zoë"), encrypt("whsec_Zoë")
    assert first != second and first.startswith(PREFIX) and "whsec" not in first
    assert (decrypt(first), decrypt(second), decrypt("whsec_plain")) == ("whsec_Zoë", "whsec_Zoë", "whsec_plain")
    assert (is_newest(first), is_newest("whsec_plain")) == (True, False)


def test_old_keys_read_and_other_keys_do_not(settings: Any) -> None:
    settings.SECRET_KEY = OLD
    stored = encrypt("geheim")
    settings.SECRET_KEY, settings.SECRET_KEYS_OLD = NEW, [OLD]
    assert (decrypt(stored), is_newest(stored)) == ("geheim", False)
    settings.SECRET_KEYS_OLD = []
    for broken in (stored, stored[:-4], PREFIX, PREFIX + "é", stored[:20] + "A" + stored[21:]):
        with pytest.raises(CannotDecrypt):
            decrypt(broken)


def test_keys_are_derived_once(settings: Any) -> None:
    settings.SECRET_KEY, settings.SECRET_KEYS_OLD = NEW, [OLD]
    encrypt("x")
    before = encryption._derived.cache_info().misses
    for _ in range(100):
        decrypt(encrypt("x"))
    assert encryption._derived.cache_info().misses == before


# In the database ------------------------------------------------------------------------------------


def every_text() -> str:
    """What a dump of the database would hold: every row of every table, as text; bytes as what they spell."""
    found = []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT format('%I.%I', table_schema, table_name) FROM information_schema.tables"
            " WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema')"
        )
        for (table,) in cursor.fetchall():
            cursor.execute(f"SELECT row_to_json(each)::text FROM {table} AS each")
            found += [f"{table} {row}" for (row,) in cursor.fetchall()]
        cursor.execute("SELECT body FROM webhooks_delivery")
        found += [bytes(body).decode() for (body,) in cursor.fetchall()]
    return "\n".join(found)


def stored() -> list[tuple[str, str | None]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT secret, previous_secret FROM webhooks_webhook ORDER BY id")
        return cursor.fetchall()


@pytest.fixture
def api(db: None) -> Api:
    return api_of(workspace_with([{"nameSingular": "rocket", "namePlural": "rockets"}]))


def make(api: Api, **more: Any) -> dict[str, Any]:
    answer = api.post(PATH, {"targetUrl": HOOK, **more})
    assert answer.status == 201, answer.body
    made: dict[str, Any] = answer.body
    return made


def test_no_secret_is_found_in_any_column(api: Api, receiver: Receiver) -> None:
    made = make(api, targetUrl=receiver.url(), secret="gr8tSecretOfMine")
    rotated = api.post(f"{PATH}/{made['id']}/rotateSecret", {"overlapHours": 24}).body["secret"]
    api.post("/rest/rockets", {"name": "Ariane"})
    worker = Worker(network=network())
    worker.run_once()
    worker.close()
    assert api.post(f"{PATH}/{made['id']}/revealSecret").body["secret"] == rotated
    assert len(receiver.received) == 1
    dump = every_text()
    assert "Ariane" in dump and receiver.received[0].headers["webhook-signature"] in dump
    for secret in ("gr8tSecretOfMine", rotated, rotated.removeprefix("whsec_")):
        assert secret not in dump
    [(current, previous)] = stored()
    assert current.startswith(PREFIX) and previous is not None and previous.startswith(PREFIX)


def test_a_secret_of_before_is_read_as_it_is(api: Api) -> None:
    made = make(api)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE webhooks_webhook SET secret = 'whsec_plain'")
    assert api.get(f"{PATH}/{made['id']}").body["secret"] == "whsec_plain"
    api.patch(f"{PATH}/{made['id']}", {"description": "saved once"})
    assert stored()[0][0].startswith(PREFIX)


def test_migration_of_webhooks_that_are_there(api: Api) -> None:
    """They act as Admin, and their secrets are encrypted; and back again."""
    first, second = make(api), make(api)
    migration = import_module("webhooks.migrations.0002_roles_and_encrypted_secrets")
    apps = MigrationExecutor(connection).loader.project_state(("webhooks", "0001_initial")).apps
    with connection.schema_editor() as editor:
        migration.secrets_decrypt(apps, editor)
        assert stored() == [(first["secret"], None), (second["secret"], None)]
        migration.secrets_encrypt(apps, editor)
        once = stored()
        migration.secrets_encrypt(apps, editor)
    assert stored() == once and all(each.startswith(PREFIX) for each, _ in once)
    assert [each["secret"] for each in api.get(PATH).body] == [first["secret"], second["secret"]]
    with connection.cursor() as cursor:
        cursor.execute("UPDATE webhooks_webhook SET role_id = NULL")
        cursor.execute(migration.ADMIN)
    assert {each.role_id for each in Webhook.objects.all()} == {Role.objects.get(label="Admin").id}


def test_the_migration_goes_back_and_forth(api: Api) -> None:
    made = make(api, secret="geheim")
    call_command("migrate", "webhooks", "0001", verbosity=0)
    with connection.cursor() as cursor:
        cursor.execute("SELECT secret FROM webhooks_webhook")
        assert cursor.fetchall() == [("geheim",)]
    call_command("migrate", "webhooks", verbosity=0)
    assert stored()[0][0].startswith(PREFIX)
    assert api.get(f"{PATH}/{made['id']}").body == made


# Another key ----------------------------------------------------------------------------------------


def rotate() -> str:
    out = StringIO()
    call_command("rotate_secrets", stdout=out)
    return out.getvalue()


def test_rotation_by_command(api: Api, settings: Any) -> None:
    settings.SECRET_KEY = OLD
    token = api_of(workspace_with(name="Other"))  # the old key signs its token too
    made = [make(token) for _ in range(3)]
    token.post(f"{PATH}/{made[0]['id']}/rotateSecret", {"overlapHours": 24})
    secrets = list(Webhook.objects.order_by("id").values_list("secret", "previous_secret"))
    settings.SECRET_KEY, settings.SECRET_KEYS_OLD = NEW, [OLD]
    before = stored()
    assert rotate() == (
        "webhooks.Webhook.secret: 3 encrypted anew, 0 were up to date, 0 cannot be read\n"
        "webhooks.Webhook.previous_secret: 1 encrypted anew, 0 were up to date, 0 cannot be read\n"
        "Hidden values of records: 0 encrypted anew, 0 were up to date, 0 cannot be read\n"
    )
    assert not {each for row in before for each in row if each} & {each for row in stored() for each in row}
    settings.SECRET_KEYS_OLD = []
    assert list(Webhook.objects.order_by("id").values_list("secret", "previous_secret")) == secrets
    assert "0 encrypted anew, 3 were up to date" in rotate()


def test_rotation_says_what_it_cannot_read(api: Api, settings: Any) -> None:
    settings.SECRET_KEY = OLD
    other = api_of(workspace_with(name="Other"))
    make(other)
    settings.SECRET_KEY = NEW
    before = stored()
    with pytest.raises(CommandError, match="a key that is not in SECRET_KEY or SECRET_KEYS_OLD"):
        rotate()
    assert stored() == before


def test_a_lost_key_is_told_and_nothing_goes_out_unsigned(settings: Any, db: None, receiver: Receiver) -> None:
    settings.SECRET_KEY = OLD
    workspace = workspace_with([{"nameSingular": "rocket", "namePlural": "rockets"}])
    browser = signed_in(workspace)
    made = make(api_of(workspace), targetUrl=receiver.url())
    api_of(workspace).post("/rest/rockets", {"name": "Ariane"})

    settings.SECRET_KEY = NEW
    api = api_of(workspace)
    worker = Worker(network=network())
    assert worker.run_once() == 0 and receiver.received == []
    waiting = Delivery.objects.get()
    assert (waiting.status, waiting.attempts, waiting.last_error) == (
        "pending",
        0,
        "The webhook's secret cannot be read",
    )
    path = f"{PATH}/{made['id']}"
    shown = api.get(path).body
    assert (shown["state"], shown["secret"], shown["isActive"]) == ("waiting", None, True)
    assert shown["stateReason"].startswith(TOLD)
    assert api.get(PATH).body == [shown]
    graphql = api.data("{ webhooks { state secret } }", path="/metadata")
    assert graphql == {"webhooks": [{"state": "waiting", "secret": None}]}
    for answer in (
        api.post(f"{path}/revealSecret"),
        api.post(f"{path}/test", {"object": "rocket", "action": "created"}),
    ):
        assert (answer.status, answer.body["code"]) == (400, "WEBHOOK_SECRET_UNREADABLE")
    before = stored()
    assert api.patch(path, {"description": "kept"}).status == 200
    assert stored() == before  # the text that another key may still read
    browser.force_login(workspace_member(workspace))
    home = f"/settings/api-webhooks/webhooks/{made['id']}"
    assert TOLD.strip() in text(browser.get(home))
    assert browser.post(f"{home}/secret").status_code == 302 and browser.get(f"{home}/secret").status_code == 302

    settings.SECRET_KEYS_OLD = [OLD]
    fresh = Worker(network=network())
    assert fresh.run_once() == 1
    [received] = receiver.received
    assert received.headers["webhook-signature"] == sign_standard(
        made["secret"], waiting.message_id, int(received.headers["webhook-timestamp"]), received.body
    )
    settings.SECRET_KEYS_OLD = []
    rotated = api.post(f"{path}/rotateSecret", {"overlapHours": 24}).body
    assert (rotated["state"], rotated["secret"] is None) == ("active", False)
    assert stored()[0][1] is None  # a secret that cannot be read cannot sign beside the new one
    worker.close()
    fresh.close()


def workspace_member(workspace: Any) -> Any:
    from apikeys.models import Member

    return Member.objects.get(workspace_id=workspace.id).user


# Hidden values of records ---------------------------------------------------------------------------

TOKENS = {"accessToken": "at-5f1e", "refreshToken": "rt-77c0", "connectionParameters": {"password": "pw-93aa"}}


def kept(workspace: Workspace) -> str:
    """All that the database has of the workspace's connected accounts, as one text."""
    subject = current_schema(workspace.id).by_singular["connectedAccount"]
    schema = workspace.database_schema
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT data::text, search::text FROM "{schema}"."{subject.table_name}"')
        texts = [str(row) for row in cursor.fetchall()]
        cursor.execute(f'SELECT changes::text FROM "{schema}".history WHERE object_id = %s', [subject.id])
        return "".join([*texts, *map(str, cursor.fetchall())])


def values_of(workspace: Workspace) -> list[Any]:
    """The values as whoever has the key reads them, by the tokens' order."""
    subject = current_schema(workspace.id).by_singular["connectedAccount"]
    by_name = {each.name: each.storage_key for each in subject.fields}
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT data FROM "{workspace.database_schema}"."{subject.table_name}"')
        [(data,)] = cursor.fetchall()
    data = json.loads(data) if isinstance(data, str) else data
    return [json.loads(decrypt(data[by_name[name]])) for name in TOKENS if by_name[name] in data]


def test_hidden_values_of_records_are_encrypted_however_they_are_written(db: None) -> None:
    workspace = workspace_with(name="Standard", empty=False)
    api = api_of(workspace)
    made = api.post("/rest/batch/connectedAccounts", [{"handle": "ada", **TOKENS}])
    assert made.status == 201, made.body
    assert values_of(workspace) == list(TOKENS.values())
    account = made.body["data"]["createConnectedAccounts"][0]["id"]
    changes = {"accessToken": "at-2222", "connectionParameters": {"password": "pw-2222"}}
    assert api.patch(f"/rest/connectedAccounts/{account}", changes).status == 200
    assert values_of(workspace) == ["at-2222", "rt-77c0", {"password": "pw-2222"}]
    upserted = api.post("/rest/connectedAccounts?upsert=true", {"id": account, "refreshToken": "rt-3333"})
    assert upserted.status == 201, upserted.body
    assert values_of(workspace) == ["at-2222", "rt-3333", {"password": "pw-2222"}]
    api.data(f'mutation {{ updateConnectedAccount(id: "{account}", data: {{accessToken: null}}) {{ id }} }}')
    assert values_of(workspace) == ["rt-3333", {"password": "pw-2222"}]
    assert not any(each in kept(workspace) for each in ("at-", "rt-", "pw-"))
    assert PREFIX in kept(workspace)


def test_hidden_values_from_before_are_encrypted_by_maintain(db: None) -> None:
    workspace = workspace_with(name="Standard", empty=False)
    subject = current_schema(workspace.id).by_singular["connectedAccount"]
    keys = {each.name: each.storage_key for each in subject.fields}
    plain = {keys[name]: value for name, value in TOKENS.items()}
    assert api_of(workspace).post("/rest/connectedAccounts", {"handle": "ada", **TOKENS}).status == 201
    with connection.cursor() as cursor:
        table = f'"{workspace.database_schema}"."{subject.table_name}"'
        cursor.execute(f"UPDATE {table} SET data = data || %s::jsonb", [json.dumps(plain)])
        cursor.execute(
            f'UPDATE "{workspace.database_schema}".history SET changes = %s::jsonb WHERE object_id = %s',
            [json.dumps({"before": None, "after": {**plain, "name": "kept"}}), subject.id],
        )
    assert "at-5f1e" in kept(workspace)
    assert secrets_seal() == 3
    assert values_of(workspace) == list(TOKENS.values())
    assert not any(each in kept(workspace) for each in ("at-5f1e", "rt-77c0", "pw-93aa"))
    assert '"kept"' in kept(workspace)
    assert secrets_seal() == 0


def test_hidden_values_are_rotated(settings: Any, db: None) -> None:
    settings.SECRET_KEY = OLD
    workspace = workspace_with(name="Standard", empty=False)
    assert api_of(workspace).post("/rest/connectedAccounts", {"handle": "ada", **TOKENS}).status == 201
    before = kept(workspace)
    settings.SECRET_KEY, settings.SECRET_KEYS_OLD = NEW, [OLD]
    assert "Hidden values of records: 3 encrypted anew, 0 were up to date, 0 cannot be read" in rotate()
    settings.SECRET_KEYS_OLD = []
    assert values_of(workspace) == list(TOKENS.values())
    assert kept(workspace) != before
    assert "Hidden values of records: 0 encrypted anew, 3 were up to date, 0 cannot be read" in rotate()
