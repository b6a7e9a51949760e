"""The demo page, served by the command and used in a real browser; no request may leave this machine."""
import contextlib
import re
import time

import cv2
import numpy as np
import pytest
from PIL import Image

from realistic_editing import Recipe
from realistic_editing.apps.demo import FOLDER

SLOW = 120_000  # milliseconds, for machines that do other things as well


@pytest.fixture(scope="module")
def port(served_well):
    """The port of a server that is ready."""
    return served_well.port


@pytest.fixture(scope="module")
def context(launch_browser):
    """What all tabs share: the page's own scripts, which are loaded and compiled once. No name but this machine's is found."""
    with launch_browser("--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1") as browser:
        yield browser.new_context(viewport={"width": 1200, "height": 900})


@pytest.fixture
def open_tab(port, context):
    """Opens a tab, which is a visitor of its own: `open_tab()`; nothing may go wrong in it, or be fetched elsewhere."""
    tabs, foreign, problems = [], [], []
    own = re.compile(rf"(http|ws)://127\.0\.0\.1:{port}/|data:|blob:")

    def opened():
        tab = context.new_page()
        tabs.append(tab)
        tab.set_default_timeout(SLOW)
        tab.on("request", lambda request: None if own.match(request.url) else foreign.append(request.url))
        tab.on("websocket", lambda socket: None if own.match(socket.url) else foreign.append(socket.url))
        tab.on("pageerror", lambda error: problems.append(str(error)))
        tab.goto(f"http://127.0.0.1:{port}")
        tab.wait_for_selector("#gauges .gauge")
        tab.wait_for_selector("#proposals img", state="attached")
        tab.wait_for_function("document.querySelector('.stage .after').src")  # the stage has its photo
        return tab

    yield opened
    for tab in tabs:
        tab.close()
    assert foreign == [] and problems == []


@pytest.fixture
def page(open_tab):
    """A new page, as of a visitor of its own."""
    return open_tab()


@contextlib.contextmanager
def another_picture(page):
    """Wait until the edit that is shown is another picture than before the block."""
    before = page.locator(".stage .after").first.get_attribute("src")
    yield
    page.wait_for_function("old => document.querySelector('.stage .after').src !== old", arg=before)


# True once the photo's place is the same in three frames in a row, and its pictures are there to be seen.
STILL = """() => {
  const box = document.querySelector('.stage .pan').getBoundingClientRect(), now = [box.x, box.y, box.width, box.height].join();
  window.stillFor = window.stillAt === now ? (window.stillFor || 0) + 1 : 0;
  window.stillAt = now;
  const pictures = [...document.querySelectorAll('.stage .pan img[src]')];
  return box.width > 50 && window.stillFor >= 2 && pictures.every((one) => one.complete && one.naturalWidth);
}"""


def photo_box(page):
    """Left, top, width and height of the photo in the window."""
    page.evaluate("window.stillFor = 0")
    page.wait_for_function(STILL)
    box = page.locator(".stage .pan").bounding_box()
    return box["x"], box["y"], box["width"], box["height"]


def drag_on_photo(page, start, stop):
    """Drag from one place of the photo to another, as shares of its sides."""
    left, top, width, height = photo_box(page)
    page.mouse.move(left + start[0] * width, top + start[1] * height)
    page.mouse.down()
    page.mouse.move(left + stop[0] * width, top + stop[1] * height, steps=8)
    page.mouse.up()


def shown(page, x, y):
    """The mean level of a small square of the photo as the reader sees it."""
    left, top, width, height = photo_box(page)
    clip = {"x": left + x * width - 6, "y": top + y * height - 6, "width": 12, "height": 12}
    return cv2.imdecode(np.frombuffer(page.screenshot(clip=clip), np.uint8), cv2.IMREAD_COLOR).mean(axis=(0, 1))


def hint(page, part):
    page.wait_for_function("part => document.querySelector('.stage .hint').textContent.includes(part)", arg=part)
    return page.locator(".stage .hint").inner_text()


def soon(page, found):
    """Wait until something is found to be true."""
    until = time.monotonic() + SLOW / 1000
    while not found():
        assert time.monotonic() < until
        page.wait_for_timeout(20)


def share_marked(page):
    found = re.search(r"Marked: ([\d.]+) %", page.locator(".stage .hint").inner_text())
    return float(found[1]) if found else 0.0


def tool(page, name):
    page.locator(f".stage button[data-tool={name}]").click()


def download(page, kind, path):
    with page.expect_download() as downloaded:
        page.click(f"#get_{kind}")
    downloaded.value.save_as(path)
    return path


