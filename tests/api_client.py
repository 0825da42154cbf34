"""The words that tests speak to all four APIs in, whoever carries them: Django's own client within this process
(`tests.factories.Api`), or a connection to a running server (`tests.server.Connection`)."""

from __future__ import annotations

import json
import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from django.utils.datastructures import CaseInsensitiveMapping

_JSON = re.compile(r"[/+]json\b")


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer: its status, its JSON (None for an empty body, the bytes of what is no JSON) and its headers."""

    status: int
    body: Any
    headers: Mapping[str, str]
    content: bytes

    @classmethod
    def of(cls, status: int, content: bytes, sent: Mapping[str, str]) -> Answer:
        headers = CaseInsensitiveMapping(sent)
        is_json = _JSON.search(headers.get("Content-Type", "")) is not None
        return cls(status, None if not content else json.loads(content) if is_json else content, headers, content)

    @property
    def data(self) -> Any:
        """The one member of `data`."""
        [value] = self.body["data"].values()
        return value

    @property
    def message(self) -> str:
        """The one message of a refusal over REST."""
        [message] = self.body["messages"]
        return str(message)


class ApiClient(ABC):
    """A client with one token, or without."""

    __slots__ = ()
    token: str | None

    @abstractmethod
    def send(self, method: str, path: str, content: bytes, headers: Mapping[str, str]) -> Answer:
        """Carries one request, whose path has its query behind it."""

    def request(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """A body that is no bytes is sent as JSON; `_` in the name of a header stands for `-`."""
        sent = {} if self.token is None else {"Authorization": f"Bearer {self.token}"}
        if body is not None:
            sent["Content-Type"] = "application/json"
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        content = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.send(method, path, content, sent)

    def get(self, path: str, **headers: str) -> Answer:
        return self.request("GET", path, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Answer:
        return self.request("POST", path, body, **headers)

    def patch(self, path: str, body: Any = None, **headers: str) -> Answer:
        return self.request("PATCH", path, body, **headers)

    def delete(self, path: str, body: Any = None, **headers: str) -> Answer:
        return self.request("DELETE", path, body, **headers)

    def graphql(self, query: str, variables: Mapping[str, Any] | None = None, path: str = "/graphql") -> Answer:
        return self.post(path, {"query": query, **({} if variables is None else {"variables": variables})})

    def data(self, query: str, variables: Mapping[str, Any] | None = None, path: str = "/graphql") -> Any:
        """The `data` of a GraphQL answer that must have no errors."""
        answer = self.graphql(query, variables, path)
        assert answer.status == 200, answer.body
        assert "errors" not in answer.body, answer.body["errors"]
        return answer.body["data"]

    def form(self, path: str, parts: Mapping[str, Any]) -> Answer:
        """POST a multipart body; a part that is a `SimpleUploadedFile` is a file."""
        return self.post(path, encode_multipart(BOUNDARY, dict(parts)), Content_Type=MULTIPART_CONTENT)

    def upload(self, field: str, name: str, content: bytes = b"content", content_type: str = "text/plain") -> Answer:
        """Upload a file over GraphQL for a field like `person.avatarFile`."""
        document = (
            "mutation ($file: Upload!, $field: String!) {"
            " uploadFilesFieldFile(file: $file, fieldMetadataId: $field) { id path size createdAt url } }"
        )
        operations = {"query": document, "variables": {"file": None, "field": field}}
        return self.form(
            "/metadata",
            {
                "operations": json.dumps(operations),
                "map": '{"0": ["variables.file"]}',
                "0": SimpleUploadedFile(name, content, content_type),
            },
        )

    def uploaded(self, field: str, name: str, content: bytes = b"content") -> str:
        """The id of a file that was uploaded."""
        answer = self.upload(field, name, content)
        assert answer.status == 200 and "errors" not in answer.body, answer.body
        file_id: str = answer.body["data"]["uploadFilesFieldFile"]["id"]
        return file_id

    def records(self, path: str) -> list[dict[str, Any]]:
        """The records of a REST list."""
        answer = self.get(path)
        assert answer.status == 200, answer.body
        records: list[dict[str, Any]]
        [records] = answer.body["data"].values()
        return records
