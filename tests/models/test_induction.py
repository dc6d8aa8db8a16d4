"""The induction task, its scores, the models that learn it and the one that cannot."""

import numpy as np
import pytest
import torch

from models import induction, runs
from models.induction import LENGTH, Adam, Learner, predictable, sequences, targets


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def test_sequences_repeat_and_nothing_else_in_them_does():
    tokens, periods = sequences(200, generator())
    assert tokens.shape == (200, LENGTH + 1)
    assert (periods.min(), periods.max()) == induction.PERIODS
    for row, period in zip(tokens.tolist(), periods.flatten().tolist(), strict=True):
        assert len(set(row[:period])) == period
        assert row == (row[:period] * LENGTH)[: LENGTH + 1]


def test_what_is_called_predictable_can_be_predicted_and_nothing_else():
    tokens, periods = sequences(50, generator(1))
    found = targets(tokens[:, :-1])
    assert torch.equal(found.tril().any(-1), predictable(periods))
    for item, query, key in found.tril().nonzero().tolist():
        assert tokens[item, key] == tokens[item, query + 1]


def test_scores_are_one_for_pure_heads_and_small_for_even_ones():
    tokens, periods = sequences(20, generator(2))
    known = predictable(periods)
    hit = targets(tokens[:, :-1]).tril().float()
    pure = (hit / hit.sum(-1, keepdim=True).clamp(min=1))[:, None, None]
    assert induction._induction_score(pure, tokens[:, :-1], known).item() == pytest.approx(1)
    before = torch.eye(LENGTH).roll(1, 0).tril().expand(20, 1, 1, -1, -1)
    assert induction._previous_score(before).item() == pytest.approx(1)
    even = torch.ones(LENGTH, LENGTH).tril()
    even = (even / even.sum(-1, keepdim=True)).expand(20, 1, 1, -1, -1)
    assert induction._induction_score(even, tokens[:, :-1], known).item() < 0.15
    assert induction._previous_score(even).item() < 0.2


def test_weights_are_causal_and_sum_to_one():
    learner = Learner(layers=2, heads=4, seed=0)
    maps = learner.checkpoint().maps
    assert maps.shape == (2, 4, LENGTH, LENGTH)
    assert np.allclose(maps.sum(-1), 1, atol=1e-5)
    assert not np.triu(maps, 1).any()


def test_adam_is_the_one_of_torch():
    ours = torch.linspace(-1, 2, 7).requires_grad_()
    theirs = ours.detach().clone().requires_grad_()
    mine = Adam(ours, 0.05)
    reference = torch.optim.Adam([theirs], lr=0.05, betas=(0.9, 0.98))
    for _ in range(5):
        mine.descend((ours**3).sum().exp())
        reference.zero_grad()
        (theirs**3).sum().exp().backward()
        reference.step()
    assert torch.allclose(ours, theirs, atol=1e-6)


def test_two_layers_learn_it_and_one_cannot():
    two, one = Learner(layers=2, heads=2, seed=0), Learner(layers=1, heads=2, seed=0)
    for _ in range(200):
        two.advance()
        one.advance()
    learnt, control = two.checkpoint(), one.checkpoint()
    assert learnt.accuracy > 0.9
    assert learnt.previous[0].max() > 0.7, "a previous-token head in the first layer"
    assert learnt.induction[1].max() > 0.8, "an induction head in the second"
    assert control.accuracy < 0.4
    assert control.induction.max() < 0.3


def test_a_seed_says_it_all():
    first, second, other = (Learner(2, 2, seed) for seed in (3, 3, 4))
    for learner in (first, second, other):
        learner.advance()
    assert np.array_equal(first.checkpoint().maps, second.checkpoint().maps)
    assert not np.array_equal(first.checkpoint().maps, other.checkpoint().maps)


def test_heads_must_divide_the_width():
    with pytest.raises(ValueError, match="5 heads"):
        Learner(2, 5, 0)


class TestRun:
    @pytest.fixture(autouse=True)
    def short(self, monkeypatch):
        monkeypatch.setattr(runs, "STEPS", 2 * induction.EVERY)
        runs._finished.clear()
        yield
        runs._finished.clear()

    def test_it_trains_both_models_and_is_kept(self):
        run = runs.begin(0, 1)
        run.join(60)
        assert run.state == "done"
        assert run.steps == [0, induction.EVERY, 2 * induction.EVERY]
        assert {p.step for p in run.at(induction.EVERY + 1).values()} == {induction.EVERY}
        assert runs.begin(0, 1) is run
        assert runs.finished(1, 1) is None

    def test_a_run_that_waits_for_its_turn_can_be_stopped(self):
        with runs._turn:
            run = runs.begin(0, 1)
            assert run.state == "waiting"
            run.stop()
            run.join(60)
        assert (run.state, run.steps) == ("stopped", [])

    def test_a_stopped_run_keeps_what_it_has_learnt_and_is_not_shared(self, monkeypatch):
        advance = Learner.advance
        run = runs.Run(0, 1)

        def once(learner):
            advance(learner)
            run.stop()

        monkeypatch.setattr(Learner, "advance", once)
        run.start().join(60)
        assert (run.state, run.steps) == ("stopped", [0])
        assert runs.finished(0, 1) is None

    def test_a_failure_is_told(self, monkeypatch):
        def broken(self):
            raise MemoryError("no memory left")

        monkeypatch.setattr(Learner, "advance", broken)
        run = runs.begin(0, 1)
        run.join(60)
        assert (run.state, run.reason) == ("failed", "no memory left")
        assert not runs._turn.locked()

    def test_the_number_of_threads_is_given_back(self):
        before = torch.get_num_threads()
        runs.begin(0, 1).join(60)
        assert torch.get_num_threads() == before

    def test_old_runs_are_let_go(self, monkeypatch):
        monkeypatch.setattr(runs, "STEPS", 0)
        for seed in range(runs._KEPT + 2):
            runs.begin(seed, 1).join(60)
        assert len(runs._finished) == runs._KEPT
        assert runs.finished(0, 1) is None
