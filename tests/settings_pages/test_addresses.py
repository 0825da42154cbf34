"""Addresses as people type them, and static files as browsers keep them."""

from __future__ import annotations

import gzip
import re
from pathlib import Path
from uuid import uuid4

import pytest
from django.conf import settings
from django.templatetags.static import static
from django.test import Client

YEAR = "max-age=31536000, public, immutable"


@pytest.mark.parametrize(
    "path", ["/settings/data-model/", "/settings/api-webhooks/", "/settings/roles//", "/settings/docs/objects/book/"]
)
def test_a_final_slash_changes_nothing(browser: Client, path: str) -> None:
    assert browser.get(path).status_code == 200
    assert 'aria-current="page"' in browser.get(path).content.decode()


def test_admin_and_the_icon_are_found(browser: Client) -> None:
    assert browser.get("/admin")["Location"] == "/admin/"
    icon = browser.get("/favicon.ico", follow=True)
    assert (icon.status_code, icon["Content-Type"]) == (200, "image/svg+xml")
    assert browser.get("/settings/")["Location"] == "/settings/data-model"


def stylesheet(client: Client) -> str:
    page = client.get("/settings/login").content.decode()
    [found] = re.findall(r'href="(/static/settings/settings\.[0-9a-f]{12}\.css)"', page)
    return str(found)


def test_static_files_are_kept_for_a_year_and_sent_compressed(db: None) -> None:
    client = Client()
    url = stylesheet(client)
    plain = client.get(url)
    packed = client.get(url, headers={"Accept-Encoding": "gzip"})
    assert (plain.status_code, plain["Cache-Control"], plain["Vary"]) == (200, YEAR, "Accept-Encoding")
    assert (packed["Content-Encoding"], packed["Cache-Control"]) == ("gzip", YEAR)
    body, sent = plain.getvalue(), packed.getvalue()
    assert gzip.decompress(sent) == body and len(sent) < len(body) / 2
    assert plain["Content-Type"] == 'text/css; charset="utf-8"'


def test_a_name_of_other_contents_is_not_served(db: None) -> None:
    client = Client()
    digest = stylesheet(client).split(".")[1]
    other = "0" * 12 if digest != "0" * 12 else "1" * 12
    for name in (f"settings.{other}.css", "settings.x.css", "settings%00.x.css", "../settings.x.css"):
        assert client.get(f"/static/settings/{name}").status_code == 404, name
    plain = client.get("/static/settings/settings.css")
    assert (plain.status_code, "immutable" in plain["Cache-Control"]) == (200, False)


def test_a_file_that_comes_while_the_server_runs_is_served_from_then_on(db: None) -> None:
    """As the consoles' own, which are fetched."""
    name = f"late/{uuid4().hex}.js"
    assert static(name) == f"/static/{name}"
    assert Client().get(f"/static/{name}").status_code == 404
    path = Path(settings.DATA_DIR) / "assets" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("late()")
    try:
        url = static(name)
        assert re.fullmatch(rf"/static/{name[:-3]}\.[0-9a-f]{{12}}\.js", url)
        assert Client().get(url).getvalue() == b"late()"
    finally:
        path.unlink()
