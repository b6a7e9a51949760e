"""A rater at work in a real browser: by keys, by clicks, on a phone, with a connection that fails."""
import os

import pytest

SCRIPT = "<img src=x onerror=alert(1)>"
LEAVES = "dispatchEvent(new Event('beforeunload', { cancelable: true }))"  # false: the browser asks first
MINE = "**/r/*"  # where ratings go
SLOW = 120_000  # milliseconds, for machines that do other things as well


@pytest.fixture(scope="module")
def browser(launch_browser):
    with launch_browser() as opened:
        yield opened


@pytest.fixture
def open_page(browser, study):
    """A new page, as of a rater who comes with nothing but a link; nothing may go wrong in it, or be fetched elsewhere."""
    contexts, problems, fetched = [], [], []

    def opened(path, **options):
        contexts.append(browser.new_context(**options))
        page = contexts[-1].new_page()
        page.set_default_timeout(SLOW)
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("dialog", lambda dialog: problems.append(dialog.message))
        page.on("console", lambda message: problems.append(message.text) if "Security" in message.text else None)
        page.on("request", lambda request: fetched.append(request.url))
        page.goto(f"http://127.0.0.1:{study.port}{path}")
        return page

    yield opened
    for context in contexts:
        context.close()
    assert problems == [] and fetched and all(url.startswith(f"http://127.0.0.1:{study.port}/") for url in fetched)
    assert not any(name in url for url in fetched for name in ("ours", "onerror", "bench"))


def place(page):
    return page.locator(".place span").inner_text()


def chosen(page):
    return [page.locator(f"#{name} input:checked").get_attribute("value") for name in ("effectiveness", "realism")]


def is_post(route):
    return route.request.method == "POST"


def intercept(page, handler):
    """Let handler answer what the page sends; loaded anew, as a page that stands already may send past a new route."""
    page.route(MINE, handler)
    page.reload()


def test_a_rater_rates_leaves_comes_back_and_finishes(study, open_page):
    link = study.add("anna")
    page = open_page(link)
    assert place(page) == "1 of 4" and page.locator("button").is_disabled()
    shown = page.evaluate("[...document.querySelectorAll('figure img')].map(image => image.complete && image.naturalWidth)")
    assert shown == [360, 360, 360]
    page.keyboard.press("Enter")  # nothing is given yet
    page.keyboard.press("7")
    page.keyboard.press("0")
    assert chosen(page) == ["7", "10"] and place(page) == "1 of 4"
    page.keyboard.press("Enter")
    page.wait_for_url("**/2")

    page.click("#effectiveness label:has-text('3')")
    page.click("#realism label >> nth=3")
    assert chosen(page) == ["3", "4"]
    page.click("button")
    page.wait_for_url("**/3")
    page.keyboard.press("5")  # not yet sent, and so not kept
    page.context.close()

    page = open_page(link)
    assert place(page) == "3 of 4" and page.locator("input:checked").count() == 0
    page.click("#back")
    page.wait_for_url("**/2")
    assert chosen(page) == ["3", "4"]
    page.keyboard.press("9")  # thought better of it: the first question is the one in hand
    page.keyboard.press("Tab")
    page.locator("#realism input:checked").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/3")
    for number in ("3", "4"):
        assert place(page) == f"{number} of 4"
        page.keyboard.press("1")
        page.keyboard.press("2")
        page.keyboard.press("Enter")
        page.wait_for_url("**/4" if number == "3" else f"**{link}")
    assert "Thank you" in page.inner_text("h1") and "All 4 images" in page.inner_text("body")
    keep_picture(page, "done")

    admin = open_page(study.admin)
    row = admin.locator("tr", has_text="anna")
    assert "4 of 4" in row.inner_text() and row.locator("td").all_inner_texts()[1:3] == ["2", "2"]


