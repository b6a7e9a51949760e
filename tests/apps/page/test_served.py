"""The page's server as strangers reach it: forged links, paths, hosts and sizes, and how it ends."""
import os
import re
import secrets
import signal
import time
from collections import Counter
from pathlib import Path

import pytest
from PIL import Image

from realistic_editing.apps.demo import FOLDER
from realistic_editing.apps.page.own_folder import PREFIX

pytest.importorskip("gradio", reason="needs gradio: pip install -e .[demo]")
LINK = "/gradio_api/file="


def an_upload(path) -> dict:
    return {"path": str(path), "meta": {"_type": "gradio.FileData"}}


def error_of(answer: dict) -> str:
    assert not answer["success"]
    return answer["output"]["error"] or ""


def test_another_host_is_refused_from_the_first_request_on(served):
    assert served.early.startswith(b"HTTP/1.1 403 ") and b"not a host of this server" in served.early
    assert served.ask("/config")[0] == 200


def test_an_unknown_session_is_told_to_reload_the_page(served, visitor):
    for trigger, element, values in (
        ("click", "get_photo", (None,)), ("click", "get_mask", ()), ("click", "propose", (False,)),
        ("input", "exposure", (0.0,) * 8), ("select", "stage", ()), ("expand", "stage", ()),
        ("select", "proposals_box", ()), ("click", "undo", ()),
    ):  # fmt: skip
        answer = served.take(visitor, served.function(trigger, element), *values, event={})
        assert error_of(answer) == "this session has ended; reload the page", element


def test_a_body_that_breaks_off_leaves_no_traceback(served, tmp_path):
    before = served.log.read_text()
    head = "POST /gradio_api/{} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {}\r\nContent-Length: 9000\r\n\r\n"
    part = '--x\r\nContent-Disposition: form-data; name="files"; filename="a.jpg"\r\n\r\nabc'
    for _ in range(3):
        for path, kind, body in (
            ("upload", "multipart/form-data; boundary=x", part), ("component_server", "multipart/form-data; boundary=x", part),
            ("queue/join", "application/json", '{"data": ['), ("upload", "multipart/form-data; boundary=x", ""),
        ):  # fmt: skip
            with served.connect() as connection:
                connection.sendall((head.format(path, kind) + body).encode())
    assert served.ask("/config")[0] == 200
    Image.new("RGB", (30, 20)).save(tmp_path / "photo.png")
    assert served.upload(tmp_path / "photo.png").endswith("photo.png")  # after the broken-off ones were handled
    assert served.log.read_text() == before


