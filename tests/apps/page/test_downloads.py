"""Exports of visitors: each in a folder of its own, gone with the session."""
import pytest

from realistic_editing.apps.page.downloads import KEPT, Downloads


def test_two_visitors_with_photos_of_one_name_have_folders_apart(tmp_path):
    downloads = Downloads(tmp_path)
    first, second = downloads.new("a"), downloads.new("b")
    assert first != second and first.is_dir() and second.is_dir()
    assert len(first.name) >= 43  # 256 bits in base64
    (first / "IMG_0001_edited.jpg").write_bytes(b"1")
    (second / "IMG_0001_edited.jpg").write_bytes(b"2")
    assert (first / "IMG_0001_edited.jpg").read_bytes() == b"1"


def test_folders_go_with_their_visitor_alone(tmp_path):
    downloads = Downloads(tmp_path)
    mine, others = [downloads.new("a") for _ in range(2)], downloads.new("b")
    downloads.drop("a")
    downloads.drop("never here")
    assert not any(folder.exists() for folder in mine) and others.is_dir()


def test_a_visitor_keeps_the_latest_exports(tmp_path):
    downloads = Downloads(tmp_path)
    folders = [downloads.new("a") for _ in range(KEPT + 2)]
    assert [folder.exists() for folder in folders] == [False] * 2 + [True] * KEPT


def test_the_page_writes_each_export_into_a_new_folder(tmp_path):
    gr = pytest.importorskip("gradio", reason="needs gradio: pip install -e .[demo]")
    from realistic_editing.apps.page.examples import example
    from realistic_editing.apps.page.visitors import Visitors
    from realistic_editing.apps.page.wiring import build

    visitors = Visitors()
    visitors.keep("visitor", example())
    page = build({}, example(), tmp_path, visitors=visitors)
    (write,) = [fn.fn for fn in page.fns.values() if fn.targets and fn.targets[0][0] is not None and fn.name == "write"][:1]
    request = gr.Request(username=None, session_hash="visitor")
    paths = [write(request) for _ in range(2)]
    assert paths[0] != paths[1] and all(str(tmp_path) in path for path in paths)
