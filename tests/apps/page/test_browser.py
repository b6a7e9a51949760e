"""The demo page, served by the command and used in a real browser; no request may leave this machine."""
import contextlib
import re
import socket
import subprocess
import sys
import threading

import cv2
import numpy as np
import pytest
from PIL import Image

from realistic_editing import Recipe
from realistic_editing.apps.demo import FOLDER

SLOW = 120_000  # milliseconds, for machines that do other things as well


@pytest.fixture(scope="module")
def port():
    """The port of a server that is ready."""
    pytest.importorskip("gradio", reason="needs gradio: pip install -e .[demo]")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        number = free.getsockname()[1]
    command = [sys.executable, "-m", "realistic_editing.apps.cli", "page", "--port", str(number)]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    lines, late = [], threading.Timer(SLOW / 1000, server.kill)
    late.start()
    for line in server.stdout:
        lines.append(line)
        if "open http" in line:
            break
    late.cancel()
    assert lines and f"open http://127.0.0.1:{number}" in lines[-1], "".join(lines)
    yield number
    server.terminate()
    server.wait(20)


@pytest.fixture(scope="module")
def browser(launch_browser):
    # The painter draws by WebGL, which has to be done in software here.
    with launch_browser("--enable-unsafe-swiftshader") as opened:
        yield opened


@pytest.fixture
def page(port, browser):
    """A new page, as of a visitor of its own."""
    opened = browser.new_page(viewport={"width": 1200, "height": 900})
    opened.set_default_timeout(SLOW)
    foreign, problems = [], []

    def guard(route):
        if re.match(rf"(http|ws)://127\.0\.0\.1:{port}/|data:|blob:", route.request.url):
            return route.continue_()
        foreign.append(route.request.url)
        return route.abort()

    opened.route("**/*", guard)
    opened.on("pageerror", lambda error: problems.append(str(error)))
    opened.goto(f"http://127.0.0.1:{port}")
    opened.wait_for_selector("#gauges .gauge")
    yield opened
    opened.close()
    assert foreign == [] and problems == []


@contextlib.contextmanager
def changing(page, *selectors):
    """Wait until what is inside these elements is another than before the block."""
    before = [page.locator(selector).inner_html() for selector in selectors]
    yield
    for selector, old in zip(selectors, before, strict=True):
        page.wait_for_function("([s, old]) => document.querySelector(s)?.innerHTML !== old", arg=[selector, old])


def drag(page, box, start, stop):
    """Drag from one share of a box's width to another."""
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] * start, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * stop, middle, steps=6)
    page.mouse.up()


def picture(page):
    """Left, top and side of the square photo, which stands in the middle of its place."""
    there = """() => {
        const box = document.querySelector('#compare img')?.getBoundingClientRect();
        return box && box.width > 0 && box.height > 0 ? [box.x, box.y, box.width, box.height] : null;
    }"""  # in one call, since the picture may be replaced between two
    left, top, width, height = page.wait_for_function(there).json_value()
    side = min(width, height)
    return left + (width - side) / 2, top + (height - side) / 2, side


def handle(page):
    """Where the handle of before and after stands: a share of the photo's width."""
    box, (left, _, side) = page.locator("#compare [data-testid=slider]").bounding_box(), picture(page)
    return (box["x"] + box["width"] / 2 - left) / side


def move_handle(page, share):
    """Drag the handle to a share of the photo's width."""
    left, top, side = picture(page)
    page.mouse.move(left + handle(page) * side, top + side / 2)
    page.mouse.down()
    page.mouse.move(left + share * side, top + side / 2, steps=8)
    page.mouse.up()


def flag(page):
    """The mean level of the flag, at the left edge of the photo, as the reader sees it."""
    left, top, side = picture(page)
    clip = {"x": left + 0.02 * side, "y": top + 0.3 * side, "width": 0.1 * side, "height": 0.2 * side}
    return float(cv2.imdecode(np.frombuffer(page.screenshot(clip=clip), np.uint8), cv2.IMREAD_COLOR).mean())