def test_a_photographer_clicks_proposes_adjusts_and_takes_the_photo_away(page, tmp_path):
    with another_picture(page):
        page.click("#example_coffee")
    page.wait_for_selector("#region >> text=1. spoon: less attention")
    page.wait_for_selector("#gauges >> text=Draws less attention")
    assert re.search(r"dR [+-]0\.\d\d", page.locator("#gauges").inner_text())
    assert page.locator("#proposals button").count() == 6
    assert page.locator("#proposals button[aria-pressed=true]").count() == 1

    tool(page, "select")
    left, top, width, height = photo_box(page)
    page.mouse.click(left + 0.48 * width, top + 0.25 * height)  # on the cup
    hint(page, "Marked: ")
    one = share_marked(page)
    assert 2 < one < 60 and page.locator(".stage path.draft").count() == 2  # its line, and what lies under it
    tool(page, "brush")
    drag_on_photo(page, (0.1, 0.1), (0.3, 0.1))
    page.wait_for_function("old => !document.querySelector('.stage .hint').textContent.includes(old)", arg=f"Marked: {one:g} %")
    assert share_marked(page) > one
    page.keyboard.press("Control+z")
    hint(page, f"Marked: {one:g} %")
    page.locator("#task").get_by_text("more attention").click()
    with another_picture(page):
        page.get_by_role("button", name="Propose", exact=True).click()
    page.wait_for_selector("#region >> text=3. region 3: more attention")
    assert share_marked(page) == 0

    with another_picture(page):  # another proposal
        page.locator("#proposals button").nth(3).click()
    page.wait_for_selector("#proposals button:nth-child(4)[aria-pressed=true]")
    slider = page.locator("#exposure input[type=range]")
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    with another_picture(page):
        page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + box["height"] / 2)
        page.mouse.down()
        page.mouse.move(box["x"] + box["width"] * 0.9, box["y"] + box["height"] / 2, steps=4)
        page.wait_for_function("document.querySelector('#gauges').textContent.includes('about')")  # while it is moved
        page.mouse.up()
    page.wait_for_function("!document.querySelector('#gauges').textContent.includes('about')")  # the whole photo is judged
    assert float(page.locator("#exposure input[type=number]").input_value()) > 1

    page.locator("#format").get_by_text("JPEG").click()
    with Image.open(download(page, "photo", tmp_path / "photo.jpg")) as written:
        assert written.format == "JPEG" and written.size == (600, 400)
        edited = np.array(written).astype(int)
    mask = np.array(Image.open(download(page, "mask", tmp_path / "mask.png"))) > 60000
    photo = np.array(Image.open(FOLDER / "coffee.jpg")).astype(int)
    assert 0.02 < mask.mean() < 0.6 and edited[mask].mean() > photo[mask].mean() + 10
    recipe = Recipe.load(download(page, "recipe", tmp_path / "recipe.json"))
    assert recipe.exposure.item() > 1.5

    for _ in range(3):  # the slider, the other proposal, and the region itself
        with another_picture(page):
            page.click("#undo")
    page.wait_for_function("!document.querySelector('#region').innerText.includes('region 3')")
    hint(page, "Marked: ")
    with another_picture(page):
        page.click("#redo")
    page.wait_for_selector("#region >> text=3. region 3: more attention")


def test_photo_and_edit_are_compared_and_zoomed(page):
    page.wait_for_selector("#gauges .gauge")
    page.locator(".stage .after").first.wait_for()
    spot = (0.13, 0.38)  # on the flag, right of the handle
    edited = shown(page, *spot)
    hold = page.locator(".stage .hold").bounding_box()
    page.mouse.move(hold["x"] + 5, hold["y"] + 5)
    page.mouse.down()
    page.wait_for_selector(".stage .tag >> visible=true")
    before = shown(page, *spot)
    page.mouse.up()
    assert np.abs(before - edited).max() > 3
    assert np.abs(shown(page, *spot) - edited).max() < 2
    drag_on_photo(page, (0.05, 0.8), (0.9, 0.8))
    assert np.abs(shown(page, *spot) - before).max() < 2  # the handle is right of it now

    width = photo_box(page)[2]
    page.locator(".stage [data-zoom=in]").click()
    page.locator(".stage [data-zoom=in]").click()
    assert photo_box(page)[2] > 2 * width and "%" in page.locator(".stage [data-zoom=fit]").inner_text()
    left = photo_box(page)[0]
    window = page.locator(".stage .window").bounding_box()
    page.mouse.move(window["x"] + window["width"] * 0.5, window["y"] + window["height"] * 0.5)
    page.mouse.down()
    page.mouse.move(window["x"] + window["width"] * 0.6, window["y"] + window["height"] * 0.5, steps=4)
    page.mouse.up()
    assert photo_box(page)[0] > left + 20
    page.locator(".stage [data-zoom=fit]").click()
    assert photo_box(page)[2] == pytest.approx(width, abs=1)


