"""Bred cells: programs, their random changes, generations of them, and what comes of it."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from odyssey.cells.equations import EquationError
from odyssey.cells.variants import cell
from odyssey.config import ConfigError, read_study
from odyssey.evolution import breeding, mutation, outcome, trying
from odyssey.evolution.genome import (
    SIMPLEST,
    SUM,
    Genome,
    Line,
    cell_of,
    from_plain,
    pruned,
    source,
    to_plain,
)
from odyssey.training.trial import NO_TEST


def lstm() -> Genome:
    """Write vanilla with peepholes as a genome, in the order of cells/reference.py."""

    def gate(*peeps):
        return Line(SUM, ("y",), peeps, inputs=True)

    lines = [
        gate(),
        Line("tanh", (0,)),
        gate("c"),
        Line("sigmoid", (2,)),
        gate("c"),
        Line("sigmoid", (4,)),
        Line("mul", (1, 3)),
        Line("mul", ("c", 5)),
        Line("add", (6, 7)),
        gate(8),
        Line("sigmoid", (9,)),
        Line("tanh", (8,)),
        Line("mul", (11, 10)),
    ]
    return Genome(tuple(lines), {"y": 12, "c": 8})


def test_the_papers_block_is_a_genome_with_as_many_weights_of_each_kind():
    bred, vanilla = cell_of(lstm()), cell("V")
    kinds = [sorted(each.weights.values()) for each in (bred, vanilla)]
    assert kinds[0] == kinds[1]
    ops = [sorted(node.op for node in each.nodes) for each in (bred, vanilla)]
    assert ops[0] == ops[1]


def test_a_genome_is_the_file_of_equations_that_it_is_written_as(tmp_path):
    path = tmp_path / "cell.py"
    path.write_text(source(lstm(), "Vanilla as a genome"))
    read = cell("OWN", path)
    assert (read.title, read.digest) == ("Vanilla as a genome", cell_of(lstm()).digest)


def test_what_the_output_does_not_depend_on_is_left_out():
    lines = (
        *SIMPLEST.lines,
        Line("sigmoid", (1,)),  # read by nothing that counts
        Line("relu", (2,)),
        Line("mul", (1, "memory")),
    )
    small = pruned(Genome(lines, {"y": 4, "idle": 3, "memory": 1}))
    assert small == Genome((*SIMPLEST.lines, Line("mul", (1, "s1"))), {"y": 2, "s1": 1})


def test_a_state_that_is_read_by_another_only_is_kept():
    lines = (Line(SUM, ("y",), ("c",), inputs=True), Line("tanh", (0,)), Line("mul", ("d", 1)))
    genome = Genome(lines, {"y": 1, "c": 2, "d": 1})
    assert pruned(genome).states == {"y": 1, "s1": 2, "s2": 1}


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), changes=st.integers(1, 25))
def test_every_change_leaves_a_cell_that_the_fused_engine_can_train(seed, changes):
    generator, genome = np.random.default_rng(seed), SIMPLEST
    for _ in range(changes):
        before = genome
        genome, change = mutation.mutated(genome, generator)
        assert genome != before
        assert change in {made.__name__.replace("_", " ") for made in mutation.CHANGES}
    assert pruned(genome) == genome == from_plain(json.loads(json.dumps(to_plain(genome))))
    assert len(genome.lines) <= mutation.MOST_LINES
    assert len(genome.states) <= mutation.MOST_STATES
    sums = [line for line in genome.lines if line.op == SUM]
    assert len(sums) <= mutation.MOST_SUMS
    assert any(line.inputs for line in sums)
    assert any(isinstance(ref, str) for line in genome.lines for ref in line.reads)
    cell_of(genome)  # or else an EquationError


@pytest.mark.parametrize("change", mutation.CHANGES, ids=lambda change: change.__name__)
def test_each_change_is_made_of_the_papers_block_now_and_then(change):
    generator = np.random.default_rng(1)
    found = [change(lstm(), generator) for _ in range(40)]
    made = [pruned(each) for each in found if each is not None]
    assert any(each != pruned(lstm()) and mutation.trainable(each) for each in made)


def test_a_cell_that_forgets_everything_or_sees_nothing_is_not_trained():
    blind = Genome((Line(SUM, ("y",)), Line("tanh", (0,))), {"y": 1})
    forgetful = Genome((Line(SUM, (), inputs=True), Line("tanh", (0,))), {"y": 1})
    assert mutation.trainable(SIMPLEST)
    assert not mutation.trainable(blind)
    assert not mutation.trainable(forgetful)


def test_equations_that_are_no_cells_are_refused():
    with pytest.raises(EquationError, match="y does not depend on"):
        cell_of(Genome((*SIMPLEST.lines, Line(SUM, (0,))), {"y": 1, "s1": 2}))


def tried(cells, validations):
    """Give cells results that nobody has trained."""
    known = {"finished": 3, "parameters": 100, "hidden_size": 5, "train_seconds": 1.0}
    known |= {"source": "json", "synthetic": False, "trial": 0}
    known |= {"learning_rate": 0.1, "momentum": 0.5}
    return [
        cell | known | {"validation": validation}
        for cell, validation in zip(cells, validations, strict=True)
    ]


def first(seed=1, population=8):
    return breeding.first(population, breeding.generator_of(seed, "jsb", 0))


def test_the_first_generation_is_of_different_cells_and_follows_from_the_seed():
    cells = first()
    assert len({cell["digest"] for cell in cells}) == len(cells) == 8
    assert cells == first()
    assert cells != first(seed=2)
    assert [cell["name"] for cell in cells] == [f"g0c{number}" for number in range(8)]


def test_the_best_of_all_breed_and_children_are_new():
    before = tried(first(), [9.0, None, 8.0, 8.5, None, 12.0, 8.2, 8.1])
    assert [cell["name"] for cell in breeding.pool(before, 4)] == ["g0c2", "g0c7", "g0c6", "g0c3"]
    generator = breeding.generator_of(1, "jsb", 1)
    born = breeding.children(before, 4, 2, 1, generator)
    assert {cell["parent"] for cell in born} <= {"g0c2", "g0c7", "g0c6", "g0c3"}
    digests = [cell["digest"] for cell in (*before, *born)]
    assert len(set(digests)) == len(digests)
    for child in born:
        assert cell_of(from_plain(child["genome"])).digest == child["digest"]


def test_of_cells_with_the_very_same_result_the_first_breeds():
    before = tried(
        first(population=12), [9.0, 8.0, 8.0, 8.5, 8.0, 9.0, 8.5, 10.0, 11, 12, 8.0, 8.0]
    )
    names = [cell["name"] for cell in breeding.pool(before, 12)]
    assert names == ["g0c1", "g0c3", "g0c0", "g0c7", "g0c8", "g0c9"]


def record(trial, status, validation, reason=""):
    """Make what comes of a trial, as far as evolution reads it."""
    known = {"parameters": 100, "hidden_size": trial, "learning_rate": 0.1, "momentum": 0.5}
    known |= {"source": "json", "synthetic": False, "train_seconds": 1.0, "trial": trial}
    return known | {"status": status, "reason": reason, "curve": {"validation": validation}}


def test_a_cell_counts_by_the_best_epoch_of_its_trials_and_not_by_their_test_results():
    diverged = record(0, "diverged", [3.0], "not finite in epoch 2")
    untested = record(1, "diverged", [7.0, 6.0], NO_TEST)
    found = trying._summed_up("g0c0", [diverged, untested, record(2, "completed", [8.0, 7.0])])
    assert (found["validation"], found["finished"], found["hidden_size"]) == (6.0, 2, 1)
    nothing = trying._summed_up("g0c0", [diverged])
    assert (nothing["validation"], nothing["finished"]) == (None, 0)


def test_an_error_in_a_trial_is_no_result_of_its_cell():
    failed = record(1, "failed", [], "MemoryError: no room")
    with pytest.raises(ValueError, match=r"trial 1 of g0c0 failed: MemoryError: no room"):
        trying._summed_up("g0c0", [record(0, "completed", [8.0]), failed])


def test_a_larger_tournament_leaves_breeding_to_fewer():
    before = tried(first(population=20), range(20))

    def parents(tournament):
        born = breeding.children(before, 20, tournament, 1, np.random.default_rng(3))
        return np.mean([int(cell["parent"].removeprefix("g0c")) for cell in born])

    assert parents(1) > 6
    assert parents(8) < 4


def test_without_any_result_nothing_can_breed():
    with pytest.raises(ValueError, match="all their trials failed"):
        breeding.children(tried(first(), [None] * 8), 4, 2, 1, np.random.default_rng(1))
    with pytest.raises(ValueError, match="all their trials failed"):
        outcome.winner(tried(first(), [None] * 8))


def test_the_outcome_has_every_cell_and_the_best_as_equations(tmp_path):
    cells = tried(first(), [9.0, None, 8.0, 8.5, None, 12.0, 8.2, 8.1])
    (known,) = tried([{"generation": outcome.KNOWN, "name": "V"}], [7.0])
    table = outcome.table("jsb", [known, *cells])
    assert list(table.columns) == list(outcome.COLUMNS)
    assert table["validation"].isna().sum() == 2
    path = tmp_path / "winner.py"
    path.write_text(outcome.winner([known, *cells]))
    assert outcome.read_winner(str(path)).digest == cells[2]["digest"]
    row = table.set_index("name").loc["g0c2"]
    assert row["equations"] == path.read_text()
    assert table.set_index("name")["lines"].isna().to_dict()["V"]


BREEDS = {
    "study": "breeds",
    "tasks": {"jsb": {"source": "music21"}},
    "variants": ["V"],
    "search": {"trials": 3},
    "evolution": {"generations": 2},
}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"parts": ["NIG", "NOG"], "variants": None}, "two kinds of study"),
        ({"tasks": {"jsb": {"source": "music21"}, "adding": {}}}, "judges cells by one task"),
        ({"analysis": {"reseed": 2}}, "selects none"),
        ({"training": {"engine": "reference"}}, "with the engine fused"),
        ({"training": {"device": "cuda"}}, "on CPUs"),
        ({"evolution": {"generations": 2, "population": 1}}, "evolution.population"),
    ],
)
def test_what_does_not_go_together_with_breeding_is_said(change, said):
    given = {key: value for key, value in (BREEDS | change).items() if value is not None}
    with pytest.raises(ConfigError, match=said):
        read_study(given)


def test_a_study_says_what_it_asks():
    assert read_study(BREEDS).kind == "evolution"
    assert read_study(BREEDS | {"evolution": {}}).kind == "comparison"