def test_a_photographer_edits_the_example(page, tmp_path):
    page.get_by_role("button", name="Remove region").click()
    page.wait_for_function("!document.querySelector('#region').innerText.includes('flag')")
    page.get_by_role("button", name="Example").click()
    page.wait_for_selector("#region >> text=1. flag: less attention")
    page.wait_for_selector("#gauges >> text=Draws less attention, as asked")
    proposed = page.locator("#exposure input[type=number]").input_value()
    assert re.search(r"dR [+-]0\.\d\d", page.locator("#gauges").inner_text())
    assert page.locator("#compare img").count() == 2 and page.locator("#orders button.thumbnail-item").count() == 24

    with changing(page, "#gauges", "#steps", "#compare"):  # another order
        page.locator("#sort").get_by_text("greatest effect first").click()
        page.locator("#orders button.thumbnail-item").first.click()
    order = page.locator("#steps").inner_text()

    slider = page.locator("#exposure input[type=range]")
    with changing(page, "#gauges", "#steps", "#compare"):
        slider.scroll_into_view_if_needed()
        drag(page, slider.bounding_box(), 0.52, 0.98)
    stops = float(page.locator("#exposure input[type=number]").input_value())
    page.wait_for_selector(f"#steps >> text={stops:+.2f} stops")
    assert stops > 1.5 and page.locator("#steps").inner_text() != order
    page.wait_for_selector("#gauges .gauge.bad >> text=Stops looking real")

    page.locator("#compare").scroll_into_view_if_needed()
    move_handle(page, 0.98)  # all is before
    before = flag(page)
    move_handle(page, 0.01)
    assert flag(page) > before + 15

    with page.expect_download() as download:
        page.click("#get_recipe")
    assert download.value.suggested_filename == "astronaut_flag_attenuate.json"
    download.value.save_as(tmp_path / "recipe.json")
    assert Recipe.load(tmp_path / "recipe.json").exposure.log2().item() == pytest.approx(stops, abs=1e-4)
    with page.expect_download() as download:
        page.click("#get_photo")
    download.value.save_as(tmp_path / "photo.png")
    edited, photo = (np.array(Image.open(path)).astype(int) for path in (tmp_path / "photo.png", FOLDER / "astronaut.jpg"))
    inside = np.array(Image.open(FOLDER / "flag.png")) > 250
    assert edited.shape == photo.shape and edited[inside].mean() > photo[inside].mean() + 20

    with changing(page, "#steps", "#gauges"):
        page.get_by_role("button", name="Propose", exact=True).click()
    page.wait_for_selector("#gauges >> text=Draws less attention, as asked")
    assert page.locator("#exposure input[type=number]").input_value() == proposed


def test_the_first_view_shows_the_edit(page):
    """The flag reaches from the left edge to a fifth of the photo's width."""
    for _ in range(100):  # the page moves it when the picture is there
        if handle(page) < 0.08:
            break
        page.wait_for_timeout(100)
    assert handle(page) < 0.08
    shown = flag(page)
    move_handle(page, 0.98)
    assert abs(flag(page) - shown) > 3


def test_on_a_phone_photo_and_gauges_stay_above_the_sliders_and_the_orders(page):
    page.set_viewport_size({"width": 390, "height": 844})
    page.wait_for_function("document.querySelector('#gauges').getBoundingClientRect().bottom < 844")
    tops = [page.locator(name).bounding_box()["y"] for name in ("#compare", "#gauges", "#strength", "#highlights", "#orders")]
    assert tops == sorted(tops)
    label = page.locator("#compare [data-testid=block-label]").bounding_box()
    assert label["x"] + label["width"] < page.locator("#compare .icon-button-wrapper").bounding_box()["x"]
    for name in ("#exposure", "#highlights"):
        slider = page.locator(f"{name} input[type=range]")
        slider.evaluate("slider => slider.scrollIntoView({block: 'end'})")
        photo, gauges, knob = (page.locator(one).bounding_box() for one in ("#compare", "#gauges", f"{name} input[type=range]"))
        assert -1 <= photo["y"] and photo["height"] <= 0.45 * 844 and photo["y"] + photo["height"] <= gauges["y"] + 1
        assert gauges["y"] + gauges["height"] < knob["y"] < 844
    with changing(page, "#gauges", "#steps", "#compare"):
        drag(page, knob, 0.5, 0.9)
    page.get_by_role("tab", name="Mark a region").click()  # the painter gets the room
    assert page.locator("#compare").is_hidden() and page.locator("#editor").is_visible()