# A place of the window in the first suggestion and in no other, beside its number.
BESIDE_NUMBER = """() => {
  const [first, ...others] = document.querySelectorAll('.stage path.suggested:not(.under)');
  const box = first.getBBox(), toWindow = first.getScreenCTM();
  for (let down = 0.02; down < 1; down += 0.04) for (let along = 0.02; along < 1; along += 0.04) {
    const place = new DOMPoint(box.x + along * box.width, box.y + down * box.height), at = place.matrixTransform(toWindow);
    if (!first.isPointInFill(place) || others.some((one) => one.isPointInFill(place))) continue;
    if (!document.elementFromPoint(at.x, at.y).closest('.numbers button')) return [at.x, at.y];
  }
}"""


def number_box(page):
    """Where the first suggestion's number is, once it moves no more."""
    photo_box(page)
    return page.locator(".stage .numbers button").first.bounding_box()


def test_suggestions_are_outlined_and_taken_by_a_click_or_their_number(page):
    page.click("#example_portrait")
    page.wait_for_selector("#region >> text=1. flag")
    tool(page, "suggest")
    page.wait_for_selector(".stage .numbers button >> nth=0")
    count = page.locator(".stage .numbers button").count()
    assert count >= 1 and page.locator(".stage path.suggested:not(.under)").count() == count
    words = page.locator(".stage .hint").inner_text()
    label = page.locator(".stage .numbers button").first.get_attribute("aria-label")
    assert label.startswith("1. ") and label.removesuffix(": take it") in words and "% of attention" in words
    left, top, width, height = photo_box(page)
    number = number_box(page)
    assert left < number["x"] < left + width and top < number["y"] < top + height
    page.keyboard.press("9")  # of which there is none
    page.keyboard.press("1")
    hint(page, "Marked: ")
    marked = share_marked(page)
    assert 0 < marked <= 21 and page.locator(".stage[data-tool=select] path.draft").count() == 2
    assert page.locator(".stage path.suggested").count() == 0  # while it is refined by clicks

    page.click("#undo")
    page.wait_for_function("!document.querySelector('.stage .hint').textContent.includes('Marked')")
    tool(page, "suggest")
    page.locator(".stage .numbers button").first.focus()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.dataset.tool") == "select"
    hint(page, f"Marked: {marked:g} %")
    page.click("#undo")
    page.wait_for_function("!document.querySelector('.stage .hint').textContent.includes('Marked')")
    tool(page, "suggest")
    number = number_box(page)
    page.mouse.dblclick(number["x"] + number["width"] / 2, number["y"] + number["height"] / 2)
    hint(page, f"Marked: {marked:g} %")
    page.click("#undo")  # one step, as the second click is none on what was taken
    page.wait_for_function("!document.querySelector('.stage .hint').textContent.includes('Marked')")
    tool(page, "suggest")
    page.mouse.click(*page.evaluate(BESIDE_NUMBER))  # at once: a click after a chosen tool is never the second of two
    hint(page, f"Marked: {marked:g} %")
    with another_picture(page):
        page.get_by_role("button", name="Propose", exact=True).click()
    tool(page, "suggest")
    page.wait_for_selector(".stage[data-tool=suggest]")
    assert page.locator(".stage .numbers button").count() == count - 1  # one was taken


def test_what_is_suggested_is_of_the_visitors_own_photo_alone(open_tab, page, tmp_path):
    page.click("#example_portrait")
    page.wait_for_selector("#region >> text=1. flag")
    tool(page, "suggest")
    page.wait_for_selector(".stage .numbers button >> nth=0")
    Image.new("RGB", (300, 200), (90, 120, 160)).save(tmp_path / "plain.png")
    tab = open_tab()
    tab.locator("[data-testid='Open a photo-upload-button']").set_input_files(tmp_path / "plain.png")
    tab.wait_for_selector(".stage[data-tool=select]")  # as a photo without regions is shown
    tool(tab, "suggest")
    hint(tab, "Nothing but people, if any, draws the eye")
    assert tab.locator(".stage .numbers button").count() == 0 and page.locator(".stage .numbers button").count() >= 1


