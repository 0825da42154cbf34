"""What somebody tries who has one right and wants another: small attacks, each with what it must end in."""

from __future__ import annotations

from typing import Any

import pytest

from apikeys.models import ApiKey, Role
from config.principal import SETTINGS_FLAGS, TOOL_FLAGS
from metadata.layout_models import ViewFilter
from tests.security.access import DENIED
from tests.security.scene import ALL, C1, C2, D1, D2, D3, S1, V1, Caller, Scene, make_scene
from webhooks.models import Delivery

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("records")]

PATH = "/rest/metadata"
KEYS_FLAG, ROLES_FLAG = "API_KEYS_AND_WEBHOOKS", "ROLES"
ROLES = {
    "Blind": {"rights": ALL, "blind": ["vault"], "unreadable": ["deal.code", "deal.budget", "deal.name"]},
    "Roles": {"flags": [ROLES_FLAG]},
    "Keys": {"flags": [KEYS_FLAG]},
    "Both": {"flags": [KEYS_FLAG, ROLES_FLAG]},
}
RECORDS = [
    ("batch/clients", [{"id": C1, "name": "Ann", "number": "1"}, {"id": C2, "name": "Bob", "number": "2"}]),
    ("vaults", {"id": V1, "name": "Safe", "serial": "S-1"}),
    ("deals", {"id": D1, "name": "First", "region": "north", "code": "A-1", "budget": 5, "clientId": C1}),
    ("deals", {"id": D2, "name": "Second", "region": "south", "budget": 7, "vaultId": V1}),
    ("deals", {"id": D3, "name": "Third", "region": "south"}),
    ("steps", {"id": S1, "name": "Call", "dealId": D1}),
]


def mutate(caller: Caller, text: str) -> dict[str, Any]:
    """The one error that a mutation on /metadata is refused with: {"code", "message"}."""
    body = caller.graphql(f"mutation {{ {text} }}", "/metadata").json
    assert "errors" in body, body
    [error] = body["errors"]
    return {"code": error["extensions"]["code"], "message": error["message"]}


FORBIDDEN = {"code": "FORBIDDEN", "message": DENIED}


# ROLES_FLAG only ----------------------------------------------------------------------------------------------

RIGHTS = (
    "canUpdateAllSettings",
    "canAccessAllTools",
    "canReadAllObjectRecords",
    "canUpdateAllObjectRecords",
    "canSoftDeleteAllObjectRecords",
    "canDestroyAllObjectRecords",
)


def test_roles_alone_make_no_role_with_more(scene: Scene) -> None:
    caller = scene.caller("Roles")
    before = set(Role.objects.values_list("id", "version"))
    for right in RIGHTS:
        given = f"{right}: true" if right in RIGHTS[:3] else f"canReadAllObjectRecords: true, {right}: true"
        assert mutate(caller, f'createOneRole(createRoleInput: {{label: "x", {given}}}) {{ id }}') == FORBIDDEN
    own = Role.objects.get(workspace_id=scene.workspace.id, label="Roles")
    least = scene.role("Least")
    before.add((least.id, Role.objects.get(id=least.id).version))
    for role in (own, least):
        for right in RIGHTS:
            given = f"{right}: true" if right in RIGHTS[:3] else f"canReadAllObjectRecords: true, {right}: true"
            update = f'updateRoleInput: {{id: "{role.id}", update: {{{given}}}}}'
            assert mutate(caller, f"updateOneRole({update}) {{ id }}") == FORBIDDEN
        for flag in sorted((SETTINGS_FLAGS | TOOL_FLAGS) - {ROLES_FLAG}):
            given = f'{{roleId: "{role.id}", permissionFlagKeys: [{flag}]}}'
            assert mutate(caller, f"upsertPermissionFlags(upsertPermissionFlagsInput: {given}) {{ flag }}") == FORBIDDEN
        deal = scene.objects["deal"].id
        given = (
            f'{{roleId: "{role.id}", objectPermissions: [{{objectMetadataId: "{deal}", canReadObjectRecords: true}}]}}'
        )
        text = f"upsertObjectPermissions(upsertObjectPermissionsInput: {given}) {{ objectMetadataId }}"
        assert mutate(caller, text) == FORBIDDEN
    admin = Role.objects.get(workspace_id=scene.workspace.id, label="Admin")
    assert mutate(caller, f'deleteOneRole(roleId: "{admin.id}")')["code"] == "METADATA_VALIDATION_FAILED"
    assert set(Role.objects.values_list("id", "version")) == before


def test_roles_alone_open_no_keys_webhooks_records_or_model(scene: Scene) -> None:
    caller = scene.caller("Roles")
    key = ApiKey.objects.filter(workspace_id=scene.workspace.id).first()
    assert key is not None
    for method, path in (
        ("GET", "apiKeys"),
        ("POST", f"apiKeys/{key.id}/token"),
        ("GET", "webhooks"),
        ("GET", "objects"),
        ("GET", "schema"),
    ):
        assert caller.ask(method, f"{PATH}/{path}", {} if method == "POST" else None).status == 403
    for path in ("deals", f"deals/{D1}", "vaults", "deals/export", f"deals/{D1}/history"):
        assert caller.ask("GET", f"/rest/{path}").status == 403
    least = scene.role("Least")
    assign = f'assignRoleToApiKey(apiKeyId: "{key.id}", roleId: "{least.id}")'
    assert mutate(caller, assign) == FORBIDDEN


