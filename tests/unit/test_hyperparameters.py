"""Hyperparameters beside the paper's: layers, batches and a budget, from their axes to the page."""

import math

import made_up_trials
import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex

from odyssey.analysis import claims, effects, fanova, gp, robustness, selection, surrogates, tables
from odyssey.analysis.collect import trials_table
from odyssey.analysis.markup import markdown
from odyssey.figures import figure_4, figure_5, figure_6
from odyssey.figures import surrogates as surrogates_figure
from odyssey.hyperparameters import BY_NAME, HYPERPARAMETERS
from odyssey.report import explorer, sentences
from odyssey.search_space import Search

SEARCH = Search.model_validate(
    {
        "trials": 60,
        "parameters": {"low": 20_000, "high": 200_000},
        "layers": {"low": 1, "high": 3},
        "batch": {"low": 1, "high": 32},
    }
)
ALONG = ["learning_rate", "parameters", "layers", "input_noise", "momentum", "batch"]


@pytest.fixture(scope="module")
def trials():
    return made_up_trials.trials(60, ("jsb",), ("V", "GRU"), (), search=SEARCH)


@pytest.fixture(scope="module")
def analysed(trials):
    """What both surrogates make of vanilla's trials."""
    of_vanilla = trials[trials["variant"] == "V"]
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(gp, "MOST_POINTS", 10_000)  # a coarse grid takes a tenth of the time
        found = fanova.analyse_search(of_vanilla, SEARCH.ranges, 1, 4, "sklearn")
    return dict(zip(fanova.KINDS, found, strict=True))


@pytest.fixture(scope="module")
def distributions(trials):
    return selection.distributions(selection.select(trials, 0.2))


def axis(name, low, high):
    h = BY_NAME[name]
    return surrogates.Coordinate(name, *h.ends(low, high), h.scale)


def drawn(figure):
    FigureCanvasAgg(figure).draw()
    return figure


def test_no_two_hyperparameters_look_or_are_called_alike():
    # A size stands for parameters that are not searched, and has the number that draws them.
    for look in (
        lambda h: (h.colour, h.hatch),
        lambda h: h.label,
        lambda h: h.short,
        lambda h: h.brief,
        lambda h: h.heading,
        lambda h: h.key,
    ):
        assert len({look(h) for h in HYPERPARAMETERS}) == len(HYPERPARAMETERS)


def test_the_numbers_that_draw_the_papers_hyperparameters_stay_theirs():
    order = ("hidden_size", "learning_rate", "momentum", "input_noise", "nesterov", "clip")
    assert [BY_NAME[name].position for name in order] == list(range(6))
    further = [h.position for h in HYPERPARAMETERS if h.name not in (*order, "parameters")]
    assert sorted(further) == list(range(6, 6 + len(further)))


def test_each_whole_number_has_an_equal_part_of_its_axis():
    layers = axis("layers", 2, 5)
    assert layers.unit([2, 3, 4, 5]) == pytest.approx([1 / 8, 3 / 8, 5 / 8, 7 / 8])
    assert layers.grid(60) == pytest.approx([1 / 8, 3 / 8, 5 / 8, 7 / 8])
    assert layers.values(layers.grid(60)).tolist() == [2, 3, 4, 5]
    assert layers.steps == 4


@pytest.mark.parametrize("name", [h.name for h in HYPERPARAMETERS])
def test_every_axis_leads_back_to_its_values(name):
    h = BY_NAME[name]
    one = axis(name, *({"flag": (0, 1), "linear": (0, 1)}.get(h.scale, (0.01, 1))))
    if h.kind == "int64":
        one = axis(name, 1, 8)
    grid = one.grid(7)
    np.testing.assert_allclose(one.unit(one.values(grid)), grid, rtol=1e-6, atol=1e-6)
    values = np.array([h.draw(u, *((0.01, 1) if h.kind == "float64" else (1, 8))) for u in grid])
    assert ((one.unit(values) >= 0) & (one.unit(values) <= 1)).all()


