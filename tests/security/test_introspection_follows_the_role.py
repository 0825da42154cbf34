"""Introspection of both endpoints shows what the caller's role may read and do, and nothing else."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest
from graphql import GraphQLSchema, build_client_schema, get_introspection_query, validate_schema

from metadata.graphql import resolvers
from metadata.graphql.parts import bare_fields, needed
from tests.security.scene import ALL, READ, Caller, Scene

MEMBER_INPUTS = {"WorkspaceMemberCreateInput", "WorkspaceMemberUpdateInput"}  # of those with WORKSPACE_MEMBERS
OPEN = {  # on /metadata, to everybody with a token
    "objects", "object", "fields", "field", "index", "indexMetadatas", "objectRecordCounts", "minimalMetadata",
    "currentWorkspace", "currentUser", "deleteFile", "generatePlaygroundToken", "updateWorkspaceMemberSettings",
    "getPublicWorkspaceDataByDomain", "getLoginTokenFromCredentials", "getAuthTokensFromLoginToken", "renewToken",
    *(f"getView{part}{many}" 
      for part in ("", "Field", "FieldGroup", "Filter", "Sort", "Group", "FilterGroup") for many in ("", "s")),
}  # fmt: skip


ROLES = {
    "Blind": {"rights": ALL, "unreadable": ["deal.code", "deal.client"], "locked": ["deal.budget"]},
    "Walled": {"rights": ALL, "blind": ["vault"]},
    "Reader": {"rights": READ},
    "Nothing": {},
    "Modeller": {"flags": ["DATA_MODEL"]},
    "Keys": {"flags": ["API_KEYS_AND_WEBHOOKS"]},
}


def seen(caller: Caller, path: str = "/graphql") -> GraphQLSchema:
    reply = caller.graphql(get_introspection_query(), path)
    assert reply.status == 200, reply.body
    schema = build_client_schema(reply.json["data"])
    assert validate_schema(schema) == []
    return schema


def roots(schema: GraphQLSchema) -> set[str]:
    return {name for root in (schema.query_type, schema.mutation_type) if root is not None for name in root.fields}


def members(schema: GraphQLSchema, name: str) -> set[str]:
    found: Any = schema.get_type(name)
    return set() if found is None else set(found.fields)


@pytest.mark.django_db
def test_the_admin_sees_everything(scene: Scene) -> None:
    schema = seen(scene.admin)
    assert {"deals", "vaults", "createVault", "mergeDeals", "restoreStep"} <= roots(schema)
    assert {"code", "client", "clientId", "budget", "vault"} <= members(schema, "Deal")


@pytest.mark.django_db
def test_hidden_fields_are_nowhere(scene: Scene) -> None:
    whole, schema = seen(scene.admin), seen(scene.caller("Blind"))
    assert members(whole, "Deal") - members(schema, "Deal") == {"code", "client", "clientId", "searchVector"}
    assert members(whole, "Client") - members(schema, "Client") == {"deals"}  # it would tell whose a deal is
    for suffix in ("FilterInput", "OrderByInput", "GroupByInput"):
        gone = members(whole, f"Deal{suffix}") - members(schema, f"Deal{suffix}")
        assert gone >= {"code", "client", "clientId"}, suffix
        assert "budget" in members(schema, f"Deal{suffix}"), suffix
    aggregates = members(whole, "DealConnection") - members(schema, "DealConnection")
    assert {name for name in aggregates if "Code" in name or "Client" in name or "SearchVector" in name} == aggregates
    assert "countUniqueValuesCode" in aggregates
    assert members(whole, "DealWhereUniqueInput") - members(schema, "DealWhereUniqueInput") == {"code"}
    for suffix in ("CreateInput", "UpdateInput"):  # may be written, but for what is locked
        assert members(whole, f"Deal{suffix}") - members(schema, f"Deal{suffix}") == {"budget"}


@pytest.mark.django_db
def test_hidden_objects_are_nowhere(scene: Scene) -> None:
    whole, schema = seen(scene.admin), seen(scene.caller("Walled"))
    gone = set(whole.type_map) - set(schema.type_map)
    assert gone == {name for name in whole.type_map if name.startswith("Vault")} | MEMBER_INPUTS
    gone = {name for name in roots(whole) - roots(schema) if "Member" not in name}
    assert gone == {name for name in roots(whole) if "ault" in name}
    assert members(whole, "Deal") - members(schema, "Deal") == {"vault", "vaults"}  # the id of one stays


@pytest.mark.django_db
def test_a_reader_sees_no_mutation(scene: Scene) -> None:
    schema = seen(scene.caller("Reader"))
    assert schema.mutation_type is None
    assert {"deals", "deal", "dealsGroupBy", "dealDuplicates", "vaults"} <= roots(schema)
    assert "DealUpdateInput" not in schema.type_map


@pytest.mark.django_db
def test_who_has_no_rights_sees_no_object(scene: Scene) -> None:
    found = roots(seen(scene.caller("Nothing")))
    assert found == {"workspaceMember", "workspaceMembers", "workspaceMembersGroupBy"}  # whom everybody may read


@pytest.mark.django_db
def test_what_is_kept_for_one_role_is_not_answered_to_another(scene: Scene) -> None:
    callers = {label: scene.caller(label) for label in ("Admin", "Walled", "Nothing", "Reader")}
    for path in ("/graphql", "/metadata"):
        first = {label: caller.graphql(get_introspection_query(), path).body for label, caller in callers.items()}
        for label in reversed(callers):
            again = callers[label].graphql(get_introspection_query(), path)
            packed = callers[label].graphql(get_introspection_query(), path, Accept_Encoding="gzip")
            body = gzip.decompress(packed.body) if packed.body[:2] == b"\x1f\x8b" else packed.body
            assert again.body == first[label]
            assert json.loads(body) == json.loads(first[label])
    assert len({callers[label].graphql(get_introspection_query()).body for label in callers}) == 4


@pytest.mark.django_db
def test_one_type_of_a_hidden_object_is_not_there(scene: Scene) -> None:
    asked = '{ __type(name: "Vault") { name fields { name } } }'
    assert scene.caller("Walled").graphql(asked).json == {"data": {"__type": None}}
    assert scene.admin.graphql(asked).json["data"]["__type"]["name"] == "Vault"


@pytest.mark.django_db
def test_what_is_not_shown_is_refused_as_such_when_asked_for(scene: Scene) -> None:
    for label, document, message in (
        ("Walled", "{ vaults { totalCount } }", "Entity performing the request does not have permission"),
        (
            "Blind",
            "{ deals { edges { node { code } } } }",
            'Entity performing the request does not have permission: no permission to read field "code" on "deal"',
        ),
    ):
        [error] = scene.caller(label).graphql(document).json["errors"]
        assert (error["message"], error["extensions"]["code"]) == (message, "FORBIDDEN")


# /metadata -----------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_metadata_shows_the_root_fields_that_may_be_used(scene: Scene) -> None:
    whole = roots(seen(scene.admin, "/metadata"))
    assert whole == set(needed(resolvers)) - set(bare_fields().values())
    assert roots(seen(scene.caller("Nothing"), "/metadata")) == OPEN
    model = roots(seen(scene.caller("Modeller"), "/metadata")) - OPEN
    assert {"createOneObject", "deleteOneField", "changeFieldType", "createView"} <= model
    assert not model & {"webhooks", "apiKeys", "getRoles", "updateWorkspace", "uploadFilesFieldFile"}
    keys = roots(seen(scene.caller("Keys"), "/metadata")) - OPEN
    assert {"webhooks", "createWebhook", "apiKeys", "updateApiKey"} <= keys
    assert not keys & {"createApiKey", "getRoles", "createOneObject"}


@pytest.mark.django_db
def test_types_of_hidden_root_fields_are_gone_with_them(scene: Scene) -> None:
    types = set(seen(scene.caller("Nothing"), "/metadata").type_map)
    assert not types & {"Webhook", "ApiKey", "CreateOneObjectInput", "CreateRoleInput"}
    assert {"Object", "Field", "UUID", "BigInt"} <= types
