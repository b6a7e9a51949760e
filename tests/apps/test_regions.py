"""Regions are built by one process at a time."""
import threading
import time

import pytest

from realistic_editing.apps.regions import _alone_in
from realistic_editing.common.errors import InputError


def test_a_second_builder_waits_for_the_first(tmp_path, caplog):
    inside, most = [], []

    def build():
        with _alone_in(tmp_path / "regions"):
            inside.append(1)
            most.append(len(inside))
            time.sleep(0.2)
            inside.pop()

    threads = [threading.Thread(target=build) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1, 1, 1]
    assert "waiting for it" in caplog.text


def test_a_build_that_fails_leaves_the_lock(tmp_path):
    with pytest.raises(KeyError), _alone_in(tmp_path):
        raise KeyError
    with _alone_in(tmp_path):
        pass


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match=r"regions.*set paths\.regions"), _alone_in(tmp_path / "file" / "regions"):
        pass
