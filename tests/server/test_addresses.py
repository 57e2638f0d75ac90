"""Addresses that webhooks may go to: by their text, by what they resolve to, and by whom is really connected to."""

from __future__ import annotations

import asyncio
import ipaddress
import shutil
import ssl
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from fluxgram.errors import RequestError
from fluxgram.jobs.webhook_urls import is_public
from fluxgram.server.addresses import AddressRefused, GuardedTransport, check_webhook_url
from fluxgram.service import ServiceSettings
from tests.server.receivers import Receiver, certificates, receiving

STRICT, OPEN = ServiceSettings(), ServiceSettings(webhook_private=True)

GOOD = (
    "https://example.com/hook",
    "https://example.com:8443/hook?token=a%20b#x",
    "https://93.184.215.14/",
    "https://EXAMPLE.com.",
    "https://[2606:2800:21f:cb07:6820:80da:af6b:8b2c]/x",
    "  https://example.com/hook \n",
    "https://xn--bcher-kva.example/",
    "https://example.com:443",
)

PRIVATE = (
    "https://127.0.0.1/",
    "https://127.1/",
    "https://2130706433/",
    "https://0x7f000001/",
    "https://10.1.2.3/",
    "https://172.16.0.9/",
    "https://192.168.1.1/",
    "https://100.64.0.1/",
    "https://[::1]/",
    "https://[fd00::1]/",
    "https://[::ffff:10.0.0.1]/",
    "https://localhost/",
    "https://LOCALHOST./",
    "https://printer/",
    "https://db.internal/",
    "https://nas.local/",
    "https://a.localhost/",
    "http://example.com/",
    "https://example.com:22/",
    "https://198.18.0.1/",
)
"""Refused by default, and let through by `webhook_private`."""

NEVER = (
    "https://0177.0.0.1/",
    "https://example.com:0/",
    "",
    "example.com",
    "//example.com/",
    "ftp://example.com/",
    "file:///etc/passwd",
    "javascript:alert(1)",
    "https://",
    "https:///x",
    "https://user:password@example.com/",
    "https://user@example.com/",
    "https://exa mple.com/",
    "https://example.com\\@10.0.0.1/",
    "https://example.com/\r\nx: y",
    "https://example.com/\x00",
    "https://bücher.example/",
    "https://example.com:99999/",
    "https://example.com:x/",
    "https://[::1/",
    "https://%31%32%37.0.0.1/",
    "https://127.0.0.1%2f/",
    "https://169.254.169.254/latest/meta-data",
    "https://0.0.0.0/",
    "https://[::]/",
    "https://[fe80::1]/",
    "https://224.0.0.1/",
    "https://[ff02::1]/",
    "https://[64:ff9b::a00:1]/",
    "https://[2002:a00:1::]/",
    "https://[::ffff:169.254.169.254]/",
    "https://255.255.255.255/",
    "https://example.com/" + "a" * 2048,
    "https://[::7f00:1]/",
)


@pytest.mark.parametrize("url", ["ftp://example.com/", "http://169.254.169.254/", "https://224.0.0.1/"])
def test_nobody_is_told_to_set_what_is_set(url: str) -> None:
    with pytest.raises(RequestError) as caught:
        check_webhook_url(url, OPEN)
    assert "webhook_private" not in caught.value.hint
    assert ("http:// or https://" in str(caught.value)) == url.startswith("ftp")


@pytest.mark.parametrize("url", GOOD)
def test_addresses_that_pass(url: str) -> None:
    assert check_webhook_url(url, STRICT) == url.strip()


@pytest.mark.parametrize("url", PRIVATE)
def test_private_addresses_need_the_setting(url: str) -> None:
    with pytest.raises(RequestError) as caught:
        check_webhook_url(url, STRICT)
    assert "webhook_private" in caught.value.hint
    assert check_webhook_url(url, OPEN) == url


@pytest.mark.parametrize("url", NEVER)
@pytest.mark.parametrize("service", [STRICT, OPEN])
def test_addresses_that_never_pass(url: str, service: ServiceSettings) -> None:
    with pytest.raises(RequestError) as caught:
        check_webhook_url(url, service)
    assert caught.value.hint
    assert "password" not in str(caught.value) or "user name or password" in str(caught.value)


@pytest.mark.parametrize(
    ("address", "public", "private"),
    [
        ("8.8.8.8", True, True),
        ("2001:4860:4860::8888", True, True),
        ("10.0.0.1", False, True),
        ("127.0.0.53", False, True),
        ("100.100.100.100", False, True),
        ("192.0.2.1", False, True),
        ("203.0.113.9", False, True),
        ("fd12::1", False, True),
        ("::1", False, True),
        ("169.254.1.1", False, False),
        ("fe80::1", False, False),
        ("0.0.0.0", False, False),  # noqa: S104  (an address to refuse)
        ("::", False, False),
        ("224.0.0.251", False, False),
        ("ff02::fb", False, False),
        ("240.0.0.1", False, False),
        ("255.255.255.255", False, False),
        ("::ffff:127.0.0.1", False, True),
        ("::ffff:8.8.8.8", True, True),
        ("64:ff9b::7f00:1", False, False),
        ("2002:7f00:1::", False, False),
        ("2001:0:4136:e378::", False, False),
        ("::127.0.0.1", False, False),
        ("fec0::1", False, True),
        ("64:ff9b:1::a00:1", False, False),
        ("::ffff:0:127.0.0.1", False, False),
        ("2001:db8::1", False, True),
    ],
)
def test_network_addresses(address: str, public: bool, private: bool) -> None:
    assert is_public(ipaddress.ip_address(address)) is public
    assert is_public(ipaddress.ip_address(address), private_too=True) is private