def test_a_rating_outlives_a_bad_connection(study, open_page):
    link = study.add("on a train")
    page = open_page(link)
    failures = []

    def drop(route):
        if route.request.method == "POST" and len(failures) < 2:
            failures.append(route.request.url)
            if len(failures) == 2:
                route.fetch(max_redirects=0)  # it arrives, and the answer is lost
            route.abort()
        else:
            route.continue_()

    intercept(page, drop)
    for key in ("8", "6", "Enter"):
        page.keyboard.press(key)
    page.wait_for_url("**/2")
    assert len(failures) == 2
    page.click("#back")
    page.wait_for_url("**/1")
    assert chosen(page) == ["8", "6"]
    assert "1 of 4" in open_page(study.admin).locator("tr", has_text="on a train").inner_text()


def answer_all(page, *keys):
    for key in (*keys, "Enter"):
        page.keyboard.press(key)


def test_answers_are_held_still_while_they_are_sent(study, open_page):
    page = open_page(study.add("impatient"))
    answer_all(page, "8", "6")
    page.wait_for_url("**/2")
    lost, waiting = [True], []
    intercept(page, lambda route: (waiting.append(1), route.abort())[1] if lost[0] and is_post(route) else route.continue_())
    assert page.evaluate(LEAVES)
    answer_all(page, "3", "4")
    page.locator("#status", has_text="trying again").wait_for()
    assert page.locator("fieldset:disabled").count() == 2 and page.locator("button").is_disabled()
    assert page.locator("#back[inert]").count() == 1 and not page.evaluate(LEAVES)
    answer_all(page, "9", "9")
    page.locator("#effectiveness label").first.click(force=True)
    page.locator("#back").click(force=True)
    page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow'))")  # as when the pictures arrive only now
    assert chosen(page) == ["3", "4"] and place(page) == "2 of 4" and page.locator("fieldset:disabled").count() == 2
    lost[0] = False
    page.wait_for_url("**/3")
    assert waiting and page.evaluate(LEAVES)
    page.click("#back")
    page.wait_for_url("**/2")
    assert chosen(page) == ["3", "4"] and page.locator("fieldset:disabled").count() == 0


@pytest.mark.parametrize("status", [408, 425, 429, 500, 503])
def test_what_passes_is_tried_again(study, open_page, status):
    page = open_page(study.add(f"patient {status}"))
    answers = []

    def busy(route):
        if not is_post(route) or answers:
            return route.continue_()
        answers.append(status)
        route.fulfill(status=status, body="busy")

    intercept(page, busy)
    answer_all(page, "5", "5")
    page.wait_for_url("**/2")
    assert answers == [status]


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        ({"status": 303, "headers": {"location": "/sign-in"}}, "something else than the study answered"),
        ({"status": 200, "body": "<h1>Welcome to our wireless network</h1>"}, "something else than the study answered"),
        ({"status": 200, "body": "null"}, "something else than the study answered"),
        ({"status": 403, "json": {"kept": False, "why": "Said by the server."}}, "Said by the server."),
    ],
)
def test_only_the_study_itself_acknowledges(study, open_page, reply, words):
    page = open_page(study.add(f"behind a proxy {reply}"[:90]))
    intercept(page, lambda route: route.fulfill(**reply) if is_post(route) else route.continue_())
    answer_all(page, "5", "5")
    page.locator("#status", has_text=words).wait_for()
    assert place(page) == "1 of 4" and page.locator("fieldset:disabled").count() == 0 and page.evaluate(LEAVES)
    page.unroute(MINE)
    answer_all(page)  # the button is in focus again
    page.wait_for_url("**/2")


def test_an_answer_to_pictures_that_were_replaced_says_to_reload(study, open_page):
    page = open_page(study.add("long away"))
    page.evaluate("document.querySelector('[name=shown]').value = 'a'.repeat(32)")
    answer_all(page, "5", "5")
    page.locator("#status", has_text="Reload the page").wait_for()
    page.reload()
    assert page.locator("input:checked").count() == 0
    answer_all(page, "5", "5")
    page.wait_for_url("**/2")


