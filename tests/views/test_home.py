"""Home: the next step with its reason, where one stands, and the ways on."""

from datetime import UTC, datetime, timedelta

import pytest

from grader.verdict import CheckResult, Verdict
from tests.views.conftest import both, question
from views import home

CHECKS = (
    CheckResult("check_a", True, both("shape"), both(""), 0.01),
    CheckResult("check_b", False, both("merge heads"), both("rows are mixed"), 0.01),
)
FAILED = Verdict(
    slug="self-attention",
    verdict="wrong",
    checks=CHECKS,
    diagnosis=None,
    stdout="",
    seconds=0.03,
    seed=1,
    line=None,
    message=both("a check fails"),
).to_dict()


@pytest.fixture
def with_problem(content, monkeypatch):
    """The problems of the repository beside the small bank."""
    from study.folders import SOLUTIONS
    from views import session

    monkeypatch.setattr(session, "SOLUTIONS", SOLUTIONS)
    return session.problems().get("self-attention")


class TestNext:
    def test_first_visit_names_a_question(self, visit):
        page = visit().open()
        assert "### Why first? in English" in page.texts
        assert any("The most frequent question you have not rated yet" in text
                   for text in page.texts)  # fmt: skip

    def test_go_opens_it(self, visit):
        assert visit().open().links["Go"] == "questions?id=first&lang=en"

    def test_forgotten_question_comes_before_new_ones(self, visit, kept):
        kept.add_rating("local", "third", "again")
        page = visit().open()
        assert "### Why third? in English" in page.texts
        assert "7 min · You rated it “again” today." in page.texts

    def test_failed_problem_comes_first_with_its_check(self, visit, kept, with_problem):
        kept.add_rating("local", "third", "again")
        kept.record_verdict(kept.add_submission("local", "self-attention", "code"), FAILED)
        page = visit("zh").open()
        assert f"### {with_problem.title.zh}" in page.texts
        assert any("今天没过的检查：merge heads中文" in text for text in page.texts)

    def test_go_opens_the_problem(self, visit, kept, with_problem):
        kept.record_verdict(kept.add_submission("local", "self-attention", "code"), FAILED)
        assert visit().open().links["Go"] == "problems?slug=self-attention&lang=en"

    def test_nothing_left(self, visit, kept):
        for id in ("first", "second", "third"):
            kept.add_rating("local", id, "good")
        page = visit().open()
        assert any("Every question is read" in text for text in page.texts)
        assert not [button for button in page.page.button if button.key == "go"]


@pytest.mark.parametrize(
    ("days", "words"), [(0, "today"), (1, "yesterday"), (3, "3 days ago"), (-1, "today")]
)
def test_days_ago(days, words):
    now = datetime(2026, 5, 10, 12, tzinfo=UTC)
    assert home.days_ago(now - timedelta(days=days), now) == words


def test_yesterday_starts_at_midnight_not_24_hours_ago():
    now = datetime(2026, 5, 10, 0, 30).astimezone()
    assert home.days_ago(now - timedelta(hours=1), now) == "yesterday"


class TestWays:
    def test_first_visit_says_what_each_is_for(self, visit):
        page = visit().open()
        assert any("in your own words" in text for text in page.texts)
        assert any("Write attention in the browser" in text for text in page.texts)

    def test_later_where_one_stands(self, visit, kept):
        kept.add_rating("local", "first", "good")
        assert "1 of 3 rated" in visit().open().texts

    @pytest.mark.parametrize(
        ("key", "title"), [("open_recall", "Questions"), ("open_write", "Problems")]
    )
    def test_each_opens(self, visit, key, title):
        page = visit().open().click(key)
        assert page.title == title
        assert page.page.query_params["lang"] in ("en", ["en"])

    def test_last_seen_in_the_lab(self, visit):
        class Setup:
            variant = "multi_head"

        page = visit()
        page.page.session_state["lab_setup"] = Setup()
        page.open()
        assert any(text.startswith("Last: Multi-head") for text in page.texts)


class TestTopics:
    def test_each_leads_to_its_questions(self, visit, kept):
        kept.add_rating("local", "first", "good")
        links = visit().open().links
        assert links["Topic core in English  :gray[1 of 2]"] == "questions?topic=core&lang=en"
        assert links["Topic cache in English  :gray[0 of 1]"] == "questions?topic=cache&lang=en"

    def test_an_empty_bank_is_no_error(self, visit, content):
        for file in content.folder.glob("*.yaml"):
            file.unlink()
        page = visit().open()
        assert any("Every question is read" in text for text in page.texts)


class TestBrokenEntries:
    def test_are_named_with_file_line_and_field(self, visit, content):
        file = content.topic("broken", question("bad", levle="easy"), question("fine"), order=3)
        line = next(number for number, text in enumerate(file.read_text("utf-8").splitlines(), 1)
                    if "levle" in text)  # fmt: skip
        page = visit().open()
        (notice,) = page.page.code
        assert f"broken.yaml:{line}: questions[0].levle: unknown key" in notice.value
        assert any("0 of 1" in label for label in page.links if "Topic broken" in label)

    def test_no_notice_without_them(self, visit):
        assert not visit().open().page.code
