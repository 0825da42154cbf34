"""Workspaces, webhooks, and real receivers on the loopback interface."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from uuid import UUID, uuid4

import pytest

from config.events import Event
from config.principal import EVERYTHING, Principal, WorkspaceRef
from metadata.models import ObjectMetadata, Workspace
from tests.factories import system_of
from webhooks.delivery.addresses import AddressPolicy
from webhooks.delivery.sending import Network
from webhooks.delivery.worker import Worker
from webhooks.models import Webhook
from webhooks.services import webhook_create

START = datetime(2026, 2, 3, 4, 5, 6, 789000, tzinfo=UTC)


@dataclass
class Received:
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    """A server that keeps what it is sent and answers as told: by `answers` in turn, then by `answer`."""

    server: ThreadingHTTPServer
    answer: tuple[int, dict[str, str], bytes] = (200, {}, b"ok")
    answers: list[tuple[int, dict[str, str], bytes]] = field(default_factory=list)
    received: list[Received] = field(default_factory=list)
    gate: threading.Event = field(default_factory=threading.Event)  # closed: requests arrive but wait
    arrived: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))

    @property
    def port(self) -> int:
        return self.server.server_address[1]

    def url(self, path: str = "/hook") -> str:
        return f"http://127.0.0.1:{self.port}{path}"


def _start() -> Receiver:
    started: Receiver

    class Recorder(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            started.received.append(Received(self.path, dict(self.headers), body))
            started.arrived.release()
            started.gate.wait(20)
            status, headers, text = started.answers.pop(0) if started.answers else started.answer
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Recorder)
    server.daemon_threads = True
    started = Receiver(server)
    started.gate.set()
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    return started


@pytest.fixture
def new_receiver() -> Iterator[Callable[[], Receiver]]:
    started: list[Receiver] = []

    def start() -> Receiver:
        started.append(_start())
        return started[-1]

    yield start
    for receiver in started:
        receiver.gate.set()
        receiver.server.shutdown()
        receiver.server.server_close()


@pytest.fixture
def receiver(new_receiver: Callable[[], Receiver]) -> Receiver:
    return new_receiver()


@pytest.fixture(autouse=True)
def loopback_allowed(settings: Any) -> None:
    settings.WEBHOOK_ALLOWED_HOSTS = ["127.0.0.1"]


class Clock:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **by: float) -> None:
        self.now += timedelta(**by)


@pytest.fixture
def clock() -> Clock:
    return Clock()


def make_workspace() -> UUID:
    """A workspace with two objects that webhooks can name."""
    id = uuid4()
    workspace = Workspace.objects.create(id=id, subdomain=f"w{id.hex[:12]}", database_schema=f"ws_{id.hex}")
    for singular, plural in (("company", "companies"), ("person", "people")):
        ObjectMetadata.objects.create(
            workspace=workspace,
            application_id=workspace.custom_application_id,
            name_singular=singular,
            name_plural=plural,
            label_singular=singular.title(),
            label_plural=plural.title(),
        )
    return id


@pytest.fixture
def workspace_id(db: None) -> UUID:
    return make_workspace()


def principal_of(workspace_id: UUID, **more: Any) -> Principal:
    """A principal with the versions of this moment, as the authenticator would make it."""
    version = Workspace.objects.values_list("webhooks_version", flat=True).get(id=workspace_id)
    workspace = WorkspaceRef(workspace_id, schema_version=1, webhooks_version=version)
    return Principal(workspace, EVERYTHING, "Nightly sync", **more)


def event(principal: Principal, action: str = "created", object_name: str = "company", **more: Any) -> Event:
    record_id = more.pop("record_id", None) or uuid4()
    values: dict[str, Any] = {
        "object_id": UUID("4f0c2d5e-8f39-4f0b-9a57-2d3f6f0b7a11"),
        "record_id": record_id,
        "record": {"id": str(record_id), "name": "Zoë & Söhne"},
        "updated_fields": None,
        "at": START,
    }
    return Event(action=action, principal=principal, object_name=object_name, **{**values, **more})  # type: ignore[arg-type]


@pytest.fixture
def webhook(workspace_id: UUID, receiver: Receiver) -> Webhook:
    return webhook_create(system_of(workspace_id), data={"targetUrl": receiver.url()})


def network(**more: Any) -> Network:
    values = {"policy": AddressPolicy.from_entries(["127.0.0.1"]), "timeout_s": 5.0, "connect_timeout_s": 2.0}
    return Network(**{**values, **more})


@pytest.fixture
def worker(clock: Clock) -> Iterator[Worker]:
    """A worker whose clock is the test's and whose jitter is none."""
    worker = Worker(clock=clock, chance=lambda: 0.5, network=network())
    yield worker
    worker.close()
