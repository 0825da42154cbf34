"""A whole server with its workspaces in three clusters: what moves, the soak and backups are measured on.

`manage.py up` as a user starts it, with durable databases, a receiver of webhooks, and a workspace of rockets, which a
webhook does not tell of, and pings, which it does.
"""

from __future__ import annotations

import http.client
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import psycopg2

from config.server.embedded_postgres import EmbeddedPostgres
from tests.ops.receiving import Receiver
from tests.server import ROOT, Server, running

LIMITED = ("SHORT", "LONG", "WORKSPACE", "ADDRESS")
KEPT_S = 5  # less than the server keeps a connection on which nothing is asked
ROCKET_FIELDS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("TEXT", "code", {"isUnique": True}),
    ("NUMBER", "speed", {}),
    ("FILES", "papers", {"settings": {"maxNumberOfValues": 3}}),
)


class Caller:
    """One connection to the server, with a key of a workspace."""

    def __init__(self, server: Server, token: str) -> None:
        self.token = token
        self._connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=300)
        self._used_at = 0.0

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, bytes]:
        text = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        given = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        if time.monotonic() - self._used_at > KEPT_S:
            self._connection.close()
        self._connection.request(method, path, text, given)
        answer = self._connection.getresponse()
        content = answer.read()
        self._used_at = time.monotonic()
        return answer.status, content

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """The JSON of an answer that must be a good one."""
        status, content = self.send(method, path, body, **headers)
        assert status in (200, 201), (method, path, status, content[:2_000])
        found = json.loads(content) if content else None
        assert not isinstance(found, dict) or "errors" not in found, found
        return found

    def data(self, query: str, path: str = "/graphql", **variables: Any) -> Any:
        return self.ask("POST", path, {"query": query, "variables": variables})["data"]

    def upload(self, field_id: str, name: str, content: bytes) -> str:
        edge = uuid4().hex
        head = f'--{edge}\r\nContent-Disposition: form-data; name="fieldMetadataId"\r\n\r\n{field_id}\r\n--{edge}\r\n'
        head += f'Content-Disposition: form-data; name="file"; filename="{name}"\r\n'
        body = head.encode() + b"Content-Type: application/pdf\r\n\r\n" + content + f"\r\n--{edge}--\r\n".encode()
        kind = {"Content_Type": f"multipart/form-data; boundary={edge}"}
        return str(self.ask("POST", "/rest/metadata/files", body, **kind)["data"]["createOneFile"]["id"])


@dataclass(frozen=True)
class Clusters:
    server: Server
    folder: Path
    receiver: Receiver
    urls: dict[str, str]  # of the databases
    settings: dict[str, str]
    fields: dict[str, str] = field(default_factory=dict)  # of the rocket: ids by name
    replicated: frozenset[str] = frozenset()

    def manage(self, *arguments: str) -> str:
        """What a command of manage.py says."""
        command = [sys.executable, "manage.py", *arguments]
        environment = {"PATH": "", "DATA_DIR": str(self.server.data_dir), **self.settings}
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"manage.py {' '.join(arguments)}: {done.stdout}{done.stderr}")
        return done.stdout.strip()

    def workspace(self, name: str, shard: str) -> Caller:
        """A new one, with rockets and pings."""
        self.manage("workspace", "create", name, "--empty", "--shard", shard)
        caller = self.caller_of(name)
        ids = {}
        for singular in ("rocket", "ping"):
            labels = {"labelSingular": singular.title(), "labelPlural": f"{singular.title()}s"}
            model = {"nameSingular": singular, "namePlural": f"{singular}s", **labels}
            create = "mutation ($input: CreateOneObjectInput!) { createOneObject(input: $input) { id } }"
            ids[singular] = caller.data(create, "/metadata", input={"object": model})["createOneObject"]["id"]
        for kind, member, more in ROCKET_FIELDS:
            create = "mutation ($input: CreateOneFieldMetadataInput!) { createOneField(input: $input) { id } }"
            made = {"objectMetadataId": ids["rocket"], "type": kind, "name": member, "label": member, **more}
            self.fields[member] = caller.data(create, "/metadata", input={"field": made})["createOneField"]["id"]
        caller.ask("POST", "/rest/webhooks", {"targetUrl": self.receiver.url, "operations": ["ping.*"]})
        return caller

    def caller_of(self, name: str) -> Caller:
        key = self.manage("apikey", "create", "--workspace", name, "--name", "Benchmark", "--role", "Admin")
        return Caller(self.server, key)

    def table(self, name: str, singular: str) -> tuple[str, str, str]:
        """The database of a workspace, its schema, and the table of an object."""
        [(shard, schema, id)] = rows(
            self.urls["default"],
            "SELECT w.shard, w.database_schema, replace(o.id::text, '-', '') FROM metadata_workspace w"
            " JOIN metadata_objectmetadata o ON o.workspace_id = w.id"
            " WHERE w.display_name = %s AND o.name_singular = %s",
            name,
            singular,
        )
        return shard, schema, f"{schema}.o_{id}"


@contextmanager
def clusters(*, workers: int = 2, with_replica: bool = False) -> Iterator[Clusters]:
    """`with_replica`: of `east`, where this version reads from replicas."""
    with ExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="fourgate-bench-", dir="/tmp"))
        folder.chmod(0o755)
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        os.environ["DATA_DIR"] = str(folder / "prepared")
        (folder / "prepared").mkdir()
        os.environ |= {f"API_RATE_LIMITING_{name}_LIMIT": "1000000000" for name in LIMITED}
        os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
        settings, urls, replicated = {}, {}, set()
        for name in ("east", "west"):
            cluster = EmbeddedPostgres(folder / name)
            stack.callback(cluster.destroy)
            cluster.start()
            urls[name] = settings[f"SHARD_{name.upper()}_URL"] = cluster.url
            if with_replica and name == "east" and find_spec("tests.ops.replicas"):
                copies = import_module("tests.ops.replicas")
                copy = stack.enter_context(copies.replica(cluster, folder / "replica-of-east"))
                settings["SHARD_EAST_REPLICA_URL"] = copy.url
                replicated.add(name)
        receiver = Receiver()
        stack.callback(receiver.end)
        more = {"WEBHOOK_ALLOWED_HOSTS": "127.0.0.1", "WORKERS": str(workers), "LOG_LEVEL": "WARNING"}
        server = stack.enter_context(running(folder / "up", "--no-assets", "--no-demo", **settings, **more))
        urls["default"] = EmbeddedPostgres(server.data_dir).url
        yield Clusters(server, folder, receiver, urls, settings, replicated=frozenset(replicated))


def rows(url: str, query: str, *params: Any) -> list[tuple[Any, ...]]:
    connection = psycopg2.connect(url)
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            cursor.execute(query, params)
            return cursor.fetchall() if cursor.description else []
    finally:
        connection.close()
