"""Two workspaces side by side: what North's key is asked for, and everything that is South's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.db import connection

from apikeys.models import ApiKey, Role
from apikeys.services.roles import role_create
from metadata.models import FieldMetadata, ObjectMetadata, Workspace
from tests.factories import Api, add_field, add_object, api_of, principal_of, system_of, workspace_with
from webhooks.models import Delivery
from webhooks.services import webhook_create


@dataclass(frozen=True, slots=True)
class Side:
    workspace: Workspace
    api: Api
    ids: Mapping[str, str]  # what a caller may name: an object, a field, a record …
    every_id: frozenset[str]  # all that stand in its rows
    state: Mapping[str, str]  # as it was made


def make_side(name: str) -> Side:
    """A workspace whose every text starts with its name."""
    workspace = workspace_with(name=name)
    planet = add_object(workspace, "planet", "planets", labelSingular=f"{name} planet", labelPlural=f"{name} planets")
    add_field(workspace, planet, "TEXT", "code", label=f"{name} code", isUnique=True)
    moon = add_object(workspace, "moon", "moons", labelSingular=f"{name} moon", labelPlural=f"{name} moons")
    payload = {
        "type": "MANY_TO_ONE",
        "targetObjectMetadataId": str(planet.id),
        "targetFieldLabel": "Moons",
        "targetFieldIcon": "IconMoon",
    }
    relation = add_field(workspace, moon, "RELATION", "planet", label=f"{name} home", relationCreationPayload=payload)
    own = f"{name.lower()}Secret"
    secret = add_object(workspace, own, f"{own}s", labelSingular=f"{name} secret", labelPlural=f"{name} secrets")
    role = role_create(principal_of(workspace), values={"label": f"{name} role"})
    api = api_of(workspace, name=f"{name} key")
    webhook = webhook_create(
        system_of(workspace.id),
        data={"targetUrl": f"https://{name.lower()}.example/hook", "description": f"{name} webhook"},
    )
    records = {}
    for path, body in (
        ("planets", {"name": f"{name} Earth", "code": f"{name} E"}),
        ("planets", {"name": f"{name} Mars", "code": f"{name} M"}),
        ("moons", {"name": f"{name} Luna"}),
    ):
        if path == "moons":
            body["planetId"] = records["planets"]
        answer = api.post(f"/rest/{path}", body)
        assert answer.status == 201, answer.body
        [record] = answer.body["data"].values()
        records[path] = record["id"]
    ids = {
        "workspace": workspace.id,
        "object": secret.id,
        "shared object": planet.id,
        "field": planet.fields.get(name="code").id,
        "relation": relation.id,
        "planet": records["planets"],
        "moon": records["moons"],
        "webhook": webhook.id,
        "delivery": Delivery.objects.filter(webhook=webhook).first().id,
        "key": ApiKey.objects.get(workspace_id=workspace.id).id,
        "role": role.id,
    }
    workspace.refresh_from_db()
    return Side(
        workspace,
        api,
        {what: str(each) for what, each in ids.items()},
        frozenset(_every_id(workspace)),
        state(workspace),
    )


def _every_id(workspace: Workspace) -> Iterable[str]:
    yield str(workspace.id)
    for model in (ObjectMetadata, FieldMetadata, ApiKey, Role):
        yield from map(str, model.objects.filter(workspace_id=workspace.id).values_list("id", flat=True))
    for table in _tables(workspace):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT 1 FROM information_schema.columns WHERE table_schema || '.' || table_name = %s"
                " AND column_name = 'id' AND data_type = 'uuid'",
                [table],
            )
            if cursor.fetchone():
                schema, name = table.split(".")
                cursor.execute(f'SELECT id::text FROM "{schema}"."{name}"')
                yield from (row[0] for row in cursor.fetchall())


def _tables(workspace: Workspace) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT schemaname || '.' || tablename FROM pg_tables WHERE schemaname = %s ORDER BY 1",
            [workspace.database_schema],
        )
        return [row[0] for row in cursor.fetchall()]


def state(workspace: Workspace) -> dict[str, str]:
    """Every row of the workspace: its tables, and its part of the shared ones."""
    conditions = dict.fromkeys(_tables(workspace), "true")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT 'public.' || relname FROM pg_class JOIN pg_attribute a ON attrelid = pg_class.oid"
            " WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'"
            " AND attname = 'workspace_id' AND NOT attisdropped ORDER BY 1"
        )
        conditions |= {row[0]: f"t.workspace_id = '{workspace.id}'" for row in cursor.fetchall()}
        conditions["public.metadata_workspace"] = f"t.id = '{workspace.id}'"
        of_each = []
        for table, condition in conditions.items():
            schema, name = table.split(".")
            of_each.append(
                f"SELECT '{table}', coalesce(string_agg(t::text, chr(10) ORDER BY t::text COLLATE \"C\"), '')"
                f' FROM "{schema}"."{name}" t WHERE {condition}'
            )
        cursor.execute(" UNION ALL ".join(of_each))
        return dict(cursor.fetchall())


def leaks(south: Side, shown: str, sent: str) -> list[str]:
    """What of South's stands in an answer that the request itself did not name."""
    marks = [each for each in south.every_id if each in shown and each not in sent]
    return marks + [word for word in ("South", "south") if word in shown and word not in sent]
