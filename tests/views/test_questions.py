"""The Questions page: the list with its filters, and one question from recall to rating."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from study.bank import Compute
from study.text import Text
from tests.views.conftest import both, question
from views.recall.answering import format_number, judge_number, parse_number
from views.recall.demo import run_demo
from views.recall.filters import Filters, read_filters
from views.recall.listing import PER_PAGE


def listed(page):
    """The questions shown, by the word their texts are made of."""
    return [label.removeprefix("Why ").split("?")[0] for label in page.links if "Why" in label]


class TestList:
    def test_all_in_the_order_of_the_bank(self, visit):
        page = visit().open("questions")
        assert listed(page) == ["first", "second", "third"]
        assert "3 found" in page.texts
        assert "Topic cache in English · frequent · easy · 7 min" in page.texts

    def test_rows_lead_to_the_questions(self, visit):
        links = visit().open("questions").links
        assert links["Why second? in English"] == "questions?id=second&lang=en"

    @pytest.mark.parametrize(
        ("query", "expected"),
        [
            ({"topic": "cache"}, ["third"]),
            ({"level": "hard"}, ["second"]),
            ({"state": "again"}, ["first"]),
            ({"state": "unread"}, ["second", "third"]),
            ({"frequency": "occasional"}, ["second"]),
            ({"role": "inference"}, ["second", "third"]),
            ({"role": "inference", "frequency": "frequent", "q": "full"}, ["third"]),
            ({"q": "full third"}, ["third"]),
            ({"q": "中文"}, ["first", "second", "third"]),
            ({"q": "second", "level": "easy"}, []),
            ({"topic": "core", "level": "easy", "state": "again", "q": "first"}, ["first"]),
        ],
    )
    def test_filters_of_the_address(self, visit, kept, query, expected):
        kept.add_rating("local", "first", "again")
        page = visit().open("questions", **query)
        assert listed(page) == expected
        assert f"{len(expected)} found" in page.texts

    def test_widgets_show_the_address(self, visit):
        page = visit().open("questions", topic="cache", q="third").page
        assert page.selectbox(key="topic").value == "cache"
        assert page.text_input(key="q").value == "third"
        assert page.selectbox(key="level").value is None

    def test_a_choice_goes_into_the_address(self, visit):
        page = visit().open("questions", q="why")
        page.page.selectbox(key="level").select("hard").run()
        assert page.address in ({"q": "why", "level": "hard"}, {"q": ["why"], "level": ["hard"]})
        assert listed(page) == ["second"]

    @pytest.mark.parametrize(
        ("name", "option"), [("frequency", "occasional"), ("role", "research")]
    )
    def test_more_filters(self, visit, name, option):
        page = visit().open("questions")
        assert page.page.get("popover")[0].proto.popover.label == "More filters"
        page.page.selectbox(key=name).select(option).run()
        assert page.address in ({name: option}, {name: [option]})
        assert page.page.get("popover")[0].proto.popover.label == "More filters (1)"
        assert listed(page) == ["second"]
        assert page.click("clear").page.selectbox(key=name).value is None

    def test_search_goes_into_the_address(self, visit):
        page = visit().open("questions")
        page.page.text_input(key="q").set_value("third").run()
        assert "third" in page.address["q"]
        assert listed(page) == ["third"]

    def test_clear(self, visit):
        page = visit().open("questions", topic="cache").click("clear")
        assert page.address == {}
        assert listed(page) == ["first", "second", "third"]
        assert page.page.selectbox(key="topic").value is None

    def test_nothing_found(self, visit):
        page = visit().open("questions", q="zebra")
        assert any("Nothing matches" in text for text in page.texts)

    def test_rated_questions_say_so(self, visit, kept):
        kept.add_rating("local", "third", "good")
        texts = visit("zh").open("questions").texts
        assert "Topic cache中文 · 高频 · 简单 · 7 分钟 · 记得" in texts

    def test_empty_bank(self, visit, content):
        for file in content.folder.glob("*.yaml"):
            file.unlink()
        assert any("no questions yet" in text for text in visit().open("questions").texts)


class TestPages:
    @pytest.fixture(autouse=True)
    def many(self, content):
        content.topic("many", *[question(f"q{n:03}") for n in range(2 * PER_PAGE)], order=3)

    def test_shows_one_page(self, visit):
        page = visit().open("questions")
        assert len(listed(page)) == PER_PAGE
        assert f"{2 * PER_PAGE + 3} found" in page.texts

    def test_address_names_the_page(self, visit):
        page = visit().open("questions", page="3")
        assert listed(page) == [f"q{n:03}" for n in range(2 * PER_PAGE - 3, 2 * PER_PAGE)]

    def test_turning_the_page(self, visit):
        page = visit().open("questions")
        page.page.pagination(key="page").set_value(2).run()
        assert "2" in page.address["page"]
        assert listed(page)[0] == f"q{PER_PAGE - 3:03}"

    def test_a_filter_starts_at_the_first_page(self, visit):
        page = visit().open("questions", page="3")
        page.page.selectbox(key="topic").select("many").run()
        assert "page" not in page.address
        assert listed(page)[0] == "q000"

    def test_a_page_too_far_is_the_last(self, visit):
        assert listed(visit().open("questions", page="99"))[-1] == f"q{2 * PER_PAGE - 1:03}"


class TestBadAddress:
    @pytest.mark.parametrize("name", ["topic", "level", "state", "frequency", "role", "page"])
    @pytest.mark.parametrize("value", ["nonsense", "-1", "<b>", "[a](http://x)", "9" * 5000, "²"])
    def test_unknown_filter_is_told_and_ignored(self, visit, name, value):
        page = visit().open("questions", **{name: value})
        (notice,) = page.page.info
        assert "does not exist; it is ignored" in notice.value
        assert len(notice.value) < 300
        assert listed(page) == ["first", "second", "third"]

    @pytest.mark.parametrize("value", ["nonsense", "../../etc/passwd", "<script>", "x" * 5000])
    def test_unknown_question_is_told_and_the_list_shown(self, visit, value):
        page = visit().open("questions", id=value)
        (notice,) = page.page.warning
        assert "There is no question" in notice.value
        assert "<" not in notice.value.replace("\\<", "")
        assert listed(page) == ["first", "second", "third"]

    def test_broken_entry_is_named(self, visit, content):
        content.topic("broken", question("bad", minutes="soon"), order=3)
        page = visit().open("questions")
        assert "questions[0].minutes" in page.page.code[0].value
        assert listed(page) == ["first", "second", "third"]


@pytest.mark.parametrize(
    "filters",
    [
        Filters(),
        Filters(q="a b"),
        Filters(topic="core", page=3),
        Filters("x", "core", "easy", "good", "frequent", "research"),
    ],
)
def test_address_round_trip(filters, content, kept):
    from views.session import bank

    assert read_filters(filters.address(), bank()) == (filters, {})


class TestQuestion:
    def test_asks_before_it_answers(self, visit):
        page = visit().open("questions", id="first")
        assert page.title == "Why first? in English"
        assert not [text for text in page.texts if "short first" in text or "full first" in text]
        assert not [button.key for button in page.page.button if button.key.startswith("rate")]

    @pytest.mark.parametrize("language", ["en", "zh"])
    def test_reveals_everything(self, visit, language):
        page = visit(language).open("questions", id="first").click("show")
        for text in ("short first", "full first $x^2$", "claim", "why", "answer"):
            assert any(both(text)[language] in shown for shown in page.texts), text
        assert "- [A paper](https://example.org/a), Section 3" in page.texts
        assert [e.label for e in page.page.expander] == [both(f"after {n}")[language] for n in "12"]

    def test_formulas_reach_the_page_untouched(self, visit):
        page = visit().open("questions", id="first").click("show")
        assert "full first $x^2$ in English" in page.texts

    def test_links_to_the_lab(self, visit, content):
        lab = [{"title": both("set-up"), "query": "variant=multi_head&heads=4"}]
        content.topic("more", question("linked", lab=lab, problems=["self-attention"]), order=3)
        links = visit().open("questions", id="linked").click("show").links
        assert links["set-up in English"] == "lab?variant=multi_head&heads=4&lang=en"
        assert links["Scaled dot-product attention"] == "lab?variant=scaled_dot_product&lang=en"
        assert "problems?slug=self-attention&lang=en" in links.values()

    def test_ticks_are_kept(self, visit, kept):
        page = visit().open("questions", id="first").click("show")
        page.page.checkbox(key="tick_first_1").check().run()
        page.page.checkbox(key="tick_first_2").check().run()
        assert kept.ticks("local", "first") == [1, 2]
        assert "2 of 3 points" in page.texts
        page.page.checkbox(key="tick_first_1").uncheck().run()
        assert kept.ticks("local", "first") == [2]

    def test_ticks_come_back(self, visit, kept):
        kept.save_ticks("local", "first", [0, 2])
        page = visit().open("questions", id="first").click("show").page
        assert [page.checkbox(key=f"tick_first_{n}").value for n in range(3)] == [True, False, True]

    @pytest.mark.parametrize("word", ["again", "hard", "good", "easy"])
    def test_rating_is_kept(self, visit, kept, word):
        page = visit().open("questions", id="first").click("show").click(f"rate_{word}")
        assert kept.ratings("local")["first"].rating == word
        button = page.page.button(key=f"rate_{word}")
        assert button.proto.type == "primary"

    def test_keys(self, visit):
        page = visit().open("questions", id="first").page
        keys = {"show": "a", "back": "p", "next": "n"}
        assert {name: page.button(key=name).proto.shortcut for name in keys} == keys
        page.button(key="show").click().run()
        words = ["again", "hard", "good", "easy"]
        assert [page.button(key=f"rate_{w}").proto.shortcut for w in words] == list("1234")


class TestNextAndBack:
    def test_follow_the_bank(self, visit):
        page = visit().open("questions", id="first").click("next")
        assert page.title == "Why second? in English"
        assert page.address == {"id": "second"}
        assert page.click("next").title == "Why third? in English"
        assert page.click("back").title == "Why second? in English"

    def test_follow_the_list(self, visit, kept):
        kept.add_rating("local", "second", "good")
        page = visit().open("questions", state="unread")
        page.page.query_params = {"id": "first"}
        page.page.run()
        assert "1 of 2" in page.texts
        assert page.click("next").title == "Why third? in English"

    def test_a_rating_does_not_change_the_list_under_way(self, visit):
        page = visit().open("questions", state="unread")
        page.page.query_params = {"id": "first"}
        page.page.run()
        page.click("show").click("rate_good").click("next")
        assert page.title == "Why second? in English"
        assert "2 of 3" in page.texts

    def test_end_of_the_list(self, visit):
        page = visit().open("questions", id="third").page
        assert page.button(key="next").disabled
        assert not page.button(key="back").disabled

    def test_way_back_keeps_the_filters(self, visit):
        page = visit().open("questions", topic="core", level="hard")
        page.page.query_params = {"id": "second"}
        page.page.run()
        assert page.links["All questions"] == "questions?topic=core&level=hard"

    def test_the_next_question_is_not_revealed(self, visit):
        page = visit().open("questions", id="first").click("show").click("next")
        assert page.page.button(key="show")


ONE = [{"text": both(t), "correct": t == "yes", "why": both(f"because {t}")} for t in ("no", "yes")]
ALL = [*ONE, {"text": both("also"), "correct": True, "why": both("because also")}]


class TestChoices:
    @pytest.fixture(autouse=True)
    def entries(self, content):
        content.topic("more", question("one", choices=ONE), question("all", choices=ALL), order=3)

    def test_wrong_choice_says_why(self, visit):
        page = visit().open("questions", id="one")
        page.page.radio(key="choice_one").set_value(0).run()
        page.click("check_one")
        assert page.page.warning[0].value == "Not yet; here is why."
        assert any("because no" in text for text in page.texts)
        assert not any("because yes" in text for text in page.texts)

    def test_right_choice_is_kept_and_comes_back(self, visit, kept):
        page = visit().open("questions", id="one")
        page.page.radio(key="choice_one").set_value(1).run()
        assert page.click("check_one").page.success
        assert kept.answer("local", "one") == "B"
        assert visit().open("questions", id="one").page.radio(key="choice_one").value == 1

    def test_nothing_picked(self, visit):
        assert visit().open("questions", id="one").click("check_one").page.info

    def test_several(self, visit, kept):
        page = visit().open("questions", id="all")
        page.page.checkbox(key="choice_all_1").check().run()
        assert "not all of them" in page.click("check_all").page.warning[0].value
        page.page.checkbox(key="choice_all_2").check().run()
        assert page.click("check_all").page.success
        assert kept.answer("local", "all") == "BC"
        again = visit().open("questions", id="all").page
        assert [again.checkbox(key=f"choice_all_{n}").value for n in range(3)] == [
            False,
            True,
            True,
        ]

    def test_reveal_explains_every_option(self, visit):
        texts = visit().open("questions", id="one").click("show").texts
        assert any("because no" in text for text in texts)
        assert any("because yes" in text for text in texts)


SIZE = {"unit": "GiB", "expression": "2 * 80 / 64", "answer": 2.5, "tolerance": 0.01}


class TestCompute:
    @pytest.fixture(autouse=True)
    def entries(self, content):
        content.topic("more", question("size", compute=SIZE), order=3)

    def enter(self, visit, text):
        page = visit().open("questions", id="size")
        page.page.text_input(key="number_size").set_value(text).run()
        return page.click("check_size").page

    @pytest.mark.parametrize("text", ["2.5", "5/2", " 2.50 ", "2.505", "25e-1", "2,5", "2.5 GiB"])
    def test_right(self, visit, text):
        assert self.enter(visit, text).success[0].value == "Right."

    @pytest.mark.parametrize(
        ("text", "words"),
        [("5", "Too large, by a factor of 2."), ("0.25", "Too small, by a factor of 10."),
         ("-2.5", "Not this number yet."), ("2.52", "Not this number yet."),
         ("many", "“many” is not a number")],
    )  # fmt: skip
    def test_wrong_says_how(self, visit, text, words):
        assert words in self.enter(visit, text).warning[0].value

    def test_nothing_entered(self, visit):
        assert visit().open("questions", id="size").click("check_size").page.info

    def test_blanks_are_nothing_entered(self, visit):
        assert self.enter(visit, "   ").info[0].value == "Enter a number first."

    def test_number_comes_back(self, visit):
        self.enter(visit, "3.5")
        page = visit().open("questions", id="size").page
        assert page.text_input(key="number_size").value == "3.5"

    def test_reveal_shows_the_calculation(self, visit):
        page = visit().open("questions", id="size").click("show")
        assert "Result (GiB): **2.5**" in page.texts
        assert page.page.code[0].value == "2 * 80 / 64"

    @pytest.mark.parametrize(
        ("unit", "language", "label", "result"),
        [({"en": "days", "zh": "天"}, "en", "Your number (days)", "Result (days): **2.5**"),
         ({"en": "days", "zh": "天"}, "zh", "你的结果（天）", "结果（天）：**2.5**"),
         ("", "en", "Your number", "Result: **2.5**"),
         ("", "zh", "你的结果", "结果：**2.5**")],
    )  # fmt: skip
    def test_unit_is_told_in_the_readers_language(
        self, visit, content, unit, language, label, result
    ):
        content.topic("units", question("other", compute=SIZE | {"unit": unit}), order=4)
        page = visit(language).open("questions", id="other")
        assert page.page.text_input(key="number_other").label == label
        assert result in page.click("show").texts


@pytest.mark.parametrize(
    ("text", "number"),
    [("1,536", 1536), ("1_536", 1536), ("1.5e9", 1.5e9), ("２，０００", 2000), ("1/4", 0.25),
     ("", None), ("1/0", None), ("nan", None), ("1e999", None), ("1/", None), ("0x10", None),
     ("2,362,368", 2362368), ("27,6", 27.6), ("27，6", 27.6), ("0,370", 0.37),
     ("-1,536.5", -1536.5), ("1,23,4", None), ("1,2345,678", None), ("1,5.5", None),
     ("0,123,456", None), ("\u22122.5", -2.5), ("1,5e9", 1.5e9), ("1/1e999", None),
     ("1/2/3", None), ("10²", None), ("5%", None)],
)  # fmt: skip
def test_parse_number(text, number):
    assert parse_number(text) == number


@given(st.integers(-(10**12), 10**12), st.integers(0, 99))
def test_parse_number_reads_both_uses_of_the_comma(number, hundredths):
    assert parse_number(f"{number:,}") == number
    assert parse_number(f"{number},{hundredths:02}") == float(f"{number}.{hundredths:02}")


@pytest.mark.parametrize(
    ("text", "unit", "number"),
    [("0.37%", Text(en="%", zh="%"), 0.37), ("0.37 ％", Text(en="%", zh="%"), 0.37),
     ("21 天", Text(en="days", zh="天"), 21), ("21 days", Text(en="days", zh="天"), 21),
     ("1,024 tokens per GPU", Text(en="tokens per GPU", zh="每卡词元"), 1024),
     ("2.5 MiB", Text(en="GiB", zh="GiB"), None), ("5%%", Text(en="%", zh="%"), None),
     ("GiB", Text(en="GiB", zh="GiB"), None)],
)  # fmt: skip
def test_the_questions_own_unit_may_follow(text, unit, number):
    assert parse_number(text, unit) == number


@pytest.mark.parametrize(
    ("number", "text"), [(2.5, "2.5"), (54410.0, "54,410"), (1 / 3, "0.333333"), (1e20, "1e+20")]
)
def test_format_number(number, text):
    assert format_number(number) == text


def test_zero_as_the_answer():
    zero = Compute(unit="", expression="0", answer=0, tolerance=0)
    assert judge_number(0.0, zero) == "Right."
    assert judge_number(1.0, zero) == "Not this number yet."


class TestDemo:
    def test_runs_on_request(self, visit, content):
        content.topic("more", question("shown", demo="print(6 * 7)"), order=3)
        page = visit().open("questions", id="shown").click("show")
        assert [code.value for code in page.page.code] == ["print(6 * 7)"]
        page.click("demo_shown")
        assert [code.value for code in page.page.code] == ["print(6 * 7)", "42"]

    def test_failure_is_part_of_the_page(self, visit, content):
        content.topic("more", question("wrong", demo="print('so far')\nassert 1 == 2"), order=3)
        page = visit().open("questions", id="wrong").click("show").click("demo_wrong").page
        assert page.warning[0].value == "The program stopped with an error."
        assert page.code[1].value == "so far"
        assert "AssertionError" in page.code[2].value

    def test_endless_one_is_stopped(self):
        run = run_demo("print('begun', flush=True)\nwhile True: pass", limit=1.5)
        assert run.timed_out
        assert run.output == "begun\n"

    def test_never_in_this_process(self):
        run = run_demo("import os; print(os.getpid())")
        import os

        assert int(run.output) != os.getpid()

    def test_long_output_is_cut(self):
        assert len(run_demo("print('x' * 100_000)").output) == 20_000

    def test_reads_chinese_and_the_library(self):
        run = run_demo(
            "from attention import variants; print('注意力', 'multi_head' in variants())"
        )
        assert run.output == "注意力 True\n"
