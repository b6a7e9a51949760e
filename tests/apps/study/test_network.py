"""The study's server as strangers reach it: other hosts and origins, silent and broken connections, and how it ends."""
import contextlib
import http.client
import re
import resource
import signal
import socket
import time
from collections import Counter

import pytest

FILES, IDLE = 200, 260  # a limit of open files, and connections beyond it


def raw(port, request):
    """What comes back for bytes that no client would send."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection, contextlib.suppress(ConnectionError):
        connection.sendall(request)
        connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(4096), b""))
    return b""


def test_what_is_forged_does_not_get_through(study, capsys):
    """Counts what was tried, and what came through, by kind."""
    tried, through = Counter(), Counter()
    link = study.add("besieged")
    form = study.form(f"{link}/1", 5, 5)
    own = f"127.0.0.1:{study.port}"
    for host in ("evil.example", f"evil.example:{study.port}", "localhost.evil.example", f"{own}@evil.example", "127.1", "",
                 "0.0.0.0", "[::ffff:127.0.0.1]", "localhost:x", "evil.example#localhost"):  # fmt: skip
        for path, sent in ((link, None), (f"{link}/", None), (f"{link}//", None), (study.admin, {"name": "eve"}), (link, form)):
            for header in ("host", "x-forwarded-host"):
                status, headers, _ = study.ask(path, sent, headers={header: host})
                tried["hosts"] += 1
                through["hosts"] += status != 403 or "location" in headers or "referrer-policy" not in headers
    other_port = 1 + study.port % 60000
    for origin in ("http://evil.example", f"http://localhost:{other_port}", "null", "file://", f"https://127.0.0.1:{other_port}"):
        for path, sent in ((study.admin, {"name": "eve"}), (link, form), (link, None)):
            status, headers, _ = study.ask(path, sent, headers={"origin": origin})
            tried["origins"] += 1
            through["origins"] += status != 403 or any(name.startswith("access-control") for name in headers)
    for head in ("Host: localhost\r\nHost: evil.example", "X: y", "Host: evil.example\r\nX-Forwarded-Host: localhost"):
        tried["heads"] += 1
        through["heads"] += not re.match(rb"HTTP/1.1 4", raw(study.port, f"GET {link} HTTP/1.1\r\n{head}\r\n\r\n".encode()))
    with capsys.disabled():
        print("\n" + "\n".join(f"{kind}: {tried[kind]} tried, {through[kind]} through" for kind in tried))
    assert not sum(through.values()) and min(tried.values()) >= 3
    assert "eve" not in study.ask(study.admin)[2] and "checked" not in study.ask(f"{link}/1")[2]
    assert study.ask(link, form, headers={"origin": f"http://{own}"})[0] == 303  # of its own page
    assert study.ask(link, form, headers={"host": "localhost", "origin": "http://localhost"})[0] == 303


def test_a_slash_too_many_leads_nowhere(study):
    """A redirect to the path without it would hold whatever host was asked for."""
    link = study.add("slashes")
    for path in (f"{link}/", f"{study.admin}/", "/study.css/", f"//evil.example{link}"):
        status, headers, _ = study.ask(path)
        assert status == 404 and "location" not in headers


def test_the_address_that_raters_are_given_is_its_own(make_folder, serve, tmp_path):
    make_folder(tmp_path / "photos", ["bench"])
    served = serve(tmp_path, "--task", "attenuate", "--raters", "1", "--address", "https://study.example.org:8443",
                   "--allow-host", "other.example", "--database", "one.sqlite", port=_free_port())  # fmt: skip
    link = served.links["rater 1"]
    form = served.form(f"{link}/1", 5, 5)
    behind_a_proxy = {"host": "study.example.org", "origin": "https://study.example.org:8443"}
    assert served.ask(link, form, headers=behind_a_proxy)[0] == 303
    assert served.ask(link, headers={"host": "other.example"})[0] == 303
    assert served.ask(link, headers={"host": "third.example"})[0] == 403


def test_a_body_that_breaks_off_leaves_no_traceback(make_folder, serve, tmp_path):
    make_folder(tmp_path / "photos", ["bench"])
    served = serve(tmp_path, "--task", "attenuate", "--raters", "1")
    link, before = served.links["rater 1"], (tmp_path / "errors.txt").read_text()
    for path in (link, served.admin, "/nothing"):
        for body in (b"", b"panel=1&"):
            with socket.create_connection(("127.0.0.1", served.port), timeout=20) as connection:
                head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 400\r\n\r\n"
                connection.sendall(head.encode() + body)
    assert served.ask(link)[0] == 303
    time.sleep(0.5)
    assert (tmp_path / "errors.txt").read_text() == before


def test_many_idle_connections_do_not_fill_the_log_nor_end_it(make_folder, serve, tmp_path):
    make_folder(tmp_path / "photos", ["bench"])
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < 2 * IDLE:
        pytest.skip("needs some hundred open files")
    resource.setrlimit(resource.RLIMIT_NOFILE, (FILES, hard))  # of the server, which inherits it
    try:
        served = serve(tmp_path, "--task", "attenuate", "--raters", "1")
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 2 * IDLE) if soft >= 0 else soft, hard))
    with contextlib.ExitStack() as idle:
        idle.callback(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        for _ in range(IDLE):
            idle.enter_context(socket.create_connection(("127.0.0.1", served.port), timeout=20))
        until = time.monotonic() + 60
        while "Too many open files" not in (tmp_path / "errors.txt").read_text() and time.monotonic() < until:
            time.sleep(0.1)
        time.sleep(2)  # in which the log would grow
        log = (tmp_path / "errors.txt").read_text()
        assert "Too many open files" in log and len(log) < 10_000
    until = time.monotonic() + 60
    while time.monotonic() < until:
        with contextlib.suppress(OSError, http.client.HTTPException):
            if served.ask(served.links["rater 1"])[0] == 303:
                break
        time.sleep(0.5)
    else:
        raise AssertionError("it did not answer again")
    assert len((tmp_path / "errors.txt").read_text()) < 20_000


def test_it_ends_by_sigterm_as_by_ctrl_c(make_folder, serve, tmp_path):
    make_folder(tmp_path / "photos", ["bench"])
    served = serve(tmp_path, "--task", "attenuate", "--raters", "1")
    link = served.links["rater 1"]
    assert served.ask(link, served.form(f"{link}/1", 3, 4))[0] == 303
    for sent in (signal.SIGTERM, signal.SIGINT):
        with socket.create_connection(("127.0.0.1", served.port), timeout=20):  # which says nothing
            served.process.send_signal(sent)
            assert served.process.wait(30) == 130
        said = (tmp_path / "errors.txt").read_text()
        assert "Traceback" not in said and said.rstrip().endswith("the same command goes on where it stopped")
        assert [file.name for file in (tmp_path / "outputs/study").iterdir() if file.is_file()] == ["photos.sqlite"]
        served.start()
        assert 'value="3" required checked' in served.ask(f"{link}/1")[2]


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]