# API_KEYS_AND_WEBHOOKS only ------------------------------------------------------------------------------


def test_keys_alone_make_no_key_and_take_no_token_from_above(scene: Scene) -> None:
    caller = scene.caller("Keys")
    admin_role = Role.objects.get(workspace_id=scene.workspace.id, label="Admin")
    admin_key = ApiKey.objects.get(workspace_id=scene.workspace.id, role=admin_role)
    before = list(ApiKey.objects.order_by("id").values_list("id", "role_id", "expires_at", "revoked_at", "name"))
    new = {"name": "x", "expiresAt": "2040-01-01"}
    for path in ("/rest/apiKeys", f"{PATH}/apiKeys"):
        for body in (new, {**new, "roleId": str(admin_role.id)}):
            assert caller.ask("POST", path, body).status == 403
        for act in ({"name": "y"}, {"expiresAt": "2050-01-01"}, {"roleId": str(admin_role.id)}):
            is_known = "roleId" not in act  # ignored in an update: `assignRoleToApiKey` is for that
            assert caller.ask("PATCH", f"{path}/{admin_key.id}", act).status == (403 if is_known else 200), act
        assert caller.ask("POST", f"{path}/{admin_key.id}/token", {}).status == 403
    assert mutate(caller, f'generateApiKeyToken(apiKeyId: "{admin_key.id}", expiresAt: "2040-01-01") {{ token }}')
    own = caller.ask("GET", f"{PATH}/apiKeys/me").json["id"]
    raised = caller.ask("PATCH", f"{PATH}/apiKeys/{own}", {"roleId": str(admin_role.id)})
    assert raised.status == 200
    assert (
        list(ApiKey.objects.order_by("id").values_list("id", "role_id", "expires_at", "revoked_at", "name")) == before
    )


def test_both_flags_give_no_role_beyond_ones_own(scene: Scene) -> None:
    caller = scene.caller("Both")
    own = caller.ask("GET", f"{PATH}/apiKeys/me").json["id"]
    for label in ("Admin", "Blind"):
        role = Role.objects.get(workspace_id=scene.workspace.id, label=label)
        body = {"name": "x", "expiresAt": "2040-01-01", "roleId": str(role.id)}
        assert caller.ask("POST", f"{PATH}/apiKeys", body).status == 403
        assert mutate(caller, f'assignRoleToApiKey(apiKeyId: "{own}", roleId: "{role.id}")')["code"] == "FORBIDDEN"
        hook = {"targetUrl": "https://hooks.example.com/x", "roleId": str(role.id)}
        assert caller.ask("POST", f"{PATH}/webhooks", hook).status == 403


def test_keys_alone_hear_of_nothing(scene: Scene) -> None:
    caller = scene.caller("Keys")
    hook = caller.ask("POST", f"{PATH}/webhooks", {"targetUrl": "https://hooks.example.com/x", "operations": ["*.*"]})
    assert hook.status == 201, hook.body
    assert (
        caller.ask(
            "POST", f"{PATH}/webhooks", {"targetUrl": "https://hooks.example.com/x", "operations": ["deal.*"]}
        ).status
        >= 400
    )
    assert scene.admin.ask("PATCH", f"/rest/deals/{D1}", {"name": "Heard"}).status == 200
    assert not Delivery.objects.filter(webhook_id=hook.json["id"]).exists()


# Objects and fields that are hidden ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("steps?filter=deal.code[eq]:A-1", 403),
        ("steps?order_by=deal.code[AscNullsFirst]", 403),
        ("steps?order_by=deal.budget", 403),
        ("deals?filter=vaultId[is]:NOT_NULL,vault.serial[eq]:S-1", 403),
        ("deals?filter=or(name[eq]:First,region[eq]:none)", 403),
        ("deals?filter=not(code[eq]:A-1)", 403),
        ("deals?fields=code", 400),
        ("deals?aggregate=maxBudget", 200),
        ('deals/groupBy?group_by=[{"region":true}]&aggregate=["maxBudget"]', 403),
        ('deals/groupBy?group_by=[{"vault":{"serial":true}}]', 403),
        ('steps/groupBy?group_by=[{"deal":{"code":true}}]', 403),
        ('deals/groupBy?group_by=[{"region":true}]&order_by=[{"budget":"AscNullsFirst"}]', 400),
        ("deals/export?format=csv&fields=code", 400),
        ("deals/export?format=jsonl&fields=vault.serial", 400),
        ("deals/export?format=csv&filter=budget[gt]:1", 403),
        ("deals?depth=1", 200),
        ("steps?depth=1", 200),
        ("clients?depth=1", 200),
        (f"deals/{D1}?depth=1", 200),
        (f"deals/{D2}/history", 200),
        (f"vaults/{V1}", 403),
        ("search?query=First", 200),
        ("search?query=Safe", 200),
        ("search?query=A-1", 200),
    ],
)  # fmt: skip
def test_no_read_answers_what_is_hidden(scene: Scene, path: str, status: int) -> None:
    reply = scene.caller("Blind").ask("GET", f"/rest/{path}")
    assert reply.status == status, reply.body
    for hidden in (b"A-1", b"First", b"Safe", b"S-1", b'"budget"', b'"code"'):
        is_name = hidden.startswith(b'"')  # which a refusal may say again
        if not (is_name and status >= 400) and hidden not in path.encode():
            assert hidden not in reply.body, (hidden, reply.body)