def test_on_a_phone_the_photo_stays_above_what_is_scrolled(page):
    page.set_viewport_size({"width": 390, "height": 844})
    page.wait_for_function("document.querySelector('#stage').getBoundingClientRect().width < 392")
    names = ("#photo_file", "#stage", "#propose", "#gauges", "#proposals", "#strength", "#downloads")
    photo_box(page)
    tops = [page.locator(name).bounding_box()["y"] for name in names]
    assert tops == sorted(tops) and tops[3] < 844  # the verdict is in the first view
    soon(page, lambda: page.evaluate("document.documentElement.scrollWidth") <= 391)
    for button in page.locator(".stage .bar button:visible").all():
        box = button.bounding_box()
        assert box["height"] >= 40 and box["x"] + box["width"] <= 390
    lines = {}
    for name in ("look", "select", "suggest"):
        tool(page, name)
        lines[name] = {round(button.bounding_box()["y"]) for button in page.locator(".stage .bar button:visible").all()}
    assert all(len(found) == 1 for found in lines.values()), lines  # else the photo jumps from tool to tool
    tool(page, "look")
    for name in ("#exposure", "#highlights"):
        slider = page.locator(f"{name} input[type=range]")
        slider.evaluate("slider => slider.scrollIntoView({block: 'end'})")
        photo_box(page)
        photo, knob = page.locator("#stage").bounding_box(), slider.bounding_box()
        assert -1 <= photo["y"] and photo["y"] + photo["height"] < knob["y"] < 844 and photo["height"] < 0.6 * 844


def test_own_photos_and_mistakes(page, tmp_path):
    (tmp_path / "wrong.jpg").write_text("no photo")
    chooser = page.locator("[data-testid='Open a photo-upload-button']")
    chooser.set_input_files(tmp_path / "wrong.jpg")
    page.wait_for_selector("text=/holds no JPEG/")
    Image.open(FOLDER / "astronaut.jpg").rotate(180).save(tmp_path / "mine.png")
    chooser.set_input_files(tmp_path / "mine.png")
    page.wait_for_selector("#gauges >> text=Mark a region")  # its regions are gone, and one can be selected at once
    page.wait_for_selector(".stage[data-tool=select]")
    page.get_by_role("button", name="Propose", exact=True).click()
    page.wait_for_selector("text=/no region is marked/")
    page.wait_for_selector("#gauges_box .error", state="hidden")  # it would cover what to do next
    tool(page, "brush")
    drag_on_photo(page, (0.5, 0.35), (0.55, 0.55))
    hint(page, "Marked: ")
    page.get_by_role("button", name="Propose", exact=True).click()
    page.wait_for_selector("#region >> text=1. region 1: less attention")
    page.wait_for_selector("#gauges .gauge")
    painted = np.array(Image.open(download(page, "mask", tmp_path / "mask.png")))
    assert painted.shape == (512, 512) and 0.002 < (painted > 0).mean() < 0.3
    rows, columns = np.nonzero(painted)
    assert 0.35 < rows.mean() / 512 < 0.55 and 0.45 < columns.mean() / 512 < 0.6  # where it was painted
    page.locator("#task").get_by_text("more attention").click()
    page.wait_for_selector("#region >> text=1. region 1: more attention")
    Image.open(FOLDER / "flag.png").rotate(180).save(tmp_path / "flag.png")
    page.locator("[data-testid='Load a mask file-upload-button']").set_input_files(tmp_path / "flag.png")
    page.wait_for_selector("#region >> text=2. region 2: more attention")
    page.wait_for_selector("#gauges .gauge")


def test_two_visitors_with_photos_of_one_name_get_their_own(open_tab, tmp_path):
    visitors = []
    for number, color in enumerate([(200, 30, 30), (30, 30, 200)]):
        file = tmp_path / str(number) / "IMG_0001.png"
        file.parent.mkdir()
        Image.new("RGB", (300, 200), color).save(file)
        tab = open_tab()
        with tab.expect_file_chooser() as chooser:
            tab.locator("#photo_file").click()
        chooser.value.set_files(str(file))
        tab.wait_for_selector(".stage[data-tool=select]")  # the example with its regions is gone
        visitors.append((tab, color))
    for tab, color in visitors:
        with tab.expect_download() as download:
            tab.locator("#get_photo").click()
        with Image.open(download.value.path()) as written:
            assert written.convert("RGB").getpixel((0, 0)) == color
