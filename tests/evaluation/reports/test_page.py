"""The page of a report: one file, opened in a real browser."""
import base64
import json
import re

import cv2
import numpy as np
import pandas as pd
import pytest

from realistic_editing.evaluation.reports.page import Item, write_page
from realistic_editing.evaluation.reports.sheets import save_sheet
from realistic_editing.evaluation.statistics.bootstrap import Estimate

GREY, RED = np.full((60, 90, 3), 120, np.uint8), np.full((60, 90, 3), (220, 20, 20), np.uint8)


@pytest.fixture
def page(tmp_path):
    save_sheet(GREY, tmp_path / "figure.png")
    frame = pd.DataFrame(
        {
            "method": ["a </script>", "b", "c"],
            "dR": [Estimate(-0.2, -0.3, -0.1), Estimate(0.1, 0.0, 0.2), ""],
            "p": ["0.0300", "< 0.0001", "0.5000"],
        }
    )
    items = [Item(f"photo {index}", "one", method, RED, {"dR": value, "seam": float("nan")})
             for index in range(40) for method, value in (("a", index / 10), ("b", -index / 10))]  # fmt: skip
    items[3] = Item("photo 1", "one", "b", RED, {"dR": float("nan"), "seam": 0.5})
    path = tmp_path / "report.html"
    photos = {f"photo {index}": GREY for index in range(40)}
    tables, figures = [("Table", "a note", frame)], {"figure.png": "a figure"}
    write_page(path, "A <title>", {"command": "evaluate"}, tables, figures, photos, items)
    return path


def test_it_needs_nothing_beside_it(page):
    text = page.read_text()
    assert "A &lt;title&gt;" in text and "<!--" not in text
    assert not re.search(r'(src|href)="(?!data:)', text)
    data = json.loads(re.search(r'id="data">(.*?)</script>', text, re.DOTALL).group(1).replace("<\\/", "</"))
    assert len(data["photos"]) == 40 and len(data["items"]) == 80 and data["measures"] == ["dR", "seam"]
    assert data["items"][0]["measures"]["seam"] is None
    assert len(data["pictures"]) == 2 and data["items"][0]["picture"] != data["photos"]["photo 0"]  # equal pictures once


def test_many_pictures_stay_within_the_budget(tmp_path, monkeypatch):
    rng = np.random.default_rng(0)
    noise = [rng.integers(0, 256, (240, 320, 3), dtype=np.uint8) for _ in range(12)]
    items = [Item("a", "one", str(index), picture, {}) for index, picture in enumerate(noise)]
    write_page(tmp_path / "large.html", "", {}, [], {}, {"a": noise[0]}, items)
    monkeypatch.setattr("realistic_editing.evaluation.reports.page.BUDGET", 200_000)
    write_page(tmp_path / "small.html", "", {}, [], {}, {"a": noise[0]}, items)
    assert (tmp_path / "large.html").stat().st_size > 800_000
    data = re.search(r'id="data">(.*?)</script>', (tmp_path / "small.html").read_text(), re.DOTALL).group(1)
    pictures = json.loads(data.replace("<\\/", "</"))["pictures"]
    assert sum(len(url) * 3 / 4 for url in pictures) < 1.2 * 200_000 and len(pictures) == 12
    first = cv2.imdecode(np.frombuffer(base64.b64decode(pictures[0].split(",")[1]), np.uint8), cv2.IMREAD_COLOR)
    assert max(first.shape) >= 120


@pytest.fixture(scope="module")
def browser(launch_browser):
    with launch_browser() as opened:
        yield opened


@pytest.fixture
def browser_page(page, browser):
    opened = browser.new_page()
    problems = []
    opened.on("pageerror", lambda error: problems.append(str(error)))
    fetched = []
    opened.on("request", lambda request: fetched.append(request.url))
    opened.goto(page.as_uri())
    yield opened
    opened.close()
    assert problems == [] and all(url.startswith(("file:", "data:")) for url in fetched)


def test_a_reader_sorts_picks_and_compares(browser_page):
    page = browser_page
    cards = page.locator(".card")
    assert cards.count() == 12 and page.locator("#count").inner_text() == "12 of 80"
    page.click("#more")
    assert cards.count() == 72
    page.click("#more")
    assert cards.count() == 80 and not page.locator("#more").is_visible()
    page.select_option("#method", "b")
    page.select_option("#sort", "dR")
    page.click("#more")
    titles = page.locator(".card b").all_inner_texts()
    assert titles[0] == "photo 0: b" and titles[-2:] == ["photo 39: b", "photo 1: b"]  # falling; not measured comes last
    page.select_option("#way", "rising")
    assert page.locator(".card b").first.inner_text() == "photo 39: b"
    assert page.locator(".card .sorted").first.inner_text() == "dR"

    first = page.locator(".compare").first

    def color(share):
        """The colour that the reader sees at a share of the picture's width."""
        shot = cv2.imdecode(np.frombuffer(first.screenshot(), np.uint8), cv2.IMREAD_COLOR)
        return shot[shot.shape[0] // 2, int(share * shot.shape[1]), ::-1].tolist()

    assert abs(color(0.25)[0] - 120) < 12 and color(0.75)[0] > 180  # before on the left, after on the right
    box = first.bounding_box()  # after the screenshots, which scroll
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] * 0.5, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.05, middle, steps=4)
    page.mouse.up()
    assert color(0.25)[0] > 180

    def sorted_by(head):
        page.click(f"th:text-is('{head}')")
        return [row.split("\t")[0] for row in page.locator("tbody tr").all_inner_texts()]

    assert sorted_by("dR") == ["b", "a </script>", "c"]  # falling, empty cells last
    assert sorted_by("dR") == ["a </script>", "b", "c"]  # rising
    assert sorted_by("p") == ["c", "a </script>", "b"] and sorted_by("method") == ["c", "b", "a </script>"]


def test_pictures_come_first_captions_keep_apart_and_tables_fit_a_screen(tmp_path, browser):
    name = "mechrez/object_enhancement/001/mask/a_very_long_name_without_any_gap_in_it"
    items = [Item(name, "one", method, RED, {"dR": 0.5}) for method in "abcdefgh"]
    columns = ["direction accuracy", *(f"saliency, {model}" for model in ("compact_saliency", "heldout_saliency", "patches")),
               "dR", "inside", "outside", "SSIM outside", "seam", "seconds"]  # fmt: skip
    frame = pd.DataFrame([{"method": "ours_guarded", "n": 101} | {one: "-26.226 [-24.361, -28.073]" for one in columns}])
    write_page(tmp_path / "wide.html", "Title", {"command": "evaluate"}, [("Table", "a note", frame)], {}, {name: GREY}, items)
    opened = browser.new_page(viewport={"width": 1440, "height": 900})
    opened.goto((tmp_path / "wide.html").as_uri())
    card, table = opened.locator(".card").first.bounding_box(), opened.locator("table").bounding_box()
    assert card["y"] + card["height"] < 900 < 1440 and card["y"] < table["y"]
    fits = "[...document.querySelectorAll('.wide, .card')].every(one => one.scrollWidth <= one.clientWidth)"
    assert opened.evaluate(fits)
    assert "-26.226 [-24.361, -28.073]" in " ".join(opened.locator("td").nth(2).text_content().split())
    opened.close()
