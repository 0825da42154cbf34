"""A small data model with something to hide in every place where records hide things, and clients of each kind.

`deal` is what everybody works with. Some of its fields are hidden from some roles and locked for others; `vault`
is an object that some may not see at all; both can point at each other and be pointed at.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.db import connection, transaction
from django.test import Client

from apikeys.models import Role
from apikeys.services.api_keys import apikey_create
from apikeys.services.permissions import field_permissions_upsert, object_permissions_upsert, permission_flags_upsert
from apikeys.services.roles import role_create, role_list
from apikeys.services.tokens import apikey_token
from metadata import services
from metadata.models import FieldMetadata, ObjectMetadata, Workspace
from tests.factories import add_field, add_object, principal_of, workspace_with

D1, D2, D3 = (f"d0000000-0000-4000-8000-00000000000{digit}" for digit in "123")
C1, C2 = (f"c0000000-0000-4000-8000-00000000000{digit}" for digit in "12")
V1, V2 = (f"b0000000-0000-4000-8000-00000000000{digit}" for digit in "12")
S1, S2 = (f"50000000-0000-4000-8000-00000000000{digit}" for digit in "12")
PASSWORD = "correct horse battery"  # of members
NOBODY = "f0000000-0000-4000-8000-00000000000f"  # an id that no record has

HIDDEN = ("code", "budget", "memo", "client", "papers", "createdBy")  # fields of `deal` that are restricted somewhere


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    body: bytes
    etag: str | None = None
    replayed: str | None = None
    headers: str = ""  # a line for each

    @classmethod
    def of(cls, response: Any) -> Reply:
        lines = "\n".join(f"{name}: {value}" for name, value in response.items())
        kept = response.get("ETag"), response.get("Idempotent-Replayed")
        return cls(response.status_code, response.getvalue(), *kept, headers=lines)

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True, slots=True)
class Caller:
    """A client with one token; what it sends, it sends as any client would."""

    token: str | None
    client: Client = field(default_factory=lambda: Client(raise_request_exception=False))

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Reply:
        sent = {} if self.token is None else {"Authorization": f"Bearer {self.token}"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        kind = sent.pop("Content-Type", "application/json")
        path, _, query = path.partition("?")
        return Reply.of(self.client.generic(method, path, content, kind, headers=sent, QUERY_STRING=query))

    def graphql(self, document: str, path: str = "/graphql", **headers: str) -> Reply:
        return self.ask("POST", path, {"query": document}, **headers)


@dataclass(frozen=True, slots=True)
class Scene:
    workspace: Workspace
    objects: Mapping[str, ObjectMetadata]
    admin: Caller

    def caller(self, label: str) -> Caller:
        return Caller(_token(self.workspace, label))

    def field(self, path: str) -> FieldMetadata:
        singular, name = path.split(".")
        return FieldMetadata.objects.get(object=self.objects[singular], name=name)

    def role(
        self,
        label: str,
        *,
        rights: Sequence[str] = (),
        flags: Sequence[str] = (),
        blind: Sequence[str] = (),
        only_read: Sequence[str] = (),
        unreadable: Sequence[str] = (),
        locked: Sequence[str] = (),
    ) -> Role:
        """A role: rights on all objects, but none on those in `blind` and no others than reading on those in
        `only_read`; fields like `deal.code` taken away."""
        system = principal_of(self.workspace)
        values = {"label": label, "canBeAssignedToApiKeys": True, **dict.fromkeys(rights, True)}
        role = role_create(system, values=values)
        if flags:
            permission_flags_upsert(system, role_id=role.id, flags=flags)
        if blind or only_read:
            nothing = dict.fromkeys(OBJECT_RIGHTS, False)
            reading = {**nothing, OBJECT_RIGHTS[0]: True}
            items = [{"objectMetadataId": str(self.objects[name].id), **nothing} for name in blind]
            items += [{"objectMetadataId": str(self.objects[name].id), **reading} for name in only_read]
            object_permissions_upsert(system, role_id=role.id, items=items)
        restrictions: dict[str, dict[str, Any]] = {}
        for paths, right in ((unreadable, "canReadFieldValue"), (locked, "canUpdateFieldValue")):
            for path in paths:
                restrictions.setdefault(path, {})[right] = False
        fields = {path: self.field(path) for path in restrictions}
        items = [
            {"objectMetadataId": str(each.object_id), "fieldMetadataId": str(each.id), **restrictions[path]}
            for path, each in fields.items()
        ]
        if items:
            field_permissions_upsert(system, role_id=role.id, items=items)
        return role


READ = ("canReadAllObjectRecords",)
WRITE = ("canUpdateAllObjectRecords", "canSoftDeleteAllObjectRecords", "canDestroyAllObjectRecords")
TOOLS = ("canAccessAllTools",)
ALL = (*READ, *WRITE, *TOOLS)
OBJECT_RIGHTS = (
    "canReadObjectRecords",
    "canUpdateObjectRecords",
    "canSoftDeleteObjectRecords",
    "canDestroyObjectRecords",
)


def make_scene(name: str = "Scene") -> Scene:
    workspace = workspace_with(name=name)
    objects = {
        singular: add_object(workspace, singular, singular + "s") for singular in ("client", "deal", "vault", "step")
    }
    deal = objects["deal"]
    add_field(workspace, deal, "TEXT", "code", isSearchable=True, isUnique=True)
    add_field(workspace, deal, "NUMBER", "budget")
    add_field(workspace, deal, "TEXT", "memo", isSearchable=True)
    add_field(workspace, deal, "TEXT", "region", isSearchable=True)
    add_field(workspace, deal, "FILES", "papers", settings={"maxNumberOfValues": 3})
    add_field(workspace, objects["client"], "TEXT", "number", isSearchable=True, isUnique=True)
    add_field(workspace, objects["vault"], "TEXT", "serial", isSearchable=True, isUnique=True)
    _relate(workspace, deal, "client", objects["client"], "deals")
    _relate(workspace, deal, "vault", objects["vault"], "deals")
    _relate(workspace, objects["vault"], "deal", deal, "vaults")
    _relate(workspace, objects["step"], "deal", deal, "steps")
    criteria = {"duplicateCriteria": [["region"], ["code"], ["memo"], ["clientId"]]}
    services.object_update(workspace_id=workspace.id, object_id=deal.id, update=criteria)
    workspace.refresh_from_db()
    return Scene(workspace, objects, Caller(_token(workspace, "Admin")))


def _relate(workspace: Workspace, source: ObjectMetadata, name: str, target: ObjectMetadata, back: str) -> None:
    payload = {
        "type": "MANY_TO_ONE",
        "targetObjectMetadataId": str(target.id),
        "targetFieldLabel": back.capitalize(),
        "targetFieldIcon": "IconLink",
    }
    add_field(workspace, source, "RELATION", name, relationCreationPayload=payload)


def _token(workspace: Workspace, label: str) -> str:
    system = principal_of(workspace)
    role_id = next(each.id for each in role_list(system) if each.label == label)
    key = apikey_create(system, name=f"{label} key", expires_at=None, role_id=role_id)
    return apikey_token(system, key_id=key.id).token


@contextmanager
def undone() -> Iterator[None]:
    """Whatever is written inside is taken back."""
    with transaction.atomic():
        point = transaction.savepoint()
        try:
            yield
        finally:
            transaction.savepoint_rollback(point)


def digest(workspace: Workspace) -> str:
    """Of every row of the workspace's records, their histories, files and totals."""
    found = hashlib.sha256()
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s ORDER BY 1", [workspace.database_schema])
        tables = [row[0] for row in cursor.fetchall()]
        union = " UNION ALL ".join(
            f"SELECT '{table}', coalesce(md5(string_agg(t::text, chr(10) ORDER BY t::text)), '')"
            f' FROM "{workspace.database_schema}"."{table}" t'
            for table in tables
        )
        cursor.execute(union)
        for row in sorted(cursor.fetchall()):
            found.update(repr(row).encode())
    return found.hexdigest()


_UUID = re.compile(rb"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_MOMENT = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)?")
_REQUEST = re.compile(rb'"requestId":"[^"]*"')
KNOWN = {each.encode() for each in (D1, D2, D3, C1, C2, V1, V2, S1, S2, NOBODY)}


def normal(reply: Reply) -> tuple[int, bytes, str | None]:
    """An answer without what differs from one request to the next: new ids by their order, moments, request ids."""
    body = _REQUEST.sub(b"", _MOMENT.sub(b"<moment>", reply.body))
    fresh: dict[bytes, bytes] = {}

    def stand_in(found: re.Match[bytes]) -> bytes:
        each = found.group()
        return each if each in KNOWN else fresh.setdefault(each, b"<id %d>" % len(fresh))

    body = _UUID.sub(stand_in, body)
    return reply.status, body, reply.etag and _UUID.sub(stand_in, reply.etag.split(".")[0].encode()).decode()
