"""What the items of the table are asked of: a workspace with its people."""

from __future__ import annotations

import json
from typing import Any

from django.db import connection

from benchmarks import data
from benchmarks.items import KEPT, Asked, Item, Items
from benchmarks.load import request_bytes
from benchmarks.statements import Inside
from core.query import ir
from core.records.create import create
from metadata import services
from metadata.cache import current_schema

PAGE = 200


class Ground:
    """Companies and people, an index that a user made, a token, the items, and people whom upserts meet."""

    def __init__(self, companies: int, people: int, upserting: int = KEPT) -> None:
        self.workspace = data.workspace_to_measure("Table")
        self._add_index()
        data.seed(self.workspace, companies, people)
        self.token = data.token_of(self.workspace)
        self.inside = Inside(self.token)
        shown = self._read(f"/rest/people?limit={PAGE}&count=none")["people"]
        company = self._read("/rest/companies?limit=1&count=none")["companies"][0]
        assert len(shown[0]) == 20, len(shown[0])
        schema = current_schema(self.workspace.id)
        self.items = Items(
            [each["id"] for each in shown],
            data.graphql_members(schema.by_singular["person"], shown[0]),
            data.graphql_members(schema.by_singular["company"], company),
            companies,
        )
        for client in range(upserting):
            records = tuple(self.items.kept(client))
            create(data.principal_of(self.workspace), schema, ir.Create("person", records, ir.Everything(only=("id",))))

    def _add_index(self) -> None:
        """What serves `filter=city[eq]:…&order_by=name.lastName`."""
        person = current_schema(self.workspace.id).by_singular["person"]
        columns: list[dict[str, str]] = [
            {"fieldMetadataId": str(person.by_name["city"].id)},
            {"fieldMetadataId": str(person.by_name["name"].id), "subFieldName": "lastName"},
        ]
        values = {"objectMetadataId": str(person.id), "fields": columns}
        services.index_create(workspace_id=self.workspace.id, values=values)

    def _read(self, path: str) -> Any:
        return json.loads(self.inside.answer(self.inside.request(Asked("GET", path))).content)["data"]

    def requests(self, item: Item, side: str) -> list[bytes]:
        return [request_bytes(each.method, each.path, self.token, each.body) for each in item.sides()[side]]


def settle() -> None:
    """What autovacuum would do some time."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
