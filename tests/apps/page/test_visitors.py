"""How many photos the page holds, and for how long."""
import json
import struct
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from realistic_editing.apps.page import session as steps
from realistic_editing.apps.page.examples import example
from realistic_editing.apps.page.regions import add_region
from realistic_editing.apps.page.state import Session, open_photo
from realistic_editing.apps.page.visitors import BRIEF, IDLE, VIEW, Visitors, check_max_memory, memory_of, region_memory
from realistic_editing.common.errors import InputError
from realistic_editing.data.images import Photo

SIZE = 3 * 1000 * 1000  # bytes of the photos below
GIVEN_BACK = 0.8  # share of what sessions held that the system has again after they end


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def a_session() -> Session:
    pixels = np.zeros((1000, 1000, 3), np.uint8)
    return Session(Photo(pixels, None, {}, Path("photo.png")), pixels)  # small photos are shown as they are


@pytest.fixture
def clock():
    return Clock()


def test_a_session_is_its_visitors_and_an_unknown_one_is_told_to_reload(clock):
    visitors, mine = Visitors(clock=clock), a_session()
    visitors.keep("a", mine)
    visitors.keep("b", a_session())
    assert visitors.session("a") is mine and len(visitors) == 2
    with pytest.raises(InputError, match="reload the page"):
        visitors.session("c")


def test_what_sessions_share_counts_once(clock):
    visitors, shared = Visitors(clock=clock), a_session()
    for name in "abc":
        visitors.keep(name, shared)
    assert visitors.held() == SIZE  # the photo, and the same pixels as they are shown
    visitors.keep("b", add_region(shared, np.full((1000, 1000), 255, np.uint8), "amplify"))
    assert visitors.held() == SIZE + 1_000_000


def test_networks_do_not_count_and_views_do(bundled_networks):
    from realistic_editing import Enhancer

    enhancers, visitors = {"attenuate": Enhancer.from_pretrained("attenuate")}, Visitors()
    visitors.keep("a", example())
    before = visitors.held()
    visitors.keep("a", steps.propose(example(), enhancers))
    assert 3_000_000 < visitors.held() - before < VIEW


def test_who_comes_when_the_memory_is_full_is_asked_to_wait(clock):
    visitors = Visitors(most=3.5 * SIZE, clock=clock)
    for name in "abc":
        visitors.make_room(name, SIZE)
        visitors.keep(name, a_session())
    with pytest.raises(InputError, match="photos of 3 visitors.*wait some minutes"):
        visitors.make_room("d", SIZE)
    assert len(visitors) == 3
    visitors.make_room("a", SIZE // 4)  # what fits is taken
    with pytest.raises(InputError, match=r"needs 0.01 GB.*--max-memory"):
        visitors.make_room("d", 4 * SIZE)


def test_who_took_no_step_for_a_while_makes_room_and_the_longest_first(clock):
    visitors = Visitors(most=3 * SIZE, clock=clock)
    for name in "abc":
        visitors.keep(name, a_session())
        clock.now += 1
    clock.now += BRIEF
    visitors.session("a")  # is here again
    visitors.make_room("d", SIZE)
    visitors.keep("d", a_session())
    assert visitors.session("a") and visitors.session("c") and visitors.session("d")
    with pytest.raises(InputError, match="reload the page"):
        visitors.session("b")


def test_another_photo_takes_the_place_of_the_visitors_last_one(clock):
    visitors = Visitors(most=2 * SIZE, clock=clock)
    for name in "ab":
        visitors.keep(name, a_session())
    with pytest.raises(InputError, match="wait"):
        visitors.make_room("a", SIZE)  # beside the first
    visitors.make_room("a", SIZE, instead=True)
    assert len(visitors) == 1 and visitors.session("b")


def test_idle_sessions_end_and_those_of_closed_pages_sooner(clock):
    visitors = Visitors(clock=clock)
    for name in "abc":
        visitors.keep(name, a_session())
    visitors.leave("a")
    visitors.leave("never here")
    clock.now += BRIEF + 1
    visitors.session("b")
    visitors.sweep()
    assert len(visitors) == 2 and visitors.held() == 2 * SIZE
    clock.now += IDLE - BRIEF
    visitors.sweep()
    assert len(visitors) == 1 and visitors.session("b")
    clock.now += IDLE + 1
    with pytest.raises(InputError, match="reload the page"):
        visitors.session("b")  # without a sweep
    assert visitors.held() == 0


@pytest.mark.parametrize("mode, suffix, channels", [("RGB", "png", 3), ("RGBA", "png", 4), ("L", "jpg", 3)])
def test_what_a_file_will_take_is_known_by_its_header(tmp_path, mode, suffix, channels):
    path = tmp_path / f"photo.{suffix}"
    Image.new(mode, (400, 300)).save(path)
    visitors = Visitors()
    visitors.keep("a", add_region(open_photo(path), np.full((300, 400), 255, np.uint8), "amplify"))
    assert 400 * 300 * channels <= visitors.held() <= memory_of(path)
    assert region_memory(visitors.session("a")) == 400 * 300 + VIEW


def test_a_space_that_is_named_without_a_profile_counts_as_well(tmp_path):
    path = tmp_path / "photo.png"
    Image.new("RGB", (2000, 1500)).save(path)
    plain, data = memory_of(path), path.read_bytes()
    gamma = b"gAMA" + struct.pack(">I", 100_000)
    path.write_bytes(data[:33] + struct.pack(">I", 4) + gamma + struct.pack(">I", zlib.crc32(gamma)) + data[33:])
    assert memory_of(path) >= plain + 3 * 2000 * 1500


@pytest.mark.parametrize("value", [0, -1, float("nan"), float("inf")])
def test_a_bound_that_is_none_is_refused(value):
    with pytest.raises(InputError, match="max-memory is"):
        check_max_memory(value)


def test_twenty_visitors_with_24_megapixels_fit_into_4_gb_and_more_are_asked_to_wait(tmp_path, run_script, bundled_networks):
    """In a process of its own, whose greatest memory the system knows."""
    pytest.importorskip("gradio", reason="needs gradio: pip install -e .[demo]")
    pytest.importorskip("resource", reason="needs POSIX")
    if sys.platform != "linux":
        pytest.skip("needs /proc")
    script = Path(__file__).with_name("many_visitors.py")
    answer = run_script(script, tmp_path, 26, cwd=tmp_path)
    assert answer.returncode == 0, answer.stderr
    found = json.loads(answer.stdout.splitlines()[-1])
    assert found["in"] >= 20 and found["in"] + len(found["refused"]) == 26 and found["refused"]
    assert all("wait some minutes" in words for words in found["refused"]) and found["again"]
    assert found["peak"] < 4e9 and found["held"] > 20 * 24e6 * 4
    assert found["full"] - found["ended"] > GIVEN_BACK * found["held"]
