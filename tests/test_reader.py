"""What the built book does for its reader, in a real browser: memory, colours, contents, tools."""

import json

import pytest

pytestmark = pytest.mark.browser

PAGE, LANDING = "chapters/claims", "chapters/index"


def kept(page):
    """Return what the page remembers under its own keys."""
    everything = page.evaluate("Object.entries(localStorage)")
    return {key: value for key, value in everything if key.startswith("descent:")}


def test_page_marked_as_read_is_ticked_in_the_contents_until_it_is_unmarked(visit, home):
    with visit(f"{home}/{PAGE}.html") as seen:
        tick = seen.page.locator(".contents a[data-read]")
        assert tick.count() == 0
        seen.page.locator(".read-button").click()
        assert tick.inner_text() == "Claims we checked"
        seen.page.reload()
        assert seen.page.locator(".read-button").get_attribute("aria-pressed") == "true"
        assert seen.page.locator(".progress-text").inner_text().startswith("1 of ")
        seen.page.locator(".read-button").click()
        assert tick.count() == 0


def test_landing_page_leads_back_to_where_the_reader_was(visit, home):
    with visit(f"{home}/{LANDING}.html") as seen:
        assert not seen.page.locator(".resume").is_visible()
        seen.page.goto(f"{home}/{PAGE}.html")
        seen.page.goto(f"{home}/{LANDING}.html")
        seen.page.locator(".resume a").click()
        seen.page.wait_for_url(f"**/{PAGE}.html")


def test_notes_go_to_a_file_and_come_back_after_all_is_forgotten(visit, home, tmp_path):
    with visit(f"{home}/{PAGE}.html") as seen:
        page = seen.page
        page.locator(".read-button").click()
        page.goto(f"{home}/{LANDING}.html")
        before = kept(page)
        assert f"descent:read:{PAGE}" in before
        with page.expect_download() as download:
            page.locator(".yours-save").click()
        download.value.save_as(tmp_path / "notes.json")
        assert json.loads((tmp_path / "notes.json").read_text()) == before

        page.on("dialog", lambda dialog: dialog.accept())
        with page.expect_navigation():
            page.locator(".yours-forget").click()
        assert kept(page) == {}

        with page.expect_navigation():
            page.locator(".yours input").set_input_files(tmp_path / "notes.json")
        assert kept(page) == before


@pytest.mark.parametrize("text", ['{"descent:mode": 3}', '{"descent:last": "{"}'])
def test_file_of_something_else_is_refused(visit, home, tmp_path, text):
    (tmp_path / "other.json").write_text(text)
    with visit(f"{home}/{LANDING}.html") as seen:
        seen.page.locator(".yours input").set_input_files(tmp_path / "other.json")
        seen.page.get_by_text("This file holds no notes of this book.").wait_for()
        assert kept(seen.page) == {}


def test_prerequisites_advise_once_all_are_answered(visit, home):
    with visit(f"{home}/{LANDING}.html") as seen:
        questions = seen.page.locator("[data-widget=question]")
        for index in range(questions.count()):
            assert seen.page.locator(".advice").inner_text() == ""
            questions.nth(index).locator("button").first.click()
        seen.page.wait_for_function("document.querySelector('.advice').textContent")
        assert f" of {questions.count()}" in seen.page.locator(".advice").inner_text()


def test_colours_follow_the_system_until_the_reader_chooses(visit, home):
    with visit(f"{home}/{PAGE}.html", dark=True) as seen:
        theme = "document.documentElement.dataset.theme"
        assert seen.page.evaluate(theme) == "dark"
        seen.page.locator(".mode-button").click()
        assert seen.page.evaluate(theme) == "light"
        assert seen.page.locator(".mode-button").get_attribute("aria-label") == "Colours: light"
        seen.page.reload()
        assert seen.page.evaluate(theme) == "light"


def test_contents_open_and_close_on_a_phone_by_keyboard(visit, home):
    with visit(f"{home}/{PAGE}.html", phone=True) as seen:
        button, contents = seen.page.locator(".menu-button"), seen.page.locator("#contents")
        assert not contents.is_visible()
        button.focus()
        seen.page.keyboard.press("Enter")
        contents.wait_for(state="visible")
        assert button.get_attribute("aria-expanded") == "true"
        seen.page.keyboard.press("Escape")
        contents.wait_for(state="hidden")
        assert button.evaluate("e => e === document.activeElement")


def test_slash_leads_to_the_search(visit, home):
    with visit(f"{home}/{PAGE}.html") as seen:
        seen.page.keyboard.press("/")
        seen.page.keyboard.type("assert")
        seen.page.keyboard.press("Enter")
        seen.page.wait_for_url("**/search.html?q=assert")


def test_report_names_page_and_version(visit, home):
    with visit(f"{home}/{PAGE}.html") as seen:
        address = seen.page.get_by_text("Report an error on this page").get_attribute("href")
        assert "/issues/new?" in address
        assert "chapters%2Fclaims" in address
        assert "Version%3A+0." in address
