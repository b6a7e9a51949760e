"""Hosts and origins that the page answers."""
import socket

import pytest

from realistic_editing.apps.hosts import LOCAL, PAGE_HEADERS, OwnHosts, names_of
from realistic_editing.apps.serving import listening
from realistic_editing.common.errors import InputError

pytest.importorskip("starlette", reason="needs starlette: pip install -e .[demo]")
GOOD = ["localhost", "127.0.0.1:7860", "LOCALHOST:1", "[::1]:7860", "photos.example.org"]
FORGED = [
    "evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "evil.example#localhost", "localhost@evil.example",
    "evil.example:7860", "localhost:x", "localhost/evil", "", "[::1", "127.0.0.2", "photos.example.org.", "0.0.0.0", "null",
]  # fmt: skip


@pytest.fixture
def client():
    from starlette.applications import Starlette
    from starlette.middleware.cors import CORSMiddleware
    from starlette.responses import PlainTextResponse
    from starlette.routing import Route
    from starlette.testclient import TestClient

    app = Starlette(routes=[Route("/", lambda request: PlainTextResponse("in"))])
    app.add_middleware(CORSMiddleware, allow_origins=["*"])
    return TestClient(OwnHosts(app, ["localhost", "127.0.0.1", "::1", "photos.example.org"]))


@pytest.mark.parametrize("host", GOOD)
def test_own_hosts_are_served(client, host):
    answer = client.get("/", headers={"host": host, "origin": f"http://{host}"})
    assert (answer.status_code, answer.text) == (200, "in")
    assert all(answer.headers[name] == value for name, value in PAGE_HEADERS.items())
    assert not [name for name in answer.headers if name.startswith("access-control")]


@pytest.mark.parametrize("host", FORGED)
def test_other_hosts_are_refused(client, host):
    answer = client.get("/", headers={"host": host})
    assert answer.status_code == 403 and "in" != answer.text and answer.headers["x-frame-options"] == "DENY"


@pytest.mark.parametrize("host", FORGED)
def test_other_origins_are_refused(client, host):
    origin = host if host == "null" else f"http://{host}"
    answer = client.get("/", headers={"host": "localhost", "origin": origin})
    assert answer.status_code == 403 and not [name for name in answer.headers if name.startswith("access-control")]


def test_a_forwarded_host_counts_as_well(client):
    assert client.get("/", headers={"host": "localhost", "x-forwarded-host": "evil.example"}).status_code == 403


def test_where_a_server_listens_names_it():
    assert names_of("192.0.2.7") == {*LOCAL, "192.0.2.7"} and names_of("study.local", ["b.c"]) == {*LOCAL, "study.local", "b.c"}
    assert names_of("0.0.0.0") == names_of("::") == {*LOCAL, socket.gethostname()}


def test_an_address_behind_a_proxy_is_an_origin_with_its_port():
    own = b"https://study.example.org:8443"
    served = OwnHosts(None, ["study.example.org"], origins=[own.decode()])
    for origin, allowed in ((own, True), (b"https://study.example.org:8444", False), (b"null", False)):
        assert served.allows([(b"host", b"study.example.org"), (b"origin", origin)]) is allowed


OTHERS = ("http://localhost:1", "http://localhost", "http://127.0.0.1:7860", "https://localhost:7861")


@pytest.mark.parametrize("origin", OTHERS)
def test_another_program_on_this_machine_is_another_origin(client, origin):
    assert client.get("/", headers={"host": "localhost:7860", "origin": origin}).status_code == 403
    assert client.get("/", headers={"host": "localhost:7860", "origin": "http://localhost:7860"}).status_code == 200


@pytest.mark.parametrize("host", [".local", "a" * 70, "..", "no\0name"])
def test_what_is_no_host_is_refused_in_words(host):
    with pytest.raises(InputError, match="choose another --port or --host"), listening(host, 0):
        pass
