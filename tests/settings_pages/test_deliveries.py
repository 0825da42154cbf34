"""Settings → Webhooks → Deliveries: of one webhook or of all, narrowed, in either order, page by page."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import count
from uuid import UUID, uuid4

import pytest
from django.test import Client
from django.utils import timezone

from config.time_ids import time_ordered_id
from metadata.models import ObjectMetadata, Workspace
from tests.factories import principal_of, workspace_with
from webhooks.models import Delivery, Webhook
from webhooks.services import DeliveryFilter, delivery_log, webhook_create

LOG = "/settings/api-webhooks/webhooks/deliveries"
_sequence = count()


@pytest.fixture
def webhooks(acme: Workspace) -> Sequence[Webhook]:
    principal = principal_of(acme)
    return [
        webhook_create(principal, data={"targetUrl": f"https://{name}.example/hook"}) for name in ("first", "second")
    ]


def add(webhook: Webhook, at: datetime | None = None, event: str = "book.created", **parts: object) -> UUID:
    at = at or timezone.now()
    obj = ObjectMetadata.objects.get(workspace_id=webhook.workspace_id, name_singular="book")
    values = {
        "workspace_id": webhook.workspace_id, "event_name": event, "object_name": event.partition(".")[0],
        "object_id": obj.id, "record_id": uuid4(), "body": b"{}", "status": "delivered", "created_at": at,
    }  # fmt: skip
    id = time_ordered_id(at, next(_sequence))
    Delivery.objects.create(id=id, webhook=webhook, **{**values, **parts})
    return id


def shown(browser: Client, query: str = "", path: str = LOG) -> list[str]:
    response = browser.get(f"{path}?{query}")
    assert response.status_code == 200
    return re.findall(r'/deliveries/([0-9a-f-]{36})"', response.content.decode())


def link(browser: Client, query: str, rel: str) -> str | None:
    found = re.search(rf'rel="{rel}" href="\?([^"]*)"', browser.get(f"{LOG}?{query}").content.decode())
    return None if found is None else found[1].replace("&amp;", "&")


def test_each_condition_narrows_and_several_narrow_together(browser: Client, webhooks: Sequence[Webhook]) -> None:
    first, second = webhooks
    now = timezone.now()
    record = uuid4()
    new = add(first, now)
    other = add(second, now - timedelta(minutes=5), record_id=record)
    failed = add(first, now - timedelta(hours=2), status="failed", event="book.updated", record_id=record)
    waiting = add(second, now - timedelta(days=2), status="pending", event="author.updated")
    old = add(first, now - timedelta(days=8), event="book.deleted")
    every = (new, other, failed, waiting, old)
    message = Delivery(id=old).message_id
    expected: dict[str, Sequence[UUID]] = {
        "": every,
        "sort=oldest": every[::-1],
        f"webhook={second.id}": (other, waiting),
        "status=failed": (failed,),
        "object=book": (new, other, failed, old),
        "action=updated": (failed, waiting),
        "object=book&action=updated": (failed,),
        "span=1h": (new, other),
        "span=24h": (new, other, failed),
        "span=7d": (new, other, failed, waiting),
        "span=7d&sort=oldest": (waiting, failed, other, new),
        f"q={record}": (other, failed),
        f"q={str(record).upper()}": (other, failed),
        f"q={new}": (new,),
        f"q={message}": (old,),
        "q=SECOND.ex": (other, waiting),
        "q=nowhere": (),
        f"q={record}&status=failed": (failed,),
        "status=x&span=x&webhook=x&action=x&sort=x": every,
    }
    for query, ids in expected.items():
        assert shown(browser, query) == [str(each) for each in ids], query
    of_first = f"/settings/api-webhooks/webhooks/{first.id}"
    assert shown(browser, "object=book&sort=oldest", of_first) == [str(each) for each in (old, failed, new)]
    assert shown(browser, f"webhook={second.id}", of_first) == []  # it is of one webhook, whatever is asked for
    assert "No delivery is like that" in browser.get(f"{LOG}?q=nowhere").content.decode()


@pytest.mark.parametrize("order", ["", "oldest"])
def test_pages_of_50_go_there_and_back(browser: Client, webhooks: Sequence[Webhook], order: str) -> None:
    now = timezone.now()
    ids = [str(add(webhooks[place % 2], now - timedelta(seconds=place))) for place in range(101)]
    if order:
        ids.reverse()
    start = f"sort={order}"
    assert shown(browser, start) == ids[:50] and link(browser, start, "prev") is None
    second = link(browser, start, "next")
    assert second is not None and shown(browser, second) == ids[50:100]
    last = link(browser, second, "next")
    assert last is not None and shown(browser, last) == ids[100:] and link(browser, last, "next") is None
    back = link(browser, last, "prev")
    assert back is not None and shown(browser, back) == ids[50:100]
    first = link(browser, back, "prev")
    assert first is not None and shown(browser, first) == ids[:50] and link(browser, first, "prev") is None


def test_fifty_are_one_page(browser: Client, webhooks: Sequence[Webhook]) -> None:
    for _ in range(50):
        add(webhooks[0])
    assert len(shown(browser)) == 50 and link(browser, "", "next") is None
    add(webhooks[1])
    assert len(shown(browser)) == 50 and link(browser, "", "next") is not None


def test_no_page_looks_at_more_than_it_may(
    browser: Client, webhooks: Sequence[Webhook], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of each webhook a part: what is older is looked at on the next page, and the page says how far it came."""
    monkeypatch.setattr("webhooks.services.log.LOOKED_AT", 120)  # 60 of each
    now = timezone.now()
    wanted = str(add(webhooks[0], now - timedelta(hours=1), status="failed"))
    for place in range(61):
        add(webhooks[0], now - timedelta(seconds=place))
    query = "status=failed"
    assert shown(browser, query) == []
    page = browser.get(f"{LOG}?{query}").content.decode()
    assert "Looked through everything since" in page and "there is more" in page
    further = link(browser, query, "next")
    assert further is not None and shown(browser, further) == [wanted]
    assert shown(browser, f"{query}&sort=oldest") == [wanted]


def test_deliveries_of_another_workspace_are_not_found(browser: Client, webhooks: Sequence[Webhook]) -> None:
    other = workspace_with([{"nameSingular": "book", "namePlural": "books"}], name="Other")
    theirs = webhook_create(principal_of(other), data={"targetUrl": "https://first.example/theirs"})
    record = uuid4()
    id = add(theirs, record_id=record)
    for query in ("", f"q={record}", f"q={id}", f"webhook={theirs.id}", "q=theirs"):
        assert shown(browser, query) == [], query
    asked = DeliveryFilter(webhook_id=theirs.id)
    assert delivery_log(principal_of(Workspace.objects.get(display_name="Acme")), asked).rows == []


def test_an_empty_log_says_what_to_do(browser: Client, acme: Workspace) -> None:
    assert "Make a webhook first: it hears of the records that change." in browser.get(LOG).content.decode()
    made = webhook_create(principal_of(acme), data={"targetUrl": "https://first.example/hook"})
    said = "Change a record that {} webhook wants to hear of, or send a test."
    assert said.format("a") in browser.get(LOG).content.decode()
    assert said.format("this") in browser.get(f"/settings/api-webhooks/webhooks/{made.id}").content.decode()
