"""Uploading over both APIs, downloading by signed address, deleting, and what happens to files nobody uses."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.db import connection

from apikeys.services.permissions import object_permissions_upsert, permission_flags_upsert
from apikeys.services.roles import role_create
from core.records.files import PART_BYTES, UNUSED_DAYS, files_sweep
from core.sql.execute import fetch
from core.sql.files import compile_signature
from core.sql.fragment import Sql
from metadata.models import FieldMetadata, ObjectMetadata, Workspace
from tests.api_client import Answer
from tests.core.files.conftest import ROCKET
from tests.factories import Api, api_of, principal_of, workspace_with

pytestmark = pytest.mark.django_db

UNKNOWN = "20202020-1c25-4d02-bf25-6aeccf7ea419"


def field_of(workspace: Workspace, name: str) -> FieldMetadata:
    return FieldMetadata.objects.get(workspace=workspace, object__name_singular="rocket", name=name)


def stored(workspace: Workspace) -> dict[str, int]:
    """The files of a workspace and how many bytes there are of each."""
    schema = workspace.database_schema
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT f.id::text, coalesce(sum(length(p.content)), 0) FROM {schema}.file f"
            f" LEFT JOIN {schema}.file_part p ON p.file_id = f.id GROUP BY f.id"
        )
        return dict(cursor.fetchall())


# Uploading -------------------------------------------------------------------------------------------


def test_an_upload_over_graphql(api: Api, workspace: Workspace) -> None:
    field = field_of(workspace, "drawings")
    names = (str(field.id), "rocket.drawings")
    for name in names:
        answer = api.upload(name, "plan.txt", b"Hello, this is a plan")
        assert (answer.status, "errors" in answer.body) == (200, False)
        file = answer.body["data"]["uploadFilesFieldFile"]
        assert file["path"] == f"files-field/{field.universal_identifier}/{file['id']}.txt"
        assert file["size"] == 21
        assert datetime.fromisoformat(file["createdAt"]) <= datetime.now(UTC)
        assert file["url"].startswith(f"http://testserver/file/files-field/{file['id']}?token=")
        assert stored(workspace)[file["id"]] == 21


def test_an_upload_by_the_universal_identifier(api: Api, workspace: Workspace) -> None:
    document = (
        "mutation ($file: Upload!, $name: String!) { uploadFilesFieldFileByUniversalIdentifier("
        "file: $file, fieldMetadataUniversalIdentifier: $name) { id path size createdAt url } }"
    )
    identifier = str(field_of(workspace, "papers").universal_identifier)
    operations = {"query": document, "variables": {"file": None, "name": identifier}}
    part = SimpleUploadedFile("a.txt", b"abc")
    answer = api.form(
        "/metadata", {"operations": json.dumps(operations), "map": '{"f": ["variables.file"]}', "f": part}
    )
    file = answer.body["data"]["uploadFilesFieldFileByUniversalIdentifier"]
    assert (file["size"], file["path"].split("/")[1]) == (3, identifier)


def test_several_files_in_one_request(api: Api, workspace: Workspace) -> None:
    document = (
        "mutation ($a: Upload!, $b: Upload!, $again: Upload!) {"
        ' a: uploadFilesFieldFile(file: $a, fieldMetadataId: "rocket.papers") { id size }'
        ' b: uploadFilesFieldFile(file: $b, fieldMetadataId: "rocket.papers") { id size }'
        ' c: uploadFilesFieldFile(file: $again, fieldMetadataId: "rocket.drawings") { id size } }'
    )
    operations = {"query": document, "variables": {"a": None, "b": None, "again": None}}
    answer = api.form(
        "/metadata",
        {
            "operations": json.dumps(operations),
            "map": '{"0": ["variables.a", "variables.again"], "1": ["variables.b"]}',
            "0": SimpleUploadedFile("a.txt", b"abc"),
            "1": SimpleUploadedFile("b.txt", b"abcd"),
        },
    )
    files = answer.body["data"].values()
    assert [each["size"] for each in files] == [3, 4, 3]
    assert stored(workspace) == {each["id"]: each["size"] for each in files}


@pytest.mark.parametrize("version", ["1", "2"])
def test_an_upload_over_rest(workspace: Workspace, version: str) -> None:
    api = api_of(workspace, api_version=version)

    def inner(body: Any, key: str) -> Any:
        return body["data"][key] if version == "1" else body

    made = api.form(
        "/rest/metadata/files",
        {"fieldMetadataId": "rocket.drawings", "file": SimpleUploadedFile("plan.pdf", b"%PDF", "application/pdf")},
    )
    assert made.status == 201
    file = inner(made.body, "createOneFile")
    assert (file["name"], file["contentType"], file["size"]) == ("plan.pdf", "application/pdf", 4)
    assert inner(api.get(f"/rest/metadata/files/{file['id']}").body, "file") == file
    deleted = api.delete(f"/rest/metadata/files/{file['id']}")
    assert (deleted.status, inner(deleted.body, "deleteOneFile")) == (200, file)
    assert api.get(f"/rest/metadata/files/{file['id']}").status == 404
    assert stored(workspace) == {}


REFUSED = {
    "no file": ({"fieldMetadataId": "rocket.drawings"}, 400, "A file and the field it is for are required"),
    "no field": ({"file": b"x"}, 400, "A file and the field it is for are required"),
    "an unknown field": ({"fieldMetadataId": "rocket.nothing", "file": b"x"}, 404, 'There is no field "rocket.nothing"'),
    "an unknown object": ({"fieldMetadataId": "wing.drawings", "file": b"x"}, 404, 'There is no field "wing.drawings"'),
    "an unknown id": ({"fieldMetadataId": UNKNOWN, "file": b"x"}, 404, f'There is no field "{UNKNOWN}"'),
    "a field of text": (
        {"fieldMetadataId": "rocket.code", "file": b"x"}, 400, "The field rocket.code takes no files"
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_uploads_refused(api: Api, workspace: Workspace, case: str) -> None:
    parts, status, message = REFUSED[case]
    sent = {key: SimpleUploadedFile("x", part) if isinstance(part, bytes) else part for key, part in parts.items()}
    refused = api.form("/rest/metadata/files", sent)
    assert (refused.status, refused.body["messages"]) == (status, [message])
    assert stored(workspace) == {}


def test_a_file_beyond_the_limit_is_refused(api: Api, workspace: Workspace, settings: Any) -> None:
    settings.MAX_FILE_BYTES = 1000

    def sent() -> Answer:
        parts = {"fieldMetadataId": "rocket.drawings", "file": SimpleUploadedFile("x", bytes(1001))}
        return api.form("/rest/metadata/files", parts)

    refused = sent()
    assert (refused.status, refused.body["messages"]) == (413, ["File is larger than 1000 bytes"])
    answer = api.upload("rocket.drawings", "x", bytes(1001))
    [error] = answer.body["errors"]
    assert error["message"] == "File is larger than 1000 bytes"
    settings.MAX_UPLOAD_BYTES = 1000
    assert sent().status == 413
    assert api.upload("rocket.drawings", "x", bytes(1001)).status == 413
    assert stored(workspace) == {}


MAPS = {
    "no file of that name": ('{"1": ["variables.file"]}', 'The body has no file "1", which its map names.'),
    "no list of paths": ('{"0": "variables.file"}', 'The map of files must look like {"0": ["variables.file"]}.'),
    "a variable that is not null": (
        '{"0": ["variables.field"]}', "The map of files names 'variables.field', which is no variable that is null."
    ),
    "a path that leads nowhere": (
        '{"0": ["variables.file.x"]}', "The map of files names 'variables.file.x', which is no variable that is null."
    ),
    "the document itself": ('{"0": ["query"]}', "The map of files names 'query', which is no variable that is null."),
    "no file placed": ("{}", "Upload value invalid: send the file in a multipart request."),
}  # fmt: skip


@pytest.mark.parametrize("case", MAPS)
def test_multipart_requests_refused(api: Api, workspace: Workspace, case: str) -> None:
    places, message = MAPS[case]
    document = (
        "mutation ($file: Upload, $field: String!) {"
        " uploadFilesFieldFile(file: $file, fieldMetadataId: $field) { id } }"
    )
    if case == "no file placed":
        variables: dict[str, Any] = {"file": "a text", "field": "rocket.drawings"}
    else:
        variables = {"file": None, "field": "rocket.drawings"}
    answer = api.form(
        "/metadata",
        {
            "operations": json.dumps({"query": document.replace("Upload,", "Upload!,"), "variables": variables}),
            "map": places,
            "0": SimpleUploadedFile("x", b"x"),
        },
    )
    assert answer.status == 400
    assert [each["message"] for each in answer.body["errors"]] == [message]
    assert stored(workspace) == {}


@pytest.mark.parametrize("path", ["/metadata", "/graphql"])
def test_forms_that_cannot_be_read_are_refused(api: Api, workspace: Workspace, path: str) -> None:
    part = b'--x\r\nContent-Disposition: form-data; name="f"; filename="a"\r\n\r\nx\r\n'
    for form, boundary in ((b"xxx", ""), (part * 101 + b"--x--\r\n", "; boundary=x")):
        sent = {"Authorization": f"Bearer {api.token}"}
        answer = api.client.post(path, form, content_type=f"multipart/form-data{boundary}", headers=sent)
        assert answer.status_code == 400
        [error] = answer.json()["errors"]
        assert error["message"].startswith("The form cannot be read: ")
        assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert stored(workspace) == {}


def test_a_role_uploads_only_where_it_may_write(workspace: Workspace) -> None:
    rocket = ObjectMetadata.objects.get(workspace=workspace, name_singular="rocket")
    principal = principal_of(workspace)
    rights = {"canReadAllObjectRecords": True, "canUpdateAllObjectRecords": True, "canBeAssignedToApiKeys": True}
    role_create(principal, values={"label": "No tools", **rights})
    reader = role_create(principal, values={"label": "Reader", "canAccessAllTools": True, **rights})
    no_writing = {"objectMetadataId": str(rocket.id), "canUpdateObjectRecords": False}
    object_permissions_upsert(principal_of(workspace), role_id=reader.id, items=[no_writing])
    admin = api_of(workspace)
    kept = admin.uploaded("rocket.drawings", "x.txt")
    for role in ("No tools", "Reader"):
        api = api_of(workspace, role=role)
        parts = {"fieldMetadataId": "rocket.drawings", "file": SimpleUploadedFile("x", b"x")}
        refused = api.form("/rest/metadata/files", parts)
        assert (refused.status, refused.body["code"]) == (403, "PERMISSION_DENIED")
    assert api.delete(f"/rest/metadata/files/{kept}").status == 403
    assert api.get(f"/rest/metadata/files/{kept}").status == 200
    assert list(stored(workspace)) == [kept]
    unseen = {"objectMetadataId": str(rocket.id), "canReadObjectRecords": False}
    object_permissions_upsert(principal_of(workspace), role_id=reader.id, items=[unseen])
    for call in (api.get, api.delete):
        hidden, unknown = (call(f"/rest/metadata/files/{each}") for each in (kept, kept[:-4] + "0000"))
        assert (hidden.status, hidden.body["code"]) == (unknown.status, unknown.body["code"]) == (404, "NOT_FOUND")
    assert list(stored(workspace)) == [kept]
    assert Api(None).form("/rest/metadata/files", {"x": "y"}).status == 403
    assert Api("nonsense").form("/rest/metadata/files", {"x": "y"}).status == 401


# Downloading -----------------------------------------------------------------------------------------


def path_of(api: Api, field: str, name: str, content: bytes, content_type: str = "text/plain") -> str:
    url: str = api.upload(field, name, content, content_type).body["data"]["uploadFilesFieldFile"]["url"]
    return url.removeprefix("http://testserver")


def test_the_address_in_a_record_downloads_the_file_without_a_key(api: Api) -> None:
    content = "Zwölf Boxkämpfer\n".encode()
    file_id = api.uploaded("rocket.drawings", "Größe.txt", content)
    made = api.post("/rest/rockets", {"drawings": [{"fileId": file_id, "label": "x"}]})
    [drawing] = made.body["data"]["createRocket"]["drawings"]
    answer = Api(None).client.get(drawing["url"].removeprefix("http://testserver"))
    assert (answer.status_code, b"".join(answer)) == (200, content)
    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    assert answer["Content-Length"] == str(len(content))
    assert answer["Content-Disposition"] == "inline; filename*=utf-8''Gr%C3%B6%C3%9Fe.txt"
    assert answer["X-Content-Type-Options"] == "nosniff"


def test_addresses_are_answered_to_who_may_download(api: Api, workspace: Workspace) -> None:
    rights = {"canReadAllObjectRecords": True}
    for label, flags in (("Looks", []), ("Downloads", ["DOWNLOAD_FILE"])):
        role = role_create(principal_of(workspace), values={"label": label, **rights})
        permission_flags_upsert(principal_of(workspace), role_id=role.id, flags=flags)
    looks, downloads = (api_of(workspace, role=label) for label in ("Looks", "Downloads"))
    file_id = api.uploaded("rocket.drawings", "x.txt")
    made = api.post("/rest/rockets", {"drawings": [{"fileId": file_id, "label": "x"}]})
    path = f"/rest/rockets/{made.body['data']['createRocket']['id']}"
    document = "{ rockets { edges { node { drawings { fileId label extension url } } } } }"
    for asked in (downloads, looks, downloads):  # what one was answered is not kept for the other
        [over_rest] = asked.get(path).body["data"]["rocket"]["drawings"]
        [edge] = asked.data(document)["rockets"]["edges"]
        [over_graphql] = edge["node"]["drawings"]
        of_file = asked.get(f"/rest/metadata/files/{file_id}").body["data"]["file"]
        assert over_rest == over_graphql
        assert {**over_rest, "url": None} == {"fileId": file_id, "label": "x", "extension": ".txt", "url": None}
        assert [(each["url"] is None) for each in (over_rest, of_file)] == [asked is looks] * 2


def test_a_file_of_many_parts_comes_back_byte_by_byte(api: Api, workspace: Workspace) -> None:
    content = bytes(number % 251 for number in range(2 * PART_BYTES + 17))
    path = path_of(api, "rocket.drawings", "big.bin", content, "application/octet-stream")
    assert list(stored(workspace).values()) == [len(content)]
    answer = Api(None).client.get(path)
    assert b"".join(answer) == content


def test_an_empty_file(api: Api) -> None:
    answer = Api(None).client.get(path_of(api, "rocket.drawings", "empty.txt", b""))
    assert (answer.status_code, b"".join(answer), answer["Content-Length"]) == (200, b"", "0")


@pytest.mark.parametrize("name", ["page.html", "image.svg", "script.js", "page.xhtml", "noname"])
def test_what_a_browser_could_run_is_saved_not_shown(api: Api, name: str) -> None:
    answer = Api(None).client.get(path_of(api, "rocket.drawings", name, b"<script>alert(1)</script>", "text/html"))
    assert answer["Content-Disposition"] == f'attachment; filename="{name}"'
    assert answer["Content-Security-Policy"].startswith("default-src 'none'")
    assert answer["Content-Security-Policy"].endswith("sandbox")


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.txt", "a.pdf", "a.mp4", "a.mp3"])
def test_what_is_harmless_is_shown(api: Api, name: str) -> None:
    answer = Api(None).client.get(path_of(api, "rocket.drawings", name, b"content"))
    assert answer["Content-Disposition"] == f'inline; filename="{name}"'


def test_addresses_that_are_not_signed_are_refused(api: Api, workspace: Workspace) -> None:
    path = path_of(api, "rocket.drawings", "one.txt", b"one")
    other = path_of(api, "rocket.drawings", "two.txt", b"two")
    foreign = workspace_with(name="Other")
    bare, token = path.split("?token=")
    owner, expires, signature = token.split(".")
    for wrong in (
        bare,
        f"{bare}?token=",
        f"{bare}?token=invalid-token-12345",
        f"{bare}?token={other.split('?token=')[1]}",
        f"{bare}?token={owner}.{int(expires) + 1}.{signature}",
        f"{bare}?token={foreign.id.hex}.{expires}.{signature}",
        f"{bare}?token={owner}.{expires}.{signature[:-1]}{'0' if signature[-1] != '0' else '1'}",
        f"/file/files-field/{UNKNOWN}?token={token}",
        f"/file/files-field/nothing?token={token}",
    ):
        answer = Api(None).client.get(wrong)
        assert answer.status_code == 403, wrong
        body = json.loads(answer.content)
        assert body["messages"] == ["The address of this file is not valid"]
        assert (body["error"], body["code"]) == ("ForbiddenException", "FILE_ACCESS_DENIED")


def test_an_address_expires(api: Api, workspace: Workspace) -> None:
    file_id = api.uploaded("rocket.drawings", "one.txt")
    [(now,)] = fetch(Sql("SELECT floor(extract(epoch FROM now()))::bigint", ()), "default")  # of the test's transaction
    answers = []
    for expires in (now, now + 1):
        [(signature, _)] = fetch(compile_signature(workspace.database_schema, file_id, expires), "default")
        answers.append(Api(None).get(f"/file/files-field/{file_id}?token={workspace.id.hex}.{expires}.{signature}"))
    refused, answered = answers
    assert (refused.status, refused.message) == (403, "The address of this file has expired")
    assert (answered.status, answered.content) == (200, b"content")


def test_an_address_is_good_for_a_day_and_the_same_for_an_hour(api: Api) -> None:
    file_id = api.uploaded("rocket.drawings", "one.txt")
    urls = {api.get(f"/rest/metadata/files/{file_id}").body["data"]["file"]["url"] for _ in range(2)}
    [url] = urls
    remaining_s = int(url.split(".")[-2]) - datetime.now(UTC).timestamp()
    assert 24 * 3600 < remaining_s <= 25 * 3600


def test_addresses_begin_with_the_servers_own(api: Api, settings: Any) -> None:
    file_id = api.uploaded("rocket.drawings", "one.txt")
    path = f"/rest/metadata/files/{file_id}"
    settings.ALLOWED_HOSTS = [*settings.ALLOWED_HOSTS, "crm.example"]
    answer = api.get(path, Host="crm.example:8080").body["data"]["file"]["url"]
    assert answer.startswith("http://crm.example:8080/file/files-field/")
    settings.SERVER_URL = "https://crm.example"
    assert api.get(path).body["data"]["file"]["url"].startswith("https://crm.example/file/files-field/")


# Deleting --------------------------------------------------------------------------------------------


def test_a_deleted_file_is_gone(api: Api, workspace: Workspace) -> None:
    path = path_of(api, "rocket.drawings", "one.txt", b"one")
    file_id = path.split("?")[0].rpartition("/")[2]
    deleted = api.data(
        "mutation ($id: UUID!) { deleteFile(fileId: $id) { id path size createdAt } }", {"id": file_id}, "/metadata"
    )["deleteFile"]
    assert (deleted["id"], deleted["size"]) == (file_id, 3)
    assert Api(None).client.get(path).status_code == 404
    assert stored(workspace) == {}
    answer = api.graphql("mutation ($id: UUID!) { deleteFile(fileId: $id) { id } }", {"id": file_id}, "/metadata")
    assert answer.body["errors"][0]["extensions"]["code"] == "NOT_FOUND"


def test_another_workspaces_file_can_be_neither_read_nor_deleted(api: Api, workspace: Workspace) -> None:
    file_id = api.uploaded("rocket.drawings", "one.txt")
    stranger = api_of(workspace_with([ROCKET], name="Other"))
    assert stranger.get(f"/rest/metadata/files/{file_id}").status == 404
    assert stranger.delete(f"/rest/metadata/files/{file_id}").status == 404
    assert list(stored(workspace)) == [file_id]


def age(workspace: Workspace, days: int) -> None:
    """Let days go by for what is unused."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {workspace.database_schema}.file SET unused_since = unused_since - %s * interval '1 day'", [days]
        )