def test_what_is_forged_does_not_get_through(served, visitor, tmp_path, capsys):
    """Counts what was tried, and what came through, by kind; the honest request of each kind comes through."""
    tried, through = Counter(), Counter()

    def attempt(kind: str, passed: bool) -> None:
        tried[kind] += 1
        through[kind] += passed

    assert served.take(visitor, served.function("load"))["success"]
    export = served.download(visitor)
    honest = served.ask(LINK + export)
    assert honest[0] == 200 and honest[2][:4] == b"\x89PNG"
    assert "attachment" in honest[1]["content-disposition"] or honest[1]["content-type"] == "image/png"
    own = Path(export).parents[2]
    secret = tmp_path / "secret.png"
    Image.new("RGB", (40, 30), (1, 2, 3)).save(secret)
    link, folder_link = Path(export).with_name("link.png"), own / "linked"
    link.symlink_to(secret)  # which no visitor can make
    folder_link.symlink_to(tmp_path)
    for forged in _forged_links(export, secret, own, link, folder_link):
        status, _, content = served.ask(LINK + forged, headers={"range": "bytes=0-"})
        attempt("links and paths", status in (200, 206) or content[:4] in (b"\x89PNG", b"root"))
    opening, masking = served.function("upload", "photo_file"), served.function("upload", "mask_file")
    marking, looking = served.function("select", "stage"), served.function("expand", "stage")
    for path in (secret, Path("/etc/passwd"), FOLDER / "flag.png", own / ".." / secret.name, link, folder_link / secret.name,
                 own / "downloads" / ".." / ".." / ".." / ".." / secret, "http://127.0.0.1:9/a.png", "file:///etc/passwd", own,
                 f"http://localhost:{served.port}{LINK}{export}", "", "\0"):  # fmt: skip
        for function, value in ((opening, an_upload(path)), (masking, an_upload(path)), (opening, {"path": str(path)})):
            attempt("paths of uploads", served.take(visitor, function, value)["success"])
    for forged in (
        None, [], {"kind": "stroke", "points": [[0.1, 0.1]] * 10_000, "radius": 0.1}, {"kind": "click", "x": 1e9, "y": 0},
        {"kind": "box", "x": 0, "y": 0, "width": "1", "height": 1}, {"kind": "stroke", "points": {"a": 1}, "radius": 0.1},
        {"kind": "suggestion", "number": 1}, {"kind": "suggestion", "number": [1]},
    ):  # fmt: skip
        attempt("marks", served.take(visitor, marking, event=forged)["success"])
        attempt("marks", served.take(visitor, looking, event=forged)["success"])
    own_host = f"127.0.0.1:{served.port}"
    for host in (
        "evil.example", f"evil.example:{served.port}", "localhost.evil.example", f"{own_host}@evil.example", "localhost:x",
        "evil.example#localhost", "", "127.1", "2130706433", "0.0.0.0", "[::ffff:127.0.0.1]",
    ):  # fmt: skip
        for path in ("/", "/config", LINK + export, "/gradio_api/info"):
            attempt("hosts", served.ask(path, headers={"host": host})[0] != 403)
            attempt("hosts", served.ask(path, headers={"x-forwarded-host": host})[0] != 403)
            origin = served.ask(path, headers={"origin": f"http://{host}"})
            attempt("origins", origin[0] != 403 or any(name.startswith("access-control") for name in origin[1]))
    for request in (
        b"GET /config HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n", b"GET /config HTTP/1.0\r\n\r\n",
        b"GET http://evil.example/config HTTP/1.1\r\nHost: evil.example\r\n\r\n",
    ):  # fmt: skip
        attempt("hosts", served.raw(request).startswith(b"HTTP/1.1 2"))
    for path, size in (("upload", 2**31), ("queue/join", 2**21), ("component_server", 2**26), ("upload", 10**30), ("x", -1)):
        for stated in (f"Content-Length: {size}", "Transfer-Encoding: chunked"):
            request = f"POST /gradio_api/{path} HTTP/1.1\r\nHost: {own_host}\r\n{stated}\r\n\r\n5\r\nabcde\r\n"
            attempt("sizes", not re.match(rb"HTTP/1.1 4(00|11|13) ", served.raw(request.encode())))
    Image.new("L", (13_000, 13_000)).save(tmp_path / "large.png")  # 169 megapixels
    large = served.upload(tmp_path / "large.png")
    answer = served.take(visitor, opening, an_upload(large))
    attempt("sizes", answer["success"])
    said = error_of(answer)
    assert "13000 x 13000" in said and "--max-megapixels" in said

    with capsys.disabled():
        print("\n" + "\n".join(f"{kind}: {tried[kind]} tried, {through[kind]} through" for kind in tried))
    assert sum(through.values()) == 0 and min(tried.values()) >= 10, dict(through)
    assert served.download(visitor) and served.ask(LINK + export)[2] == honest[2]  # the visitor noticed nothing
    for forged in (link, folder_link):
        forged.unlink()


