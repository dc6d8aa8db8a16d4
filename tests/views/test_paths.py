"""The page of learning paths: cards, one path with what is done, and the way on."""

import pytest

from study.paths import load_paths
from tests.views.conftest import Visit

FIRST = load_paths().paths[0]
NEXT = {"en": "Next: ", "zh": "下一步："}


@pytest.fixture
def open_paths(kept):
    """Opens the page over the real bank, with `query` in the address."""

    def go(language="en", **query):
        visit = Visit(language).open()
        [link] = [link.proto for link in visit.page.get("page_link") if link.proto.page == "paths"]
        visit.page._page_hash = link.page_script_hash
        visit.page.query_params = {"lang": language, **query}
        visit.page.run()
        return visit.check()

    return go


def test_all_paths_are_listed_with_their_time(open_paths):
    page = open_paths()
    for path in load_paths().paths:
        assert path.about.en in page.texts
    assert any(text.startswith(f"0 of {len(FIRST.stops)} done · ") for text in page.texts)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_one_path_leads_to_its_first_stop_which_home_remembers(open_paths, kept, language):
    page = open_paths(language, id=FIRST.id)
    assert page.title == FIRST.title.get(language)
    [first, *_] = [page.links[label] for label in page.links if label.startswith(NEXT[language])]
    assert first == f"questions?id={FIRST.stops[0].name}&lang={language}"
    links = Visit(language).open().links
    [label] = [label for label in links if links[label].startswith("paths?")]
    assert FIRST.title.get(language) in label
    assert str(len(FIRST.stops)) in label


def test_what_is_done_is_marked(open_paths, kept):
    kept.add_rating("local", FIRST.stops[0].name, "good")
    page = open_paths(id=FIRST.id)
    assert any(text.startswith(f"1 of {len(FIRST.stops)} done") for text in page.texts)
    assert sum(text.endswith("· done") for text in page.texts) == 1


def test_an_unknown_path_is_said_and_the_list_shown(open_paths):
    page = open_paths(id="<b>nowhere")
    assert "nowhere" in page.page.warning[0].value
    assert FIRST.about.en in page.texts
