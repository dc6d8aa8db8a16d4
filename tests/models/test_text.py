"""The reader of own sentences: its tokens, its data, its training, and the weights that ship."""

import random

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from models import corpus_en, corpus_zh, text, train_text
from models.sentence import KINDS, PAIRS, Sentence
from models.vocabulary import LONGEST, index, tokens, unknown_word, vocabulary

CORPORA = {"en": corpus_en, "zh": corpus_zh}


def read_of(typed):
    return [token.read for token in tokens(typed)[0]]


class TestTokens:
    def test_words_by_word_and_chinese_by_character(self):
        assert read_of("Mary lost her key, 小红也是。")[:6] == [
            "<start>", "mary", "lost", "her", "key", ","]  # fmt: skip
        assert read_of("小红说她病了。")[1:] == list("小红说她病了。")

    @pytest.mark.parametrize(
        ("typed", "read"),
        [
            ("I met Quokka", "<name>"),
            ("Quokka", "<word>"),
            ("the quokkas", "<word-s>"),
            ("she zoomed", "<word-ed>"),
            ("it is zooming", "<word-ing>"),
            ("very zoomily", "<word-ly>"),
            ("Zürich", "<word>"),
            ("龘", "<character>"),
            ("🙂", "<other>"),
            ("3.14", "<number>"),
            ("1,000,000", "<number>"),
            ("「", "“"),
        ],
    )
    def test_what_is_unknown_is_read_by_its_kind(self, typed, read):
        token = tokens(typed)[0][-1]
        assert token.read == read
        assert token.known == (not read.startswith("<") or read == "<number>")

    def test_straight_quotation_marks_come_in_pairs(self):
        assert [r for r in read_of('he said "yes" and "no"') if r in "“”"] == list("“”“”")

    @given(st.text(max_size=300))
    def test_any_text_whatever_can_be_read(self, typed):
        found, lost = tokens(typed)
        assert all(token.read in index() for token in found)
        assert len(found) <= LONGEST
        shown = "".join(token.text for token in found)
        assert lost > 0 or shown == "".join(typed.split())

    def test_what_does_not_fit_is_counted(self):
        found, lost = tokens("a " * 100)
        assert (len(found), lost) == (LONGEST, 101 - LONGEST)

    def test_classes_by_ending(self):
        assert unknown_word("Being") == "<word-ing>"
        assert unknown_word("Being", capital=True) == "<name>"


class TestCorpus:
    @pytest.mark.parametrize("language", CORPORA)
    def test_every_token_is_in_the_vocabulary_and_fits(self, language):
        rng = random.Random(1)
        for _ in range(500):
            made = CORPORA[language].make(rng)
            assert set(made.tokens) <= index().keys()
            assert len(made.tokens) < LONGEST

    @pytest.mark.parametrize("language", CORPORA)
    def test_brackets_pair_up_and_nest(self, language):
        rng = random.Random(2)
        closing = {right: left for left, right in PAIRS[language]}
        for _ in range(500):
            made = CORPORA[language].make(rng)
            opened = []
            for place, token in enumerate(made.tokens):
                if token in closing.values():
                    opened.append(place)
                elif token in closing:
                    start = opened.pop()
                    assert made.tokens[start] == closing[token]
                    partner = [t.targets for t in made.ties if t.query == place]
                    assert partner == [(start,)]
            assert opened == []

    def test_ties_lead_from_what_they_say(self):
        rng = random.Random(3)
        pronouns = {form for forms in corpus_en.NEEDS.values() for form in forms[:2]} | set(
            "她他它"
        )
        measures = {*corpus_zh.ANIMALS.values(), *corpus_zh.THINGS.values()}
        verbs = {*corpus_en.ACTS, *corpus_en.ACTS.values()}
        known = {"pronoun": pronouns, "classifier": measures, "verb": verbs}
        seen = set()
        for corpus in CORPORA.values():
            for _ in range(300):
                made = corpus.make(rng)
                for tie in made.ties:
                    seen.add(tie.kind)
                    assert tie.query not in tie.targets
                    assert made.tokens[tie.query] in known.get(tie.kind, {made.tokens[tie.query]})
        assert seen == set(KINDS)

    def test_a_bracket_moves_the_ties_along(self):
        made = Sentence(list("abcd"))
        made.tie("pronoun", (3,), (0, 1))
        found = made._with_pair("(", ")", random.Random(0))
        tie = found.ties[0]
        assert found.tokens[tie.query] == "d"
        assert [found.tokens[place] for place in tie.targets] == ["a", "b"]

    def test_plurals(self):
        assert [corpus_en.plural(n) for n in ("cat", "box", "mouse")] == ["cats", "boxes", "mice"]

    def test_a_tied_token_is_exchanged_within_its_family(self):
        rng = random.Random(0)
        found = {train_text._shown("她", True, True, rng) for _ in range(200)}
        assert found == {"她", "他", "它", "<mask>"}


