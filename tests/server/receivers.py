"""Receivers of webhooks: real HTTP and HTTPS servers on loopback that note what they get, and a CA of their own."""

from __future__ import annotations

import contextlib
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any


@dataclass
class Letter:
    """What arrived."""

    path: str
    headers: dict[str, str]
    body: bytes
    server_name: str | None


@dataclass
class Receiver:
    """A server that runs.

    Attributes:
        port: On 127.0.0.1.
        letters: What arrived, in order.
        answers: Statuses to answer with, one after the other; 200 when they are used up.
        location: Where a redirect leads.
        hold: What each answer waits for.
    """

    port: int = 0
    letters: list[Letter] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    location: str = ""
    body: bytes = b"thank you"
    hold: threading.Event = field(default_factory=threading.Event)
    names: list[str | None] = field(default_factory=list)


class _Answer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    receiver: Receiver

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def do_POST(self) -> None:
        receiver = self.receiver
        body = self.rfile.read(int(self.headers["content-length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        receiver.letters.append(
            Letter(self.path, headers, body, receiver.names[-1] if receiver.names else None)
        )
        receiver.hold.wait(30)
        with contextlib.suppress(OSError):
            self.send_response(receiver.answers.pop(0) if receiver.answers else 200)
            if receiver.location:
                self.send_header("location", receiver.location)
            self.send_header("content-length", str(len(receiver.body)))
            self.end_headers()
            self.wfile.write(receiver.body)


class _Quiet(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: Any) -> None:
        """Clients that go away are part of the tests."""


@contextlib.contextmanager
def receiving(certificate: Path | None = None) -> Iterator[Receiver]:
    """A receiver; with a certificate (its key in the same file) over TLS."""
    receiver = Receiver()
    receiver.hold.set()
    server = _Quiet(("127.0.0.1", 0), type("Answer", (_Answer,), {"receiver": receiver}))
    receiver.port = server.server_address[1]
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        context.sni_callback = lambda _, name, __: receiver.names.append(name)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield receiver
    finally:
        receiver.hold.set()
        server.shutdown()
        thread.join()
        server.server_close()


def certificates(folder: Path) -> Callable[[str], Path]:
    """A CA in a folder (`ca.pem`), and what makes certificates of it for a host name."""

    def openssl(*arguments: str) -> None:
        subprocess.run(["openssl", *arguments], check=True, capture_output=True, cwd=folder)

    make = (
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-days",
        "2",
    )
    openssl(*make, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=CA of a test",
            "-addext", "keyUsage=critical,keyCertSign,cRLSign")  # fmt: skip

    def certificate(host: str) -> Path:
        openssl(*make, "-keyout", f"{host}.key", "-out", f"{host}.crt", "-subj", f"/CN={host}",
                "-CA", "ca.pem", "-CAkey", "ca.key", "-addext", f"subjectAltName=DNS:{host}",
                "-addext", "basicConstraints=critical,CA:FALSE")  # fmt: skip
        both = folder / f"{host}.pem"
        both.write_bytes((folder / f"{host}.crt").read_bytes() + (folder / f"{host}.key").read_bytes())
        return both

    return certificate
