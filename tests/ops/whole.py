"""Everything that the APIs answer of a workspace, so that two can be compared."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_SIGNED = re.compile(r"http://127\.0\.0\.1[^\"]*")  # addresses of files have an end and a signature
_CURSOR = re.compile(r'("(?:cursor|endCursor|startCursor)": )"[^"]*"')
_OF_VIEWS = ("viewFields", "viewFieldGroups", "viewFilters", "viewSorts", "viewGroups", "viewFilterGroups")
_METADATA = """{
  objects(paging: {first: 1000}) { edges { node { id nameSingular labelSingular isActive isCustom isSearchable
    labelIdentifierFieldMetadataId
    indexMetadatas(paging: {first: 100}) { edges { node { id name isUnique indexType } } }
    fields(paging: {first: 1000}) { edges { node {
      id name label type isUnique isActive defaultValue options settings createdAt } } } } } }
  getRoles { id label canReadAllObjectRecords permissionFlags { flag }
    objectPermissions { objectMetadataId canReadObjectRecords canUpdateObjectRecords }
    fieldPermissions { objectMetadataId fieldMetadataId canReadFieldValue } }
}"""

Get = Callable[[str], tuple[int, Any]]
Ask = Callable[[str, str], Any]  # a document and a path


def everything(get: Get, ask: Ask) -> dict[str, str]:
    """The answers by what was asked, names of the ids in them left out: the first id of an answer is #0, and so on."""

    def got(path: str) -> Any:
        status, body = get(path)
        assert status == 200, (path, body)
        return body

    found: dict[str, Any] = {"metadata": ask(_METADATA, "/metadata")["data"]}
    objects = [each["node"] for each in found["metadata"]["objects"]["edges"]]
    plurals = _pages(got, "/rest/metadata/objects", "objects")
    found["objects"] = sorted(plurals, key=lambda each: each["nameSingular"])
    found["views"] = got("/rest/metadata/views")
    for kind in _OF_VIEWS:
        found[kind] = [got(f"/rest/metadata/{kind}?viewId={view['id']}") for view in found["views"]]
    found["pageLayouts"] = got("/rest/metadata/pageLayouts")
    tabs = [got(f"/rest/metadata/pageLayoutTabs?pageLayoutId={each['id']}") for each in found["pageLayouts"]]
    found["tabs"] = tabs
    found["widgets"] = [
        got(f"/rest/metadata/pageLayoutWidgets?pageLayoutTabId={tab['id']}") for each in tabs for tab in each
    ]
    for path in ("webhooks", "metadata/schema", "metadata/workspace"):
        found[path] = got(f"/rest/{path}")
    fields = {each["nameSingular"]: each["fields"]["edges"] for each in objects}
    for subject in found["objects"]:
        if not subject["isActive"]:
            continue
        plural, singular = subject["namePlural"], subject["nameSingular"]
        path = f"/rest/{plural}"
        records = got(f"{path}?limit=200&depth=1")
        found[path] = records
        found[f"{path} deleted"] = got(f"{path}?limit=200&filter=deletedAt[is]:NOT_NULL")
        found[f"{path} grouped"] = got(
            f"{path}/groupBy?group_by=[{quote(json.dumps({'createdAt': {'granularity': 'DAY'}}))}]"
        )
        for record in [*records["data"][plural][:3], *found[f"{path} deleted"]["data"][plural][:3]]:
            found[f"{path} history of {record['id']}"] = got(f"{path}/{record['id']}/history")
        wanted = " ".join(
            each["node"]["name"] for each in fields[singular] if each["node"]["type"] in ("TEXT", "NUMBER", "SELECT")
        )
        found[f"{plural} as GraphQL"] = ask(
            f"{{ {plural}(first: 100) {{ totalCount edges {{ cursor node {{ id createdAt updatedAt {wanted} }} }} }} }}",
            "/graphql",
        )
    for words in ("acme", "a"):
        found[f"search for {words}"] = got(f"/rest/search?query={words}")
    return {name: _unnamed(answer) for name, answer in found.items()}


def _pages(got: Callable[[str], Any], path: str, kind: str) -> list[Any]:
    every: list[Any] = []
    while True:
        after = f"&starting_after={every[-1]['id']}" if every else ""
        body = got(f"{path}?limit=100{after}")
        page = body if isinstance(body, list) else body["data"][kind]
        every += page
        if len(page) < 100:
            return every


def _unnamed(answer: Any) -> str:
    names: dict[str, str] = {}
    text = _SIGNED.sub("http://", json.dumps(answer, indent=1, ensure_ascii=False))
    text = _CURSOR.sub(r"\1", text)
    return ID.sub(lambda each: names.setdefault(each[0], f"#{len(names)}"), text)