def test_own_photos_regions_and_mistakes(page, tmp_path):
    (tmp_path / "wrong.jpg").write_text("no photo")
    chooser = page.locator("[data-testid='Open a photo-upload-button']")
    chooser.set_input_files(tmp_path / "wrong.jpg")
    page.wait_for_selector("text=/holds no JPEG/")
    Image.open(FOLDER / "astronaut.jpg").rotate(180).save(tmp_path / "mine.png")
    chooser.set_input_files(tmp_path / "mine.png")
    page.wait_for_selector("#gauges >> text=Mark a region")  # its regions are gone, and the painter comes up
    canvas = page.locator("#editor canvas").first
    canvas.wait_for()
    page.click("#add")
    page.wait_for_selector("text=/nothing is painted/")

    box = canvas.bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + box["height"] * 0.35)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.55, box["y"] + box["height"] * 0.55, steps=10)
    page.mouse.up()
    page.click("#add")
    page.wait_for_selector("#region >> text=1. region 1: less attention")
    page.wait_for_selector("#gauges .gauge")
    with page.expect_download() as download:
        page.click("#get_mask")
    download.value.save_as(tmp_path / "mask.png")
    painted = np.array(Image.open(tmp_path / "mask.png"))
    assert painted.shape == (512, 512) and 0.002 < (painted > 0).mean() < 0.3
    rows, columns = np.nonzero(painted)
    assert 0.3 < rows.mean() / 512 < 0.6 and 0.4 < columns.mean() / 512 < 0.65  # where it was painted

    goal = page.locator("#new_task").get_by_text("more attention")
    for _ in range(10):  # what was proposed comes to the front when it is ready, maybe just after the first click
        page.get_by_role("tab", name="Mark a region").click()
        with contextlib.suppress(sys.modules["playwright.sync_api"].TimeoutError):
            goal.click(timeout=3000)
            break
    Image.open(FOLDER / "flag.png").rotate(180).save(tmp_path / "flag.png")
    page.locator("[data-testid='Load a mask file-upload-button']").set_input_files(tmp_path / "flag.png")
    page.wait_for_selector("#region >> text=2. region 2: more attention")
    page.wait_for_selector("#gauges .gauge")


def test_two_visitors_with_photos_of_one_name_get_their_own(port, page, tmp_path):
    visitors = []
    for number, color in enumerate([(200, 30, 30), (30, 30, 200)]):
        file = tmp_path / str(number) / "IMG_0001.png"
        file.parent.mkdir()
        Image.new("RGB", (300, 200), color).save(file)
        tab = page.context.browser.new_context(viewport={"width": 1200, "height": 900}).new_page()
        tab.set_default_timeout(SLOW)
        tab.goto(f"http://127.0.0.1:{port}")
        tab.locator("#orders img").first.wait_for(state="attached")
        with tab.expect_file_chooser() as chooser:
            tab.locator("#photo_file").click()
        chooser.value.set_files(str(file))
        tab.locator("#orders img").first.wait_for(state="detached")  # the example's edits are gone
        visitors.append((tab, color))
    for tab, color in visitors:
        with tab.expect_download() as download:
            tab.locator("#get_photo").click()
        with Image.open(download.value.path()) as written:
            assert written.convert("RGB").getpixel((0, 0)) == color