def post(
    url: str, answers: list[list[str]], *, private_too: bool = True, tls: ssl.SSLContext | None = None
) -> int:
    """POST through the guard; the name resolves to each of the answers in turn."""

    async def resolve(host: str, port: int) -> list[str]:
        if not answers:
            raise OSError(host)
        return answers.pop(0)

    async def go() -> int:
        transport = GuardedTransport(private_too=private_too, tls=tls, resolve=resolve)
        async with httpx2.AsyncClient(transport=transport, trust_env=False, timeout=10) as client:
            return (await client.post(url, content=b"{}")).status_code

    return asyncio.run(go())


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


def test_the_checked_address_is_connected_to_under_its_name(receiver: Receiver) -> None:
    """The name exists nowhere: only the answer that was checked can have led there."""
    assert post(f"http://hooks.example:{receiver.port}/a?b=c", [["127.0.0.1"]]) == 200
    (letter,) = receiver.letters
    assert (letter.path, letter.headers["host"]) == ("/a?b=c", f"hooks.example:{receiver.port}")


def test_a_name_is_resolved_once(receiver: Receiver) -> None:
    answers = [["127.0.0.1"], ["10.0.0.1"]]
    assert post(f"http://hooks.example:{receiver.port}/", answers) == 200
    assert answers == [["10.0.0.1"]]


@pytest.mark.parametrize(
    "found", [["127.0.0.1"], ["8.8.8.8", "127.0.0.1"], ["127.0.0.1", "8.8.8.8"], ["fe80::1%eth0"]]
)
def test_one_private_answer_refuses_the_name(receiver: Receiver, found: list[str]) -> None:
    with pytest.raises(AddressRefused):
        post(f"http://hooks.example:{receiver.port}/", [found], private_too=False)
    assert receiver.letters == []


def test_the_next_address_is_tried(receiver: Receiver) -> None:
    assert post(f"http://hooks.example:{receiver.port}/", [["::1", "127.0.0.2", "127.0.0.1"]]) == 200
    assert len(receiver.letters) == 1


def test_names_that_nobody_knows_are_no_connection() -> None:
    for answers in ([], [[]]):
        with pytest.raises(httpx2.ConnectError):
            post("http://hooks.example/", answers)


def test_proxies_of_the_environment_do_not_get_round_the_guard(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy", "https_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{receiver.port}")
    with pytest.raises(AddressRefused):
        post("http://hooks.example/", [["10.0.0.1"]], private_too=False)
    assert receiver.letters == []


@pytest.mark.skipif(
    shutil.which("openssl") is None, reason="openssl makes the certificates, and is not on the path"
)
def test_tls_is_held_against_the_name(tmp_path: Path) -> None:
    certificate = certificates(tmp_path)
    trusting = ssl.create_default_context(cafile=str(tmp_path / "ca.pem"))
    with receiving(certificate("hooks.example")) as receiver:
        assert post(f"https://hooks.example:{receiver.port}/", [["127.0.0.1"]], tls=trusting) == 200
        assert (receiver.letters[0].server_name, len(receiver.letters)) == ("hooks.example", 1)
        assert post(f"https://hooks.example.:{receiver.port}/", [["127.0.0.1"]], tls=trusting) == 200
        assert len(receiver.letters) == 2
        with pytest.raises(httpx2.ConnectError, match=r"(?i)certificate"):  # another name on the same address
            post(f"https://other.example:{receiver.port}/", [["127.0.0.1"]], tls=trusting)
        with pytest.raises(httpx2.ConnectError, match=r"(?i)certificate"):  # an authority that nobody trusts
            post(f"https://hooks.example:{receiver.port}/", [["127.0.0.1"]])
        assert len(receiver.letters) == 2


@pytest.mark.skipif(
    shutil.which("openssl") is None, reason="openssl makes the certificates, and is not on the path"
)
def test_a_connection_of_one_name_does_not_serve_another(tmp_path: Path) -> None:
    """Both names lie on one address; the second has no right to the certificate of the first."""
    certificate = certificates(tmp_path)
    trusting = ssl.create_default_context(cafile=str(tmp_path / "ca.pem"))

    async def resolve(host: str, port: int) -> list[str]:
        return ["127.0.0.1"]

    async def go(port: int) -> None:
        transport = GuardedTransport(private_too=True, tls=trusting, resolve=resolve)
        async with httpx2.AsyncClient(transport=transport, trust_env=False, timeout=10) as client:
            assert (await client.post(f"https://hooks.example:{port}/", content=b"{}")).status_code == 200
            with pytest.raises(httpx2.ConnectError, match=r"(?i)certificate"):
                await client.post(f"https://other.example:{port}/", content=b"{}")

    with receiving(certificate("hooks.example")) as receiver:
        asyncio.run(go(receiver.port))
        assert len(receiver.letters) == 1


def test_the_system_is_asked_for_names(receiver: Receiver) -> None:
    """`localhost` is the one name that every machine knows, and it is private."""

    async def go(private_too: bool) -> int:
        transport = GuardedTransport(private_too=private_too)
        async with httpx2.AsyncClient(transport=transport, trust_env=False, timeout=10) as client:
            return (await client.post(f"http://localhost:{receiver.port}/", content=b"{}")).status_code

    assert asyncio.run(go(private_too=True)) == 200
    with pytest.raises(AddressRefused):
        asyncio.run(go(private_too=False))
    assert len(receiver.letters) == 1