def test_a_budget_has_an_axis_of_parameters_and_none_of_sizes(trials):
    axes = surrogates.coordinates(trials, SEARCH.ranges)
    assert [a.name for a in axes] == ALONG
    of_parameters = axes[1]
    assert of_parameters.values(np.array([0.0, 1.0])) == pytest.approx([20_000, 200_000])
    fixed = SEARCH.model_copy(update={"layers": Search(layers=2).layers})
    assert "layers" not in [a.name for a in surrogates.coordinates(trials, fixed.ranges)]


def test_a_process_weighs_whole_numbers_alike():
    # f = u + 0.6 · (one of three numbers, by its place): variances of 1/12 and of 0.36 · 2/27.
    rng = np.random.default_rng(4)
    rate, layers = axis("learning_rate", 1e-6, 1e-2), axis("layers", 1, 3)
    places = rng.uniform(size=80)
    numbers = rng.integers(1, 4, 80)
    X = np.stack([places, layers.unit(numbers)], axis=1)
    y = places + 0.6 * X[:, 1] + 0.01 * rng.normal(size=80)
    expected = np.array([1 / 12, 0.36 * 2 / 27])
    for kind in (
        surrogates.fit_process(X, y, [rate, layers], 1, 40),
        surrogates.grow_forest(X, y, [rate, layers], 20, 1, "sklearn"),
    ):
        shares = [np.median(kind.shares[term]) for term in ((0,), (1,))]
        assert shares == pytest.approx(expected / expected.sum(), abs=0.05)
        curve = kind.curves[1].mean(axis=0)
        assert kind.curves[1].shape[1] == 3
        assert np.diff(curve) == pytest.approx([0.2, 0.2], abs=0.05)
        assert kind.planes[0, 1].shape == (surrogates.PAIR_GRID, 3)


def test_the_grid_of_a_process_is_that_of_the_paper_and_bounded_beyond():
    assert gp._nodes(4, {}) == gp._nodes(6, {4: 2, 5: 2}) == gp.NODES
    for free, steps in ((5, {}), (5, {5: 3}), (5, {5: 8, 6: 2, 7: 2})):
        nodes = gp._nodes(free + len(steps), steps)
        assert gp.LEAST_NODES <= nodes < gp.NODES
        assert nodes**free * math.prod(steps.values()) <= gp.MOST_POINTS


def test_shares_and_effects_are_of_what_was_searched(analysed):
    importance, marginals = analysed["importance"], analysed["marginals"]
    of_process = fanova.main_shares(importance, "gp")
    assert set(of_process["term"]) == {*ALONG, fanova.HIGHER}
    largest = of_process.set_index("term")["share"].drop(fanova.HIGHER).idxmax()
    assert largest == "learning_rate"
    of_layers = marginals[marginals["parameter"] == "layers"]
    assert set(of_layers["value"]) == {1, 2, 3}
    found = analysed["effects"].set_index(["by", "effect"])["estimate"]["gp"]
    assert found[effects.change_of("test", "layers")] < 0
    assert found[effects.change_of("test", "parameters")] < 0
    assert found[effects.ratio_of("train_seconds", "parameters")] > 2
    assert effects.change_of("test", "batch") in found.index
    assert not any("hidden_size" in effect for effect in found.index)


def test_claims_on_hidden_size_are_undecided_where_a_budget_was_searched(analysed, distributions):
    judged = claims.judge(analysed["effects"], distributions)
    of_size = judged[judged["claim"].str.contains("size", case=False)]
    assert len(of_size)
    assert set(of_size["verdict"]) == {"undecided"}
    assert of_size["measured"].isna().all()


