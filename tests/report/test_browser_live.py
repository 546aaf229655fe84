"""What the page's script adds: a row to fill in, sorting, filtering, folding, tabs, paper."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

pytest.importorskip("selenium")

from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select

Opened = Callable[..., Any]


def retype(page: Any, name: str, text: str) -> None:
    """Write into the shown field of a name."""
    label = next(one for one in page.all("label") if one.text == name and one.is_displayed())
    field = page.one(f"#{label.get_attribute('for')}")
    field.clear()
    field.send_keys(text)


def answer(page: Any) -> str:
    return " ".join(" ".join(page.seen(".answer")).split())


# ---- the row form ----


def test_a_row_says_its_answer_path_rule_and_the_measured_fidelity(
    opened: Opened, demo: Any
) -> None:
    page = opened("audit")
    one = demo.audit().surrogates[0]
    for age, income, debt in ((20, 38640, 0.129), (70, 12000, 0.5), (30, 90000, 0.9)):
        for name, value in (("age", age), ("income", income), ("debt ratio", debt)):
            retype(page, name, str(value))
        row = {
            "age": [age],
            "income": [income],
            "hours per week": [40],
            "debt ratio": [debt],
            "housing": ["owns"],
        }
        label = str(one.predict(row)[0])
        p = float(one.predict_values(row).max())
        said = answer(page)
        assert said.startswith(f"The surrogate says {label} (probability {p:.2f}")
        leaf = int(one.form.apply(one.domain.encode(row))[0])
        conditions = [item.text for item in page.all(".answer .way li")]
        assert len(conditions) == one.form.depths[leaf]
        assert "Where it decided" in said
        assert one.fidelity[0].main.interval_text() in said
        marked = page.all(".outline .hit")
        assert int(marked[-1].get_attribute("data-node")) == leaf
        rule = page.one("tr.hit")
        assert rule.find_element("css selector", "td:nth-child(3)").text == label
        assert page.text(".told") == f"{label} (probability {p:.2f})"


def test_what_is_no_row_is_said_and_answers_nothing(opened: Opened) -> None:
    page = opened("audit")
    retype(page, "age", "20.5")
    assert answer(page) == "Not a row yet: age (whole number)."
    assert page.text(".told") == answer(page)
    assert page.all(".hit") == []
    assert page.one("[aria-invalid=true]").get_attribute("type") == "number"
    retype(page, "age", "")
    assert answer(page).startswith("Not a row yet: age")
    retype(page, "age", "20")
    assert answer(page).startswith("The surrogate says")
    assert page.all("[aria-invalid]") == []


def test_a_row_starts_from_those_explained(opened: Opened, demo: Any) -> None:
    page = opened("several")
    rows = demo.several().local.rows
    start = Select(page.one(".start select"))
    assert [option.text for option in start.options] == ["row Ann", "row Bo", "row Cy", "row Di"]
    start.select_by_index(2)
    shown = [float(one.get_attribute("value")) for one in page.all(".tab:not(.away) .field input")]
    np.testing.assert_array_equal(shown, rows[2][[0, 1, 3]])


def test_every_form_answers_as_python_does(opened: Opened, demo: Any) -> None:
    page = opened("several")
    audit = demo.several()
    tabs = page.all("[role=tab]")[: len(audit.surrogates)]
    for tab, one in zip(tabs, audit.surrogates):
        tab.click()
        at = one.form.predict(audit.local.rows[:1])[0]
        said = answer(page)
        assert said.startswith(f"The surrogate says {one.classes[at]} (")
        assert page.all(".tab:not(.away) .hit")


def test_kinds_of_columns_have_fields_of_their_own(opened: Opened) -> None:
    page = opened("mixed")
    assert answer(page).startswith("The surrogate says")
    fields = {field.find_element("tag name", "label").text: field for field in page.all(".field")}
    work = Select(fields["work"].find_element("tag name", "select"))
    assert [option.text for option in work.options] == [
        "Federal",
        "Private",
        "State",
        "(missing)",
    ]
    work.select_by_visible_text("Federal")
    retype(page, "age", "50")
    assert "Rule 1" not in answer(page)
    work.select_by_visible_text("(missing)")
    assert "or missing" in answer(page)
    colour = Select(fields["colour"].find_element("tag name", "select"))
    assert [option.text for option in colour.options] == ["red", "blue"]
    work.select_by_visible_text("Federal")
    before = answer(page)
    colour.select_by_visible_text("red" if colour.first_selected_option.text == "blue" else "blue")
    assert answer(page) != before
    retype(page, "age", "200")
    assert answer(page) == "Not a row yet: age (whole number, 17 to 90 years)."


# ---- tables ----


def test_rules_are_sorted_up_down_and_back(opened: Opened) -> None:
    page = opened("audit")
    rules = page.one("#surrogate [data-live]")
    head = rules.find_elements("css selector", "th")[3]

    def cells(at: int) -> list[str]:
        return [one.text for one in rules.find_elements("css selector", f"td:nth-child({at})")]

    own = cells(1)
    counts = [int(text.replace(",", "")) for text in cells(4)]
    button = head.find_element("tag name", "button")
    button.click()
    assert head.get_attribute("aria-sort") == "ascending"
    assert [int(text.replace(",", "")) for text in cells(4)] == sorted(counts)
    button.send_keys(Keys.ENTER)
    assert head.get_attribute("aria-sort") == "descending"
    assert [int(text.replace(",", "")) for text in cells(4)] == sorted(counts, reverse=True)
    button.send_keys(Keys.SPACE)
    assert head.get_attribute("aria-sort") is None
    assert cells(1) == own


def test_rules_are_filtered_by_words(opened: Opened) -> None:
    page = opened("audit")
    field = page.one("#surrogate input[type=search]")
    rules = page.one("#surrogate [data-live] tbody").find_elements("tag name", "tr")
    field.send_keys("GRANTED debt ratio")
    shown = [rule for rule in rules if rule.is_displayed()]
    assert 0 < len(shown) < len(rules)
    assert all("granted" in rule.text and "debt" in rule.text for rule in shown)
    assert page.text("#surrogate .tools [role=status]") == f"{len(shown)} of {len(rules)}"
    field.clear()
    field.send_keys("nothing says this")
    assert not any(rule.is_displayed() for rule in rules)
    field.clear()
    field.send_keys(" ")
    assert all(rule.is_displayed() for rule in rules)


def test_local_explanations_are_sorted_by_fidelity(opened: Opened) -> None:
    page = opened("audit")
    table = page.one("#local [data-live]")
    heads = table.find_elements("css selector", "th")
    at = next(i for i, head in enumerate(heads) if head.text.startswith("fidelity"))
    heads[at].find_element("tag name", "button").click()
    cells = table.find_elements("css selector", f"td:nth-child({at + 1})")
    values = [float(cell.text.split()[0]) for cell in cells]
    assert values == sorted(values)


# ---- the tree ----


def test_the_tree_folds(opened: Opened) -> None:
    page = opened("audit")
    open_all, close_all = page.all(".outline-tools button")[:2]
    leaves = page.all(".outline .then")
    open_all.click()
    assert all(leaf.is_displayed() for leaf in leaves)
    close_all.click()
    assert not any(leaf.is_displayed() for leaf in leaves[:4])
    page.one(".outline summary").click()
    assert page.run("return document.querySelector('.outline details').open")


def test_the_tree_is_walked_by_arrows(opened: Opened) -> None:
    page = opened("audit")
    page.one(".outline summary").send_keys(Keys.HOME)
    focused = "return document.activeElement.querySelector('.if').textContent"
    texts = [one.text for one in page.all(".outline summary .if") if one.is_displayed()]
    assert page.run(focused) == texts[0]
    page.browser.switch_to.active_element.send_keys(Keys.ARROW_DOWN)
    assert page.run(focused) == texts[1]
    page.browser.switch_to.active_element.send_keys(Keys.ARROW_LEFT)
    assert not page.run("return document.activeElement.parentElement.open")
    page.browser.switch_to.active_element.send_keys(Keys.ARROW_LEFT)
    assert page.run(focused) == texts[0]
    page.browser.switch_to.active_element.send_keys(Keys.ARROW_RIGHT)
    page.browser.switch_to.active_element.send_keys(Keys.ARROW_RIGHT)
    assert page.run("return document.activeElement.parentElement.open")


# ---- tabs ----


def test_tabs_show_one_surrogate_and_go_together(opened: Opened) -> None:
    page = opened("several")
    lists = page.all("[role=tablist]")
    titles = [tab.text for tab in lists[0].find_elements("css selector", "[role=tab]")]
    assert titles == ["cart 1", "cart 2", "ripper", "oblique", "lore"]
    lists[0].find_elements("css selector", "[role=tab]")[3].click()
    for tabs in lists:
        chosen = tabs.find_elements("css selector", "[aria-selected=true]")
        assert [tab.text for tab in chosen] == ["oblique"]
        panel = page.one(f"#{chosen[0].get_attribute('aria-controls')}")
        assert panel.is_displayed()
        assert panel.get_attribute("aria-labelledby") == chosen[0].get_attribute("id")
    assert len([one for one in page.all("[role=tabpanel]") if one.is_displayed()]) == len(lists)


def test_tabs_are_walked_by_arrows(opened: Opened) -> None:
    page = opened("several")
    first = page.one("[role=tab]")
    first.send_keys(Keys.ARROW_LEFT)
    assert page.browser.switch_to.active_element.text == "lore"
    page.browser.switch_to.active_element.send_keys(Keys.ARROW_RIGHT)
    assert page.browser.switch_to.active_element == first
    page.browser.switch_to.active_element.send_keys(Keys.END)
    assert page.browser.switch_to.active_element.get_attribute("aria-selected") == "true"
    assert [tab.get_attribute("tabindex") for tab in page.all("[role=tab]")[:5]] == [
        "-1",
        "-1",
        "-1",
        "-1",
        "0",
    ]


def test_an_address_opens_the_tab_that_holds_its_place(opened: Opened) -> None:
    page = opened("several", anchor="surrogate-3-row")
    assert page.one("#surrogate-3-row").is_displayed()
    assert page.one("[role=tab][aria-selected=true]").text == "ripper"


# ---- keyboard and paper ----


def test_the_keyboard_alone_reaches_everything(opened: Opened) -> None:
    page = opened("audit")
    reached: list[str] = []
    for _ in range(160):
        page.browser.switch_to.active_element.send_keys(Keys.TAB)
        said = page.run(
            "const e = document.activeElement; return [e.tagName, e.className, e.type ?? '',"
            " getComputedStyle(e).outlineStyle].join(' ')"
        )
        if said.startswith("BODY"):
            break
        assert "none" not in said.split()[-1:], f"the focus is not seen on {said}"
        reached.append(said)
    for kind in ("skip", "theme", "SUMMARY", "number", "SELECT", "search", "sort", "scroll"):
        assert any(kind in said for said in reached), kind
    assert any(said.startswith("BUTTON") for said in reached)


def test_the_keyboard_alone_opens_what_is_folded(opened: Opened) -> None:
    page = opened("audit")
    details = page.one("#surrogate details:not(.outline details)")
    details.find_element("tag name", "summary").send_keys(Keys.ENTER)
    assert details.get_attribute("open") is not None
    assert "refused" in details.text


def test_on_paper_all_is_open_and_nothing_is_a_control(opened: Opened) -> None:
    page = opened("several", media="print")
    assert not page.seen("button:not(.sort), input, select, [role=tablist], .try, nav")
    assert all(one.is_displayed() for one in page.all(".tab, .outline .then, .tab-title"))
    page = opened("several")
    page.one("#surrogate input[type=search]").send_keys("nothing says this")
    closed = len(page.all("details:not([open])"))
    assert closed
    page.run("dispatchEvent(new Event('beforeprint'))")
    assert page.all("details:not([open])") == []
    page.run("dispatchEvent(new Event('afterprint'))")
    assert len(page.all("details:not([open])")) == closed
    page.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    assert all(row.is_displayed() for row in page.all("#surrogate [data-live] tbody tr"))


def test_paper_is_light(opened: Opened) -> None:
    page = opened("audit", scheme="dark")
    page.one(".theme").click()
    page.one(".theme").click()
    emulated = {"media": "print", "features": [{"name": "prefers-color-scheme", "value": "dark"}]}
    page.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", emulated)
    paper = page.run("return getComputedStyle(document.documentElement).backgroundColor")
    assert paper == "rgb(255, 255, 255)"