def test_a_first_try_that_arrives_last_does_not_undo_a_correction(study, open_page):
    link = study.add("on a slow train")
    page, late = open_page(link), []

    def delay(route):
        if is_post(route) and not late:
            late.append(route.request.post_data)
            return route.abort()
        route.continue_()

    intercept(page, delay)
    answer_all(page, "8", "6")
    page.wait_for_url("**/2")
    page.click("#back")
    page.wait_for_url("**/1")
    page.evaluate("Date.now = () => 5")  # as on a device whose clock is behind
    page.locator("#effectiveness label").nth(1).click()
    page.click("button")
    page.wait_for_url("**/2")
    assert study.ask(link, late[0])[0] == 303
    page.click("#back")
    page.wait_for_url("**/1")
    assert chosen(page) == ["2", "6"]


def test_it_fits_a_phone(study, open_page):
    link = study.add("with a phone")
    page = open_page(link, viewport={"width": 375, "height": 740}, has_touch=True, is_mobile=True, device_scale_factor=2)
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
    for label in page.locator(".choices label").all():
        box = label.bounding_box()
        assert box["width"] >= 30 and box["height"] >= 40
    original, mask, edited = (image.bounding_box() for image in page.locator("figure img").all())
    boxes = (original, mask, edited)
    assert all(box["height"] > 100 and abs(box["width"] / box["height"] - 1.5) < 0.02 for box in boxes)
    assert original["width"] == edited["width"] > 0.75 * 375 and original["y"] < edited["y"] < mask["y"]
    questions = page.locator("#effectiveness").bounding_box()["y"]
    assert edited["y"] + edited["height"] - original["y"] <= questions  # both are seen at once, and uncovered
    assert page.locator("button").bounding_box()["y"] < 740
    page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
    below = page.locator("figure img").nth(1).bounding_box()
    assert below["y"] + below["height"] <= page.locator("#effectiveness").bounding_box()["y"]  # and the mask can be
    page.locator("figure a").first.tap()
    page.locator("#large").wait_for()
    assert page.locator("#large p").inner_text() == "Original"
    page.wait_for_function("(image => image.complete && image.naturalWidth)(document.querySelector('#large img'))")
    assert page.locator("#large img").bounding_box()["width"] > 0.95 * 375  # larger than its 360 pixels
    page.locator("#large").tap()
    page.locator("#large").wait_for(state="hidden")
    page.locator("#effectiveness label").nth(9).tap()
    page.locator("#realism label").nth(0).tap()
    assert chosen(page) == ["10", "1"]
    page.locator("button").tap()
    page.wait_for_url("**/2")
    keep_picture(page, "phone")


def test_it_works_without_scripts(study, open_page):
    link = study.add("careful")
    page = open_page(link, java_script_enabled=False)
    page.locator("#effectiveness label").nth(4).click()
    page.locator("#realism label").nth(5).click()
    page.click("button")
    page.wait_for_url("**/2")
    page.click("#back")
    assert chosen(page) == ["5", "6"]


def test_the_admin_makes_a_link_and_hostile_names_stay_text(study, open_page):
    page = open_page(study.admin)
    name = f"</td><script>alert(2)</script>{SCRIPT}"
    page.fill("input[name=name]", name)
    page.click("button")
    row = page.locator("tr", has_text="alert(2)")
    row.wait_for()
    assert row.locator("th").inner_text() == name and row.last.evaluate("row => !row.nextElementSibling")
    assert page.evaluate("document.images.length") == 0
    assert SCRIPT in page.locator("thead").inner_text() and not page.locator(".swipe").is_visible()
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.locator(".swipe").is_visible() and page.evaluate("document.documentElement.scrollWidth") <= 390
    row.locator("a").click()
    page.wait_for_url("**/1")
    assert place(page) == "1 of 4"


def keep_picture(page, name):
    """For whoever changes the pages, and wants to look at them."""
    if folder := os.environ.get("STUDY_SCREENSHOTS"):
        page.screenshot(path=f"{folder}/{name}.png")