@pytest.mark.parametrize(("value", "first_status"), [("A-1", 400), ("none at all", 201)])
def test_no_write_tells_a_hidden_unique_value(scene: Scene, value: str, first_status: int) -> None:
    """An upsert, over every way in, neither finds the record by it nor says whose it is."""
    caller, csv = scene.caller("Blind"), f"code,region\n{value},west\n".encode()
    ways = {
        "upsert": caller.ask("POST", "/rest/deals?upsert=true", {"code": value, "region": "west"}),
        "many": caller.ask("POST", "/rest/batch/deals?upsert=true", [{"code": value, "region": "west"}]),
        "import": caller.ask("POST", "/rest/deals/import?upsert=true", csv, Content_Type="text/csv"),
    }
    for way, reply in ways.items():
        assert reply.status == {"upsert": first_status, "many": 400, "import": 200}[way], (way, reply.body)
        assert D1.encode() not in reply.body and b"First" not in reply.body, (way, reply.body)
    [first] = [each for each in scene.admin.ask("GET", "/rest/deals").json["data"]["deals"] if each["id"] == D1]
    assert (first["region"], first["name"], first["code"]) == ("north", "First", "A-1")


def test_relations_lead_to_nothing_hidden(scene: Scene) -> None:
    caller = scene.caller("Blind")
    unknown = V1.replace("b0", "b9", 1)
    replies = [caller.ask("PATCH", f"/rest/deals/{D1}", {"vaultId": each}) for each in (V1, unknown)]
    assert [each.status for each in replies] == [400, 400] or len({each.status for each in replies}) == 1
    texts = {
        each.body.replace(V1.encode(), b"?").replace(unknown.encode(), b"?").split(b'"requestId"')[0]
        for each in replies
    }
    assert len(texts) == 1, texts


@pytest.mark.parametrize("value", ["7319", 7319, [7319]])
def test_a_stored_filter_on_a_hidden_field_counts_nothing_for_the_blind(scene: Scene, value: Any) -> None:
    """A view is a filter that somebody else wrote; grouping by its id asks the same rights, and names no value."""
    view = {"name": "V", "icon": "Icon", "objectMetadataId": str(scene.objects["deal"].id)}
    view_id = scene.admin.ask("POST", f"{PATH}/views", view).json["id"]
    body = {"viewId": view_id, "fieldMetadataId": str(scene.field("deal.budget").id), "operand": "IS", "value": value}
    assert scene.admin.ask("POST", f"{PATH}/viewFilters", body).status == 201
    assert ViewFilter.objects.filter(view_id=view_id).count() == 1
    path = f'/rest/deals/groupBy?group_by=[{{"region":true}}]&view_id={view_id}'
    reply = scene.caller("Blind").ask("GET", path)
    assert reply.status == 403 and b"7319" not in reply.body, reply.body


def test_names_of_hidden_objects_stand_in_no_document(scene: Scene) -> None:
    caller = scene.caller("Blind")
    document = caller.ask("GET", "/rest/open-api/core").body
    assert (
        b"/vaults" not in document
        and b"serial" not in document
        and b'"code"' not in document.replace(b'"code":{"type":"string"', b"").split(b'"DealForResponse"')[1][:4000]
    )
    for text in (
        '{ __type(name: "Vault") { name } }',
        '{ __type(name: "Deal") { fields { name } } }',
        "{ __schema { queryType { fields { name } } } }",
    ):
        reply = caller.graphql(text)
        assert b'"vaults"' not in reply.body and b'"Vault"' not in reply.body and b'"code"' not in reply.body


def test_a_deal_cannot_be_rid_of_what_hides_it(scene: Scene) -> None:
    """Restrictions are of fields and objects, not of their names: a rename takes them along."""
    field = scene.field("deal.code")
    renamed = scene.admin.ask("PATCH", f"{PATH}/fields/{field.id}", {"name": "pin", "label": "Pin"})
    assert renamed.status == 200, renamed.body
    caller = scene.caller("Blind")
    assert b"A-1" not in caller.ask("GET", f"/rest/deals/{D1}").body
    assert caller.ask("GET", "/rest/deals?filter=pin[eq]:A-1").status == 403


def test_ids_known_from_elsewhere_open_nothing(scene: Scene) -> None:
    other = make_scene("Elsewhere").admin
    for path in (f"deals/{D1}", f"steps/{S1}", f"clients/{C1}", f"deals/{D1}/history"):
        assert other.ask("GET", f"/rest/{path}").status == 404