def test_files_nobody_uses_are_deleted_after_a_week(api: Api, workspace: Workspace) -> None:
    used, _, removed = (api.uploaded("rocket.drawings", f"{name}.txt") for name in "abc")
    files = [{"fileId": each, "label": "x"} for each in (used, removed)]
    record = api.post("/rest/rockets", {"drawings": files}).body["data"]["createRocket"]["id"]
    age(workspace, UNUSED_DAYS - 1)
    assert files_sweep() == 0
    api.patch(f"/rest/rockets/{record}", {"drawings": files[:1]})
    age(workspace, 2)
    assert files_sweep() == 1
    assert sorted(stored(workspace)) == sorted([used, removed])  # the second has just become unused
    age(workspace, UNUSED_DAYS + 1)
    assert files_sweep() == 1
    assert list(stored(workspace)) == [used]
    api.delete(f"/rest/rockets/{record}?soft_delete=true")
    age(workspace, UNUSED_DAYS + 1)
    assert files_sweep() == 0
    api.delete(f"/rest/rockets/{record}")
    assert files_sweep() == 0
    age(workspace, UNUSED_DAYS + 1)
    assert files_sweep() == 1
    assert stored(workspace) == {}


def test_a_file_that_is_put_back_in_time_is_kept(api: Api, workspace: Workspace) -> None:
    file_id = api.uploaded("rocket.drawings", "a.txt")
    age(workspace, UNUSED_DAYS + 1)
    made = api.post("/rest/rockets", {"drawings": [{"fileId": file_id, "label": "x"}]})
    assert made.status == 201
    assert files_sweep() == 0
    assert list(stored(workspace)) == [file_id]


def test_files_of_a_deactivated_field_are_kept(api: Api, workspace: Workspace) -> None:
    file_id = api.uploaded("rocket.drawings", "a.txt")
    api.post("/rest/rockets", {"drawings": [{"fileId": file_id, "label": "x"}]})
    field = field_of(workspace, "drawings")
    assert api.patch(f"/rest/metadata/fields/{field.id}", {"isActive": False}).status == 200
    files_sweep()
    age(workspace, UNUSED_DAYS + 1)
    assert files_sweep() == 0
    assert list(stored(workspace)) == [file_id]


def test_the_maintenance_worker_sweeps(api: Api, workspace: Workspace, capsys: Any, settings: Any) -> None:
    api.uploaded("rocket.drawings", "a.txt")
    age(workspace, UNUSED_DAYS + 1)
    call_command("maintain", "--once")
    done = dict(each.split(": ") for each in capsys.readouterr().out.strip().split(", "))
    assert list(done) == [path.rpartition(".")[2] for path, _ in settings.MAINTENANCE]
    assert done["files_sweep"] == "1"
    assert stored(workspace) == {}
