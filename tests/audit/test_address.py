"""Whom a request comes from: only proxies that are trusted may say so."""

from ipaddress import ip_network
from pathlib import Path

import pytest

from service.http.address import address_of, usual
from service.settings import SettingsError, load
from tests.audit.callers import request_from

TRUSTED = ("10.0.0.0/8", "2001:db8::/32")
NEAR = "10.0.0.1"


def address(
    remote: str | None, *headers: tuple[str, str], trusted: tuple[str, ...] = TRUSTED
) -> str:
    networks = tuple(ip_network(network) for network in trusted)
    return address_of(request_from(remote, *headers, trusted=networks))


def forwarded(text: str) -> tuple[str, str]:
    return "X-Forwarded-For", text


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("192.0.2.1", "192.0.2.1"),
        (" 192.0.2.1:4711 ", "192.0.2.1"),
        ("2001:DB8:0:0::1", "2001:db8::1"),
        ("[2001:db8::1]:4711", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("[::FFFF:c000:201]:80", "192.0.2.1"),
        ("fe80::1%eth0", "fe80::1"),
        ("", ""),
        ("[]", ""),
        (":80", ""),
        ("unknown", ""),
        ("_hidden", ""),
        ("192.0.2.256", ""),
        ("/run/daybook.sock", ""),
    ],
)
def test_an_address_has_one_spelling(text: str, address: str) -> None:
    assert usual(text) == address


@pytest.mark.parametrize(
    ("remote", "headers", "client"),
    [
        ("192.0.2.9", ["203.0.113.5"], "192.0.2.9"),
        (NEAR, ["203.0.113.5"], "203.0.113.5"),
        (NEAR, ["6.6.6.6, 203.0.113.5"], "203.0.113.5"),
        (NEAR, ["6.6.6.6, 203.0.113.5, 10.0.0.2"], "203.0.113.5"),
        (NEAR, ["6.6.6.6", "203.0.113.5"], "203.0.113.5"),
        (NEAR, ["::ffff:203.0.113.5"], "203.0.113.5"),
        ("::ffff:10.0.0.1", ["203.0.113.5"], "203.0.113.5"),
        ("2001:db8::7", ["2001:DB9::5"], "2001:db9::5"),
        (NEAR, ["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
        (NEAR, ["6.6.6.6, unknown"], NEAR),
        (NEAR, ["6.6.6.6, nonsense, 10.0.0.2"], "10.0.0.2"),
        (NEAR, [""], NEAR),
        (NEAR, [], NEAR),
        (NEAR, ["6.6.6.6," * 900 + "203.0.113.5"], "203.0.113.5"),
        (NEAR, ["6" * 900], NEAR),
        ("", ["203.0.113.5"], ""),
        (None, ["203.0.113.5"], ""),
    ],
)
def test_the_last_that_is_no_trusted_proxy_is_the_client(
    remote: str | None, headers: list[str], client: str
) -> None:
    assert address(remote, *map(forwarded, headers)) == client


@pytest.mark.parametrize(
    ("text", "client"),
    [
        ("for=203.0.113.5;proto=https;by=10.0.0.1", "203.0.113.5"),
        ('for=6.6.6.6, For="[2001:db9::5]:4711";proto=http', "2001:db9::5"),
        ('for=6.6.6.6, proto=http; for="203.0.113.5:80", for=10.0.0.2', "203.0.113.5"),
        ('for=", for=203.0.113.5', "203.0.113.5"),
        ("for=6.6.6.6, for=unknown", NEAR),
        ("for=6.6.6.6, for=_gazonk", NEAR),
        ("for=6.6.6.6, by=10.0.0.2", NEAR),
    ],
)
def test_forwarded_is_read_as_its_standard_says(text: str, client: str) -> None:
    assert address(NEAR, ("Forwarded", text)) == client
    assert address(NEAR, ("Forwarded", text), forwarded("203.0.113.8")) == "203.0.113.8"


def test_nobody_is_trusted_unless_told_so() -> None:
    headers = forwarded("203.0.113.5"), ("Forwarded", "for=203.0.113.5")
    assert address(NEAR, *headers, trusted=()) == NEAR


@pytest.mark.parametrize("text", ["10.0.0.1/8", "proxy.example", "10.0.0.0/33", "*", "0.0.0.0/0"])
def test_a_setting_that_trusts_wrongly_is_refused(text: str) -> None:
    with pytest.raises(SettingsError, match="TRUSTED_PROXIES must"):
        load({"TRUSTED_PROXIES": text}, None)


def test_networks_and_single_addresses_are_trusted(tmp_path: Path) -> None:
    told = {"TRUSTED_PROXIES": "10.0.0.0/8, 192.0.2.7,::1", "DAYBOOK_HOME": str(tmp_path)}
    settings = load(told, None)
    assert [str(network) for network in settings.trusted_proxies] == [
        "10.0.0.0/8",
        "192.0.2.7/32",
        "::1/128",
    ]
