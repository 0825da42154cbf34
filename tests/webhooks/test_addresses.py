"""Where webhooks may go: spellings, ranges, ports and the allow-list."""

from __future__ import annotations

import ipaddress

import pytest

from webhooks.delivery.addresses import AddressPolicy, AddressRefused, InvalidUrl, is_public, parse_target


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("https://x.io", "https://x.io/"),
        (" HTTPS://X.IO:443/Path?q=1#part ", "https://x.io/Path?q=1"),
        ("http://x.io:80", "http://x.io/"),
        ("http://x.io:8080/a b/ü", "http://x.io:8080/a%20b/%C3%BC"),
        ("https://x.io/%7Eme?a=[1]&b=%20", "https://x.io/%7Eme?a=[1]&b=%20"),
        ("https://zoë.example/", "https://xn--zo-ija.example/"),
        ("http://[2606:4700::1111]:8443/x", "http://[2606:4700::1111]:8443/x"),
        ("http://under_score.example/", "http://under_score.example/"),
        ("http://0x7f.1/", "http://127.0.0.1/"),
        ("http://2130706433/", "http://127.0.0.1/"),
        ("http://0177.0.0.1/", "http://127.0.0.1/"),
        ("http://127.1/", "http://127.0.0.1/"),
        ("http://１２７.０.０.１/", "http://127.0.0.1/"),
    ],
)
def test_one_spelling(text: str, url: str) -> None:
    assert parse_target(text).url == url
    assert parse_target(url).url == url


@pytest.mark.parametrize(
    "text",
    [
        "", "not a url", "ftp://x.io/", "javascript:alert(1)", "//x.io/", "https://", "https:///path", "http://:80/",
        "https://user:pass@x.io/", "https://user@x.io/", "https://x.io:99999/", "https://x.io:0/", "https://x.io:port/",
        "https://x.io\\@evil.io/", "https://x.io/\r\nHost: y", "https://x io/", "https://1.2.3.4.5/", "https://08.1.1.1/",
        "http://256.256.256.256/", "https://[::1", "https://[zz::1]/", "https://x..io/", "https://.x.io/",
        "https://x.io/" + "a" * 2048,
    ],
)  # fmt: skip
def test_what_is_no_url(text: str) -> None:
    with pytest.raises(InvalidUrl):
        parse_target(text)


REFUSED = [
    "0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.0.1", "100.127.255.255", "127.0.0.1", "127.255.255.254",
    "168.63.129.16", "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.1", "192.0.0.170", "192.0.2.1",
    "192.88.99.1", "192.168.1.1", "198.18.0.1", "198.19.255.255", "198.51.100.1", "203.0.113.1", "224.0.0.1",
    "239.255.255.255", "240.0.0.1", "255.255.255.255",
    "::", "::1", "::7f00:1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "64:ff9b::7f00:1", "64:ff9b:1::1", "100::1",
    "2001::1", "2001:db8::1", "2002:7f00:1::", "3fff::1", "5f00::1", "fc00::1", "fd00:ec2::254", "fe80::1", "fec0::1",
    "ff02::1",
]  # fmt: skip
PUBLIC = ["1.1.1.1", "8.8.8.8", "100.63.255.255", "100.128.0.1", "172.15.0.1", "172.32.0.1", "192.0.1.1", "223.255.255.254",
          "2606:4700:4700::1111", "2a00:1450:4001::1"]  # fmt: skip


@pytest.mark.parametrize("address", REFUSED)
def test_refused_ranges(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))
    host = f"[{address}]" if ":" in address else address
    with pytest.raises(AddressRefused):
        AddressPolicy().check_name(parse_target(f"https://{host}/"))


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses(address: str) -> None:
    host = f"[{address}]" if ":" in address else address
    AddressPolicy().check_name(parse_target(f"https://{host}/"))


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost/", "http://LOCALHOST./", "http://a.localhost/", "http://printer.local/",
        "http://metadata.google.internal/", "https://x.io:8443/", "http://8.8.8.8:22/", "http://x.io:25/",
    ],
)  # fmt: skip
def test_names_and_ports_refused_without_a_lookup(url: str) -> None:
    with pytest.raises(AddressRefused):
        AddressPolicy().check_name(parse_target(url))


@pytest.mark.parametrize(
    ("entry", "url", "allowed"),
    [
        ("n8n.internal", "http://n8n.internal:5678/", True),
        ("N8N.internal", "http://n8n.internal/", True),
        ("n8n.internal", "http://other.internal/", False),
        ("n8n.internal:5678", "http://n8n.internal:5678/", True),
        ("n8n.internal:5678", "http://n8n.internal:5679/", False),
        ("127.0.0.1", "http://127.0.0.1:9999/", True),
        ("127.0.0.1", "http://127.1:9999/", True),
        ("127.0.0.1:9999", "http://127.0.0.1:9999/", True),
        ("127.0.0.1:9999", "http://127.0.0.1:9998/", False),
        ("10.0.0.0/8", "http://10.1.2.3:8080/", True),
        ("10.0.0.0/8", "http://11.1.2.3:8080/", False),
        ("::1", "http://[::1]:8080/", True),
        ("[::1]:8080", "http://[::1]:8080/", True),
        ("[::1]:8080", "http://[::1]:8081/", False),
        ("fd00::/8", "http://[fd12::1]/", True),
    ],
)
def test_allow_list(entry: str, url: str, allowed: bool) -> None:
    policy = AddressPolicy.from_entries([entry])
    target = parse_target(url)
    if allowed:
        policy.check_name(target)
    else:
        with pytest.raises(AddressRefused):
            policy.check_name(target)


def test_an_allowed_network_behind_a_name() -> None:
    policy = AddressPolicy.from_entries(["10.0.0.0/8"])
    target = parse_target("http://app.example:8080/")
    policy.check_name(target)
    policy.check_address(target, ipaddress.ip_address("10.0.0.7"))
    for address in ("8.8.8.8", "192.168.0.1"):  # port, range
        with pytest.raises(AddressRefused):
            policy.check_address(target, ipaddress.ip_address(address))


@pytest.mark.parametrize("entry", ["10.0.0.0/99", "host:port", "a b"])
def test_unreadable_allow_list(entry: str) -> None:
    with pytest.raises(ValueError):
        AddressPolicy.from_entries([entry])