def test_an_upload_goes_when_it_was_read(served, visitor, tmp_path):
    assert served.take(visitor, served.function("load"))["success"]
    Image.new("RGB", (60, 40), (90, 120, 30)).save(tmp_path / "photo.png")
    Image.new("L", (60, 40), 255).save(tmp_path / "mask.png")
    (tmp_path / "none.png").write_text("no photo")
    steps = (("photo.png", "photo_file", True), ("mask.png", "mask_file", True), ("none.png", "mask_file", False))
    for file, element, opens in steps:
        there = served.upload(tmp_path / file)
        assert Path(there).is_file()
        assert served.take(visitor, served.function("upload", element), an_upload(there))["success"] is opens
        assert not Path(there).exists()
    with Image.open(served.download(visitor)) as export:
        assert export.size == (60, 40)  # the photo itself is not needed any more


def test_a_late_move_of_a_slider_leaves_what_was_measured_when_it_was_let_go(served, visitor):
    assert served.take(visitor, served.function("load"))["success"]
    values, other = (0.5, *[0.0] * 6, 1.0), (0.6, *[0.0] * 6, 1.0)
    steps = ("input", values, True), ("release", values, False), ("input", values, False), ("input", other, True)
    for trigger, given, about in steps:
        answer = served.take(visitor, served.function(trigger, "exposure"), *given)
        assert answer["success"] and ("about dR" in str(answer["output"])) is about


def _forged_links(export: str, secret: Path, own: Path, link: Path, folder_link: Path) -> list[str]:
    folder, name = os.path.split(export)
    downloads = os.path.dirname(folder)
    guesses = [f"{downloads}/{secrets.token_urlsafe(32)}/{name}" for _ in range(20)]
    guesses += [f"{downloads}/{name}", f"{folder[:-1]}/{name}", f"{folder}/", folder, downloads, str(own), f"{own}/.in-use"]
    outside = ["/etc/passwd", "/proc/self/environ", str(secret), str(Path(__file__)), str(FOLDER / "flag.png"), "LICENSE"]
    steps = [f"{folder}/../../../{up}etc/passwd" for up in ("", "../" * 3, "../" * 12)]
    encoded = [step.replace("..", "%2e%2e") for step in steps] + [step.replace("../", "..%2f") for step in steps]
    encoded += [step.replace("../", "..%252f") for step in steps] + [f"{folder}/..%5c..%5c{secret.name}", "%2Fetc%2Fpasswd"]
    odd = [f"{export}%00", f"{export}%00.png", f"file://{secret}", f"http://127.0.0.1:9{secret}", f"//{secret}", "~/.bashrc"]
    return [*guesses, *outside, *steps, *encoded, *odd, str(link), str(folder_link / secret.name)]


def test_a_visitors_exports_go_when_the_page_is_closed(served, visitor):
    with served.connect() as heartbeat:
        heartbeat.sendall(f"GET /gradio_api/heartbeat/{visitor} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        assert b"200" in heartbeat.recv(100)
        served.take(visitor, served.function("load"))
        export = served.download(visitor)
        assert served.ask(LINK + export)[0] == 200
    until = time.monotonic() + 30
    while Path(export).exists() and time.monotonic() < until:
        time.sleep(0.1)
    assert not Path(export).exists() and served.ask(LINK + export)[0] in (403, 404)


def test_it_ends_by_sigterm_as_by_ctrl_c_and_leaves_nothing(serve):
    page = serve()
    page.take("a", page.function("load"))
    (own,) = page.folder.glob(f"{PREFIX}*")
    assert Path(page.download("a")).is_relative_to(own)
    with page.connect() as open_one:
        open_one.sendall(b"GET /gradio_api/heartbeat/a HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert open_one.recv(10)
        page.process.send_signal(signal.SIGTERM)
        assert page.process.wait(30) == 130  # of Ctrl-C
    said = page.log.read_text()
    assert not list(page.folder.glob(f"{PREFIX}*")) and said.rstrip().endswith("stopped"), said
    assert "Traceback" not in said and not [file for file in page.folder.rglob("*") if file.is_file()]