def test_figures_4_to_6_have_what_was_searched(analysed, distributions):
    figure = drawn(figure_4.draw(analysed["marginals"], distributions, made_up_trials.TASKS))
    labels = [ax.get_xlabel() for ax in figure.axes if ax.get_xlabel()]
    columns = ["learning rate", "parameters", "layers", "input noise", "batch size"]
    assert labels == columns
    by_label = {ax.get_xlabel(): ax for ax in figure.axes if ax.get_xlabel()}
    assert by_label["parameters"].get_xscale() == by_label["batch size"].get_xscale() == "log"
    assert by_label["layers"].get_xscale() == "linear"
    ticks = by_label["layers"].get_xticks()
    assert (ticks == np.round(ticks)).all()

    pie = drawn(figure_5.draw(analysed["importance"], distributions, made_up_trials.TASKS))
    assert {"parameters", "layers", "batch size"} <= {
        text.get_text() for text in pie.legends[0].get_texts()
    }
    colours = {p.get_gid(): to_hex(p.get_facecolor()) for p in pie.axes[0].patches if p.get_gid()}
    assert colours["layers"] == BY_NAME["layers"].colour

    maps = drawn(figure_6.draw(analysed["interactions"], distributions, made_up_trials.TASKS))
    texts = {text.get_text() for ax in maps.findobj(Axes) for text in ax.texts}
    assert {"momentum", "batch size", "parameters", "layers", "input noise"} <= texts

    both = drawn(
        surrogates_figure.draw(
            analysed["importance"], analysed["marginals"], distributions, made_up_trials.TASKS
        )
    )
    assert [ax.get_xlabel() for ax in both.axes[1:]] == columns


def test_tables_have_a_column_for_each(trials, analysed):
    marked = selection.select(trials, 0.2)
    best = tables.best_trials(marked)
    assert {"hidden_size", "layers", "batch", "parameters"} <= set(best)
    assert {str(best[c].dtype) for c in ("layers", "batch", "parameters")} == {"Int64"}
    text = markdown(best, tables.HEADINGS)
    assert "| Layers | Batch | Parameters |" in text
    shares = tables.importances(analysed["importance"], marked)
    assert set(ALONG) <= set(shares)
    assert "| Parameters |" in markdown(shares, tables.HEADINGS)


def test_the_table_of_trials_has_layers_and_batch_if_any_trial_has(trials):
    assert trials["layers"].between(1, 3).all()
    assert trials["batch"].between(1, 32).all()
    rows = trials.to_dict("records")
    made = trials_table(rows, ["jsb"], ["V", "GRU"])
    assert made["layers"].tolist() == trials["layers"].tolist()
    columns = list(made)
    assert columns[columns.index("parameters") - 2 : columns.index("parameters")] == [
        "layers",
        "batch",
    ]
    without = [{k: v for k, v in row.items() if k not in ("layers", "batch")} for row in rows]
    assert not {"layers", "batch"} & set(trials_table(without, ["jsb"], ["V", "GRU"]))


def test_the_sentences_say_what_layers_and_parameters_do(analysed):
    (sentence,) = sentences.marginals(
        analysed["effects"], {"jsb": "JSB"}, {"jsb": "NLL (nats a frame)"}
    )
    assert "From the smallest tenth of networks to the largest it falls by" in sentence
    assert "From the fewest layers to the most it" in sentence
    assert "sizes" not in sentence
    (shares,) = sentences.importances(analysed["importance"], {"jsb": "JSB"})
    assert "number of parameters" in shares
    assert "number of layers" in shares


def test_the_explorer_shows_the_budget_in_the_place_of_the_size(trials):
    marked = selection.select(trials, 0.2)
    names = {"jsb": "JSB"}
    chart = str(explorer.chart(marked, 1, names, names, SEARCH.model_dump()))
    axes = "'learning rate', 'parameters', 'layers', 'input noise', '1 − momentum', 'batch size'"
    assert axes in chart
    without = str(explorer.chart(marked, 1, names, names, Search().model_dump()))
    assert axes.replace("parameters", "hidden size") in without
    ticks = explorer._ticks(marked, explorer.drawn_axes(marked), {})
    assert [t["label"] for t in ticks if t["axis"] == "layers"] == ["1", "2", "3"]
    columns = explorer.trial_columns(marked, made_up_trials.curves(trials))
    assert columns["layers"] == trials["layers"].tolist()
    assert columns["batch"] == trials["batch"].tolist()


def test_in_a_budget_hardly_a_trial_is_left_out_at_equal_parameters(trials):
    kept = robustness.at_equal_parameters(trials, "GRU")
    assert len(kept) > 0.9 * len(trials)
    by_size = made_up_trials.trials(60, ("jsb",), ("V", "GRU"), ())
    assert len(robustness.at_equal_parameters(by_size, "GRU")) < len(kept)