class TestTraining:
    def test_the_data_is_that_of_the_shipped_weights(self):
        """If this fails, a corpus has changed: run python -m models.train_text anew."""
        assert train_text.digest(seed=text.facts()["seed"]) == text.facts()["data"]

    def test_a_short_training_can_be_repeated_and_learns(self):
        first, losses = train_text.train(seed=1, steps=25)
        second, _ = train_text.train(seed=1, steps=25)
        assert torch.equal(first.vector, second.vector)
        assert np.mean(losses[-5:]) < np.mean(losses[:5]) - 0.2

    def test_padding_changes_nothing(self):
        model = text.reader()
        read = [index()[token] for token in read_of("the cats sleep .")]
        alone, maps = model(torch.tensor([read]))
        padded, wide = model(torch.tensor([[*read, 0, 0, 0]]))
        assert torch.allclose(alone[0], padded[0, : len(read)], atol=1e-5)
        assert torch.allclose(maps[0], wide[0, ..., : len(read), : len(read)], atol=1e-6)

    def test_the_command_writes_what_the_lab_reads(self, tmp_path, monkeypatch, capsys):
        monkeypatch.setattr(train_text, "HELD_OUT", 10)
        train_text.main(["--steps", "2", "--into", str(tmp_path)])
        assert "pronoun" in capsys.readouterr().out
        monkeypatch.setattr(text, "WEIGHTS", tmp_path / "text.npz")
        text.reader.cache_clear()
        try:
            assert text.attention(["<start>", "cat"]).shape == (text.LAYERS, text.HEADS, 2, 2)
        finally:
            text.reader.cache_clear()


class TestShipped:
    def test_they_are_small(self):
        assert text.WEIGHTS.stat().st_size < 2_000_000
        assert len(vocabulary()) == len(set(vocabulary()))

    def test_weights_of_another_vocabulary_are_refused(self, tmp_path, monkeypatch):
        np.savez(tmp_path / "text.npz", vector=np.zeros(7, dtype=np.float16))
        monkeypatch.setattr(text, "WEIGHTS", tmp_path / "text.npz")
        text.reader.cache_clear()
        with pytest.raises(ValueError, match="7 weights"):
            text.reader()

    def test_the_scores_are_those_of_the_heads(self):
        """Measured anew on a part of the sentences; far from chance, near what is said."""
        again = train_text.measure(text.reader(), text.facts()["seed"], count=120)
        for kind, entry in text.facts()["heads"].items():
            said, found = np.array(entry["scores"]), np.array(again[kind]["scores"])
            assert np.abs(said - found).max() < 0.12, kind

    def test_some_heads_have_earned_the_names_that_were_hoped_for(self):
        heads = text.facts()["heads"]
        best = {kind: np.max(entry["scores"]) for kind, entry in heads.items()}
        assert {kind for kind, score in best.items() if score >= 0.4} >= {
            "pronoun_zh", "bracket", "classifier", "previous"}  # fmt: skip

    @pytest.mark.parametrize(
        ("typed", "kind", "query", "key"),
        [
            ("小红叫小明来，因为她累了。", "pronoun_zh", "她", "红"),
            ("the keys (in my bag) are cold", "bracket", ")", "("),
            ("他说（她买了伞）。", "bracket", "（", "）"),
            ("桌子上有三本很旧的书。", "classifier", "本", "书"),
        ],
    )
    def test_a_named_head_does_what_its_name_says(self, typed, kind, query, key):
        scores = np.array(text.facts()["heads"][kind]["scores"])
        layer, head = np.unravel_index(scores.argmax(), scores.shape)
        found = [token.text for token in tokens(typed)[0]]
        weights = text.attention(read_of(typed))[layer, head, found.index(query)]
        strongest = int(weights[1:].argmax()) + 1  # beside the start token
        assert found[strongest] == key
