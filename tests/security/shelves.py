"""A shelf and 60 boxes whose texts can be made as long as anybody likes."""

from __future__ import annotations

from typing import Any

from django.db import connection

from metadata.models import FieldMetadata, ObjectMetadata
from tests.factories import Api, add_field, add_object, api_of, workspace_with

COUNT = 60


def shelves_and_boxes() -> Api:
    workspace = workspace_with(empty=True)
    shelves = add_object(workspace, "shelf", "shelves", [{"type": "TEXT", "name": "place"}])
    texts = [{"type": "TEXT", "name": name} for name in ("text", "more", "kind")]
    boxes = add_object(workspace, "box", "boxes", [*texts, {"type": "RAW_JSON", "name": "raw"}])
    target = {"type": "MANY_TO_ONE", "targetObjectMetadataId": str(shelves.id)}
    target |= {"targetFieldLabel": "Boxes", "targetFieldIcon": "IconBox"}
    add_field(workspace, boxes, "RELATION", "shelf", relationCreationPayload=target)
    api = api_of(workspace)
    shelf = api.post("/rest/shelves", {"place": "cellar"}).body["data"]["createShelf"]["id"]
    rows = [{"kind": "k", "name": f"box {number}", "shelfId": shelf} for number in range(COUNT)]
    assert api.post("/rest/batch/boxes", rows).status == 201
    return api


def table() -> str:
    box = ObjectMetadata.objects.select_related("workspace").get(name_singular="box")
    return f'"{box.workspace.database_schema}"."o_{box.id.hex}"'


def fill(total: int, count: int = COUNT) -> None:
    """Let the texts of `count` boxes have so many bytes together."""
    key = FieldMetadata.objects.get(object__name_singular="box", name="text").storage_key
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {table()} SET data = data || jsonb_build_object(%s, left(id::text || repeat('x', %s), %s))"
            f" WHERE id IN (SELECT id FROM {table()} ORDER BY id LIMIT {count})",
            [key, total // count, total // count],
        )


def stored() -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT count(*), count(deleted_at), max(updated_at), md5(sum(length(data::text))::text) FROM {table()}"
        )
        return list(cursor.fetchone())
