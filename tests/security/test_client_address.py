"""Whose request it is: X-Forwarded-For is believed from trusted proxies only, and only what they wrote."""

from __future__ import annotations

import doctest

import pytest
from django.test import RequestFactory

from config.http import client_address as module
from config.http.client_address import believed_address, client_address, counted_as, is_trusted_proxy, read_networks

CLIENT, FORGED, PROXY, INNER = "203.0.113.7", "198.51.100.1", "10.0.0.1", "10.0.0.2"


@pytest.fixture(autouse=True)
def trusted(settings) -> None:
    settings.TRUSTED_PROXIES = ["10.0.0.0/8", "fd00::/8"]


@pytest.mark.parametrize(
    ("peer", "forwarded_for", "address"),
    [
        pytest.param(CLIENT, None, CLIENT, id="straight"),
        pytest.param(CLIENT, FORGED, CLIENT, id="a stranger's header is not believed"),
        pytest.param(PROXY, CLIENT, CLIENT, id="a proxy's header is"),
        pytest.param(PROXY, None, PROXY, id="a proxy that says nothing"),
        pytest.param(PROXY, f"{FORGED}, {CLIENT}", CLIENT, id="what the client wrote before the proxy is not"),
        pytest.param(PROXY, f"{FORGED},{CLIENT}, {INNER}", CLIENT, id="two proxies"),
        pytest.param(PROXY, f"10.0.0.9, {INNER}", "10.0.0.9", id="proxies only: the first of them"),
        pytest.param(PROXY, f"{FORGED}, unknown", PROXY, id="unknown ends the chain"),
        pytest.param(PROXY, f"{FORGED}, <script>, {INNER}", INNER, id="nonsense ends it"),
        pytest.param(PROXY, "", PROXY, id="an empty header"),
        pytest.param(PROXY, f"{CLIENT}:4711", CLIENT, id="with a port"),
        pytest.param(PROXY, '"[2001:DB8::0:1]:4711"', "2001:db8::1", id="IPv6 with a port"),
        pytest.param("fd00::1", CLIENT, CLIENT, id="an IPv6 proxy"),
        pytest.param("[fd00::1]:80", CLIENT, CLIENT, id="a peer with its port, as RSGI names it"),
        pytest.param("::ffff:10.0.0.1", CLIENT, CLIENT, id="an IPv4 proxy on an IPv6 socket"),
        pytest.param("", CLIENT, "unix", id="a Unix socket is not trusted unless named"),
    ],
)
def test_the_first_address_that_no_trusted_proxy_has(peer: str, forwarded_for: str | None, address: str) -> None:
    assert believed_address(peer, forwarded_for) == address


def test_nobody_is_trusted_by_default(settings) -> None:
    settings.TRUSTED_PROXIES = []
    assert believed_address("127.0.0.1", FORGED) == "127.0.0.1"
    assert not is_trusted_proxy("127.0.0.1")


def test_a_proxy_behind_a_unix_socket_can_be_trusted(settings) -> None:
    settings.TRUSTED_PROXIES = ["unix"]
    assert believed_address("", CLIENT) == CLIENT
    assert is_trusted_proxy("") and not is_trusted_proxy(PROXY)


def test_of_a_request() -> None:
    request = RequestFactory().get("/", REMOTE_ADDR=PROXY, HTTP_X_FORWARDED_FOR=f"{FORGED}, {CLIENT}")
    assert client_address(request) == CLIENT


def test_limits_count_a_subscriber_of_ipv6_once() -> None:
    assert counted_as("2001:db8:0:1:aaaa::1") == counted_as("2001:db8:0:1:bbbb::2") == "2001:db8:0:1::/64"
    assert counted_as("2001:db8:0:2::1") != counted_as("2001:db8:0:1::1")
    assert (counted_as(CLIENT), counted_as("unix")) == (CLIENT, "unix")


def test_the_setting_is_read_strictly() -> None:
    assert read_networks(" 10.0.0.0/8,unix ,, fd00::1") == ["10.0.0.0/8", "unix", "fd00::1"]
    with pytest.raises(ValueError, match=r"'10\.0\.0\.0/99'"):
        read_networks("10.0.0.0/99")


def test_the_examples_in_the_text() -> None:
    assert doctest.testmod(module).failed == 0
