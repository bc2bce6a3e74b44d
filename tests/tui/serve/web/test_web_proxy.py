"""docs/serve/haproxy-web.cfg, with HAProxy itself before the server: HTTPS outside, the same sessions inside."""

from __future__ import annotations

import contextlib
import datetime
import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.tui.serve.servers import Server
from tests.tui.serve.tabs import SHOWN, Tab, run
from tests.tui.serve.test_serve_files import _PATH, FILES, found
from tests.tui.serve.waiting import until

NAME = "demo.example.org"


def _certificate() -> tuple[bytes, bytes]:
    """Key with certificate, as HAProxy reads them, and the certificate alone."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, NAME)])
    now = datetime.datetime.now(datetime.UTC)
    day = datetime.timedelta(days=1)
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now - day, now + day)
    names = x509.SubjectAlternativeName([x509.DNSName(NAME)])
    public = made.add_extension(names, False).sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return private + public, public


@pytest.fixture
def proxy(server: Server, tmp_path: Path) -> Iterator[tuple[int, ssl.SSLContext]]:
    """HAProxy with the file of the guide, but for ports and certificate; its port, and who trusts it."""
    whole, public = _certificate()
    (tmp_path / "demo.pem").write_bytes(whole)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    text = (FILES / "haproxy-web.cfg").read_text()
    for old, new in (
        (":443", f"127.0.0.1:{port}"),
        ("/etc/haproxy/demo.pem", str(tmp_path / "demo.pem")),
        ("127.0.0.1:8000", server.serving["web"].split("/")[2]),
    ):
        assert text.count(old) == 1
        text = text.replace(old, new)
    (tmp_path / "haproxy.cfg").write_text(text)
    program = shutil.which("haproxy", path=_PATH)
    assert program is not None
    process = subprocess.Popen([program, "-db", "-q", "-f", str(tmp_path / "haproxy.cfg")], stdin=subprocess.DEVNULL)
    try:
        yield port, ssl.create_default_context(cadata=public.decode())
    finally:
        process.kill()
        process.wait()


def _listens(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


@found("haproxy")
def test_a_browser_behind_the_proxy_has_its_session_and_a_clipboard(
    server: Server, proxy: tuple[int, ssl.SSLContext]
) -> None:
    port, trust = proxy

    async def script() -> None:
        await until(lambda: _listens(port), "HAProxy")
        host = f"{NAME}:{port}"
        options = {"ssl": trust, "server_hostname": NAME}
        async with aiohttp.ClientSession() as session:
            address = f"https://127.0.0.1:{port}/"
            async with session.get(address, headers={"Host": host}, **options) as answer:  # type: ignore[arg-type]
                assert answer.status == 200
                assert f"wss://{host}" in answer.headers["Content-Security-Policy"]
            headers = {"Host": host, "Origin": f"https://{host}"}
            connected = session.ws_connect(f"{address}ws?width=100&height=30", headers=headers, **options)  # type: ignore[arg-type]
            async with connected as found:
                tab = Tab(found)
                await tab.shows(SHOWN)
                await tab.say("stdin", "w")
                await tab.shows(b"if it does not arrive: ")
                tab.cut()
            await until(lambda: not server.sessions(), "the session to be gone", 3)
            elsewhere = headers | {"Origin": "https://evil.example.org"}
            with pytest.raises(aiohttp.WSServerHandshakeError) as refusal:
                await session.ws_connect(f"{address}ws", headers=elsewhere, **options)  # type: ignore[arg-type]
            assert refusal.value.status == 403

    run(script())
