"""The HTML report: whole without a network, safe whatever the code says, and with every risk in it."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from typing import Any

import pytest

from heatline.report.checked import CheckedFile, FailedFile
from heatline.report.html import HtmlReport
from tests.unit.report.samples import Text, checked, run, written

HOSTILE = "</script><script>alert(1)</script><!-- \"' & \x1b\u202e"
VOID = {"meta", "input"}


class Page(HTMLParser):
    """The elements, the texts of scripts and styles, and whether every element is closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.opened: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.raw: list[tuple[str, dict[str, str | None], str]] = []
        self.words = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.opened.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.opened.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.opened and self.opened[-1] in ("script", "style"):
            self.raw.append((self.opened[-1], self.elements[-1][1], data))
        else:
            self.words += data


def page(*files: CheckedFile, failures: tuple[FailedFile, ...] = ()) -> Page:
    parsed = Page(written(HtmlReport, files, failures))
    assert parsed.opened == []
    return parsed


def sample(name: str = "src/a.py", **more: Any) -> CheckedFile:
    text = Text([0.1, 0.42, None, 0.3], code=["x = 1", "é😋 = x", "", "y = 2"])
    return checked(name, text, run().flagging, **more)


def data(parsed: Page) -> list[Any]:
    return [
        json.loads(text)
        for tag, attributes, text in parsed.raw
        if attributes.get("type") == "application/json"
    ]


def test_it_asks_no_network_for_anything() -> None:
    text = written(HtmlReport, [sample()])
    assert not re.search(r"https?:|//[a-z]+\.|url\(|@import|\bsrc=|<link|fetch\(", text)


def test_its_policy_allows_its_own_script_and_style_and_nothing_else() -> None:
    parsed = page(sample())
    policy = next(
        attributes["content"] for tag, attributes in parsed.elements if attributes.get("http-equiv")
    )
    assert policy is not None
    assert policy.startswith("default-src 'none';")
    inline = [(tag, text) for tag, attributes, text in parsed.raw if "type" not in attributes]
    assert [tag for tag, _ in inline] == ["style", "script"]
    for _, text in inline:
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy
    assert not any(
        name == "style" or name.startswith("on") for _, attributes in parsed.elements for name in attributes
    )


def test_every_line_and_token_is_in_it_with_both_risks() -> None:
    (file,) = data(page(sample()))
    assert file["text"] == ["x = 1", "é😋 = x", "", "y = 2"]
    assert file["lines"] == [
        [1, 100, 50, 0, None, [0, 5, 100, 50]],
        [2, 420, 210, 1, None, [0, 6, 420, 210]],
        [4, 300, 150, 1, None, [0, 5, 300, 150]],
    ]
    assert file["scopes"] == [["", 1, 4, 600, 700]]


def test_what_is_kept_quiet_says_why() -> None:
    text = Text([0.9])
    (file,) = data(
        page(CheckedFile("a.py", text.text, text, tuple(text.lines), frozenset(), {0: "reviewed"}))
    )
    assert file["lines"][0][3:5] == [0, "reviewed"]


def test_flagged_lines_are_listed_for_readers_without_scripts() -> None:
    parsed = page(sample("a.py"), sample("b.py"))
    links = [attributes["href"] for tag, attributes in parsed.elements if tag == "a"]
    assert links == ["#f0-2", "#f0-4", "#f1-2", "#f1-4"]
    assert "line 2 42 %" in parsed.words
    assert "6 lines in 2 files: 4 flagged (at or above 30 %)." in parsed.words


@pytest.mark.parametrize("place", ["code", "name", "failure"])
def test_code_and_names_are_never_markup(place: str) -> None:
    text = Text([0.5], code=[HOSTILE if place == "code" else "x"])
    file = checked(HOSTILE if place == "name" else "a.py", text, run().flagging)
    failures = (FailedFile("b", HOSTILE),) if place == "failure" else ()
    parsed = page(file, failures=failures)
    assert [tag for tag, _ in parsed.elements].count("script") == 2
    assert not any("<" in text for _, attributes, text in parsed.raw if "type" in attributes)
    if place == "code":
        assert data(parsed)[0]["text"] == ["</script><script>alert(1)</script><!-- \"' & ␛\ufffd"]
    else:
        assert "alert(1)</script>" in parsed.words + str(parsed.elements)


def test_controls_have_names_for_those_who_cannot_see_them() -> None:
    text = written(HtmlReport, [sample()])
    parsed = page(sample())
    assert ("html", {"lang": "en"}) in parsed.elements
    for tag, attributes in parsed.elements:
        if tag in ("input", "select"):
            assert re.search(rf'<label>[^<]*<(input|select)[^>]*id="{attributes["id"]}"', text)
    assert any(attributes.get("aria-live") == "polite" for _, attributes in parsed.elements)


def test_what_could_not_be_checked_is_said() -> None:
    assert (
        "gone.py does not exist." in page(failures=(FailedFile("gone.py", "gone.py does not exist."),)).words
    )


def test_lone_surrogates_can_be_written() -> None:
    written(HtmlReport, [checked("\udce9.py", Text([0.5], code=["\ud800"]), run().flagging)]).encode("utf-8")
