"""Figures: what is drawn is what the tables say."""

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from made_up_trials import TASKS
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex

from odyssey import palette
from odyssey.analysis import budget, effects, fanova, selection, tables, welch
from odyssey.cells.reference import Parts
from odyssey.cells.variants import KIN, PAPER_VARIANTS
from odyssey.figures import (
    bits,
    expected_best,
    figure_1,
    figure_2,
    figure_3,
    figure_4,
    figure_5,
    figure_6,
    learning_curves,
    looks,
    pareto,
    significance,
    style,
)


def study(tasks=("jsb",), variants=("V", "CIFG", "NFG+NOAF"), n=12) -> pd.DataFrame:
    """Make trials in which the last variant is clearly worse."""
    rng = np.random.default_rng(7)
    rows = []
    for task in tasks:
        for variant in variants:
            for trial in range(n):
                result = rng.uniform(8, 9) + (3 if variant == variants[-1] else 0)
                hidden_size = int(rng.integers(20, 200))
                rows.append(
                    {
                        "task": task,
                        "variant": variant,
                        "trial": trial,
                        "hidden_size": hidden_size,
                        "learning_rate": 10 ** rng.uniform(-6, -2),
                        "momentum": 1 - 10 ** rng.uniform(-2, 0),
                        "input_noise": rng.uniform(),
                        "parameters": 4 * hidden_size**2,
                        "status": "completed",
                        "epochs": 10,
                        "best_epoch": 8,
                        "validation": result,
                        "test": result + rng.normal(0, 0.05),
                        "train_seconds": hidden_size / 10,
                        "engine": "fused",
                        "source": "music21" if task == "jsb" else "synthetic",
                        "synthetic": task != "jsb",
                    }
                )
    return pd.DataFrame(rows)


def drawn(trials: pd.DataFrame, fraction=0.5):
    """Draw figure 3 and return it with its tables."""
    marked = selection.select(trials, fraction)
    distributions, tests = selection.distributions(marked), welch.compare(marked, draws=99)
    figure = figure_3.draw(distributions, tests, TASKS)
    FigureCanvasAgg(figure).draw()
    return figure, distributions, tests


def test_many_tasks_stand_in_several_rows():
    names = [f"task {number}" for number in range(7)]
    marked = selection.select(study(names), 0.5)
    distributions, tests = selection.distributions(marked), welch.compare(marked, draws=99)
    figure = figure_3.draw(distributions, tests, dict.fromkeys(names, TASKS["jsb"]))
    FigureCanvasAgg(figure).draw()
    shown = [ax for ax in panels(figure) if ax.get_visible()]
    assert len(shown) == 14
    sizes = [ax.get_window_extent().size / figure.dpi for ax in shown]
    assert (np.min(sizes, axis=0) > [0.4, 1.2]).all()


def panels(figure):
    """Return the box-plot axes of figure 3 in reading order."""
    return [ax for ax in figure.axes if ax.get_ylabel() and "parameters" not in ax.get_ylabel()]


def boxes(ax):
    """Map the position of each box to its outline, as (colour, width, bottom, top)."""
    found = {}
    for patch in ax.patches:
        corners = patch.get_path().vertices
        middle = round((corners[:, 0].min() + corners[:, 0].max()) / 2)
        edges = corners[:, 1].min(), corners[:, 1].max()
        found[middle] = (to_hex(patch.get_edgecolor()), patch.get_linewidth(), *edges)
    return found


def test_boxes_hold_the_quartiles_of_the_table_and_blue_ones_differ_from_vanilla():
    figure, distributions, tests = drawn(study())
    assert tests["significant"].fillna(False).tolist() == [False, False, True]
    top, bottom = panels(figure)
    for ax, trials in ((top, "all"), (bottom, "selected")):
        rows = distributions[distributions["trials"] == trials]
        for position, row in enumerate(rows.itertuples()):
            colour, width, low, high = boxes(ax)[position]
            assert (low, high) == pytest.approx((row.q25, row.q75))
            assert colour == (palette.BLUE if position == 2 else palette.INK)
            assert (width > 1) == (position == 2)


def test_grey_bars_are_the_mean_number_of_parameters():
    figure, distributions, _ = drawn(study())
    bars = [ax for ax in figure.axes if ax not in panels(figure)]
    for ax, trials in zip(bars, ("all", "selected"), strict=True):
        heights = [patch.get_height() for patch in ax.patches]
        expected = distributions.loc[distributions["trials"] == trials, "parameters"] / 1e5
        assert heights == pytest.approx(expected.to_list())


def test_a_study_of_one_task_has_one_column_and_of_three_tasks_three():
    assert len(panels(drawn(study())[0])) == 2
    assert len(panels(drawn(study(tasks=("timit", "iam", "jsb")))[0])) == 6


def test_a_made_up_corpus_is_named_in_the_title():
    figure, _, _ = drawn(study(tasks=("timit", "jsb")))
    titles = [ax.get_title() for ax in panels(figure)[:2]]
    assert titles == ["TIMIT\n(synthetic stand-in)", "JSB Chorales"]


def test_a_mere_sample_of_a_corpus_is_called_one_in_the_title():
    trials = study(tasks=("timit", "jsb"))
    trials = trials.assign(source=trials["source"].replace("synthetic", "nltk"), synthetic=False)
    titles = [ax.get_title() for ax in panels(drawn(trials)[0])[:2]]
    assert titles == ["TIMIT\n(sample of 160 utterances)", "JSB Chorales"]


def test_variants_of_the_users_own_stand_on_the_axis():
    figure, _, _ = drawn(study())
    assert [t.get_text() for t in panels(figure)[1].get_xticklabels()] == ["V", "CIFG", "NFG+NOAF"]


def test_tasks_may_have_different_variants():
    both = pd.concat(
        [study(tasks=("iam",), variants=("V", "NP")), study(variants=("V", "CIFG", "NOG"))]
    )
    figure, _, _ = drawn(both)
    assert [len(boxes(ax)) for ax in panels(figure)] == [2, 3, 2, 3]


def test_trials_without_a_result_are_counted_in_the_panel_and_an_empty_search_has_no_box():
    trials = study()
    trials.loc[trials["variant"] == "CIFG", ["validation", "test"]] = np.nan
    figure, _, _ = drawn(trials)
    top = panels(figure)[0]
    assert [text.get_text() for text in top.texts if "−" in text.get_text()] == ["−12"]
    assert "−n" in figure.legends[0].get_texts()[-1].get_text()
    assert "−n" not in drawn(study())[0].legends[0].get_texts()[-1].get_text()
    assert sorted(boxes(top)) == [0, 2]


def test_a_far_outlier_does_not_flatten_the_boxes_and_is_said_in_figures():
    trials = study()
    trials.loc[0, "test"] = 4321.0
    figure, _, _ = drawn(trials)
    top = panels(figure)[0]
    assert top.get_ylim()[1] < 30
    assert any("4,321" in text.get_text() for text in top.texts)


def test_one_far_box_does_not_flatten_the_others_and_is_said_in_figures():
    trials = study()
    trials.loc[trials["variant"] == "CIFG", "test"] += 400.0
    figure, distributions, _ = drawn(trials)
    top, bottom = panels(figure)
    assert top.get_ylim()[1] < 30
    assert bottom.get_ylim()[1] < 30
    row = distributions.query("variant == 'CIFG' and trials == 'all'").iloc[0]
    texts = [text.get_text() for text in top.texts if "↑" in text.get_text()]
    expected = f"box to {row['q75']:.3g}, mean {row['mean']:.0f} ↑ {row['maximum']:.0f}"
    assert texts == [expected]


@pytest.mark.parametrize(
    ("tops", "expected"),
    [([3.0], 3.0), ([3.0, 9.0], 9.0), ([90.0, 3.0, 2.0], 3.0), ([90.0, 80.0], 90.0), ([2, 1], 2)],
)
def test_a_panel_reaches_as_far_as_its_variants_but_one_that_flattens_them(tops, expected):
    assert style.tallest(pd.Series(tops), 1.0) == expected


def test_a_panel_without_variants_has_no_height():
    assert np.isnan(style.tallest(pd.Series(dtype=float), np.nan))


def test_a_variant_that_begins_far_off_does_not_flatten_the_others():
    curves = budget.expected_best(study(), 1, resamples=20)
    far = curves.assign(expected=curves["expected"] + 500 * (curves["variant"] == "CIFG"))
    distributions = selection.distributions(selection.select(study()))
    (ax,) = expected_best.draw(far, distributions, TASKS).axes
    assert ax.get_ylim()[1] < 30
    assert [text.get_text()[:8] for text in ax.texts] == ["CIFG ↑ 5"]
    (ax,) = expected_best.draw(curves, distributions, TASKS).axes
    assert not ax.texts


def test_boxes_of_about_the_same_height_are_all_there():
    trials = study()
    trials.loc[trials["variant"] == "CIFG", "test"] += 4.0
    figure, distributions, _ = drawn(trials)
    assert panels(figure)[0].get_ylim()[1] > distributions["maximum"].max()


def test_a_study_without_any_result_is_still_a_figure():
    trials = study()
    trials[["validation", "test"]] = np.nan
    figure, _, _ = drawn(trials)
    assert boxes(panels(figure)[0]) == {}


def test_the_same_figure_is_the_same_files(tmp_path):
    for run in ("a", "b"):
        figure, _, _ = drawn(study())
        style.save(figure, [tmp_path / f"{run}.{suffix}" for suffix in ("pdf", "png", "svg")])
    for suffix in ("pdf", "png", "svg"):
        first, second = (tmp_path / f"{run}.{suffix}" for run in ("a", "b"))
        assert first.read_bytes() == second.read_bytes()
        assert first.stat().st_size > 1000


def test_the_style_does_not_leak():
    before = dict(mpl.rcParams)
    drawn(study())
    assert dict(mpl.rcParams) == before


def test_the_colours_differ_in_grey():
    def luminance(colour):
        linear = np.array(mpl.colors.to_rgb(colour)) ** 2.2
        return float(linear @ [0.2126, 0.7152, 0.0722])

    # Boxes against blue boxes, both against the bars, marks against bars and paper: 0.25 is a
    # quarter of the way from black to white in perceived lightness.
    for a, b in (
        (palette.INK, palette.BLUE),
        (palette.BLUE, palette.PALE),
        (palette.VERMILLION, palette.PALE),
        (palette.VERMILLION, "white"),
    ):
        assert abs(np.cbrt(luminance(a)) - np.cbrt(luminance(b))) > 0.25


RANGES = {
    "learning_rate": (1e-6, 1e-2),
    "hidden_size": (20, 200),
    "input_noise": (0, 1),
    "one_minus_momentum": (0.01, 1),
}


@pytest.fixture(scope="module")
def analysed():
    """Analyse a study of two tasks: distributions, importances, marginals, interactions."""
    trials = study(tasks=("timit", "jsb"), variants=("V",), n=20)
    found = [
        fanova.analyse_search(own, RANGES, 1, 4, "sklearn", ("gp",))
        for _, own in trials.groupby("task", sort=False)
    ]
    parts = [pd.concat(part) for part in list(zip(*found, strict=True))[:3]]
    return selection.distributions(selection.select(trials)), *parts


def titles(figure):
    """Collect what stands above the parts of a figure."""
    FigureCanvasAgg(figure).draw()
    found = [sub.get_suptitle() for sub in figure.findobj(mpl.figure.SubFigure)]
    return [text for text in (*found, *(ax.get_title() for ax in figure.axes)) if text]


def test_figure_4_draws_the_means_and_deviations_of_the_table(analysed):
    distributions, _, marginals, _ = analysed
    figure = figure_4.draw(marginals, distributions, TASKS)
    assert titles(figure) == ["TIMIT (synthetic stand-in) · V", "JSB Chorales · V"]
    drawn_lines = [line for ax in figure.axes for line in ax.get_lines()]
    # Two tasks, three hyperparameters, result and time.
    assert len(drawn_lines) == 12
    known = marginals.query("task == 'jsb' and parameter == 'input_noise' and response == 'test'")
    assert any(
        np.array_equal(line.get_ydata(), known["mean"])
        and np.array_equal(line.get_xdata(), known["value"])
        for line in drawn_lines
    )


def test_the_slices_of_figure_5_are_the_shares_of_the_table(analysed):
    distributions, importance, _, _ = analysed
    shares = fanova.main_shares(importance, "gp")
    figure = figure_5.draw(importance, distributions, TASKS)
    assert titles(figure) == ["TIMIT\n(synthetic stand-in)", "JSB Chorales"]
    for ax, task in zip(figure.axes, ("timit", "jsb"), strict=True):
        known = shares[shares["task"] == task].set_index("term")["share"]
        angles = {wedge.get_gid(): (wedge.theta2 - wedge.theta1) / 360 for wedge in ax.patches}
        assert angles == pytest.approx((known / known.sum()).to_dict(), abs=1e-6)


def test_the_maps_of_figure_6_are_those_of_the_table_and_grey_is_nothing(analysed):
    distributions, _, _, interactions = analysed
    figure = figure_6.draw(interactions, distributions, TASKS)
    assert "JSB Chorales · V · interaction alone" in titles(figure)
    maps = figure.findobj(mpl.image.AxesImage)
    # Two tasks, two matrices of six.
    assert len(maps) == 24
    alone = [image for image in maps if image.norm.vmin == -image.norm.vmax]
    assert len(alone) == 12
    assert to_hex(style.DIVERGING(0.5)) == "#d0d0d0"
    plane = interactions.query(
        "task == 'jsb' and parameter_x == 'learning_rate' and parameter_y == 'hidden_size'"
    )
    expected = plane.pivot_table(index="y", columns="x", values="total").to_numpy()
    assert any(np.array_equal(image.get_array(), expected) for image in maps)


def test_where_there_is_no_surrogate_the_figure_says_so(analysed):
    distributions, importance, marginals, interactions = analysed
    for figure in (
        figure_4.draw(marginals, distributions, TASKS, "NP"),
        figure_5.draw(importance, distributions, TASKS, "NP"),
        figure_6.draw(interactions, distributions, TASKS, "NP"),
    ):
        assert [text.get_text() for text in figure.texts] == [
            "NP: no surrogate, or none of these hyperparameters varies"
        ]


def test_pairs_with_a_flag_have_no_map(analysed):
    distributions, _, _, interactions = analysed
    flag = interactions[interactions["parameter_x"] == "learning_rate"].assign(parameter_y="clip")
    figure = figure_6.draw(flag, distributions, TASKS)
    assert [text.get_text() for text in figure.texts] == [
        "V: no surrogate, or none of these hyperparameters varies"
    ]


@pytest.mark.parametrize("variants", [PAPER_VARIANTS, ("V",), ("V", "NFG+NOAF"), ("CIFG", "FGR")])
def test_figure_1_draws_a_block_for_each_variant(variants):
    figure = figure_1.draw(variants)
    names = [title.split("\n")[0] for title in titles(figure)]
    others = [name for name in variants if name != "V"]
    assert names == ["Simple recurrent unit", "LSTM block: vanilla (V)", *others]


def test_figure_1_names_every_change():
    drawn = titles(figure_1.draw(("NFG+NOAF", "NP+FB1")))
    assert drawn[2:] == [
        "NFG+NOAF\nno forget gate\nno output activation",
        "NP+FB1\nno peepholes\nforget bias 1 at first",
    ]
    assert set(figure_1.CHANGES) == set(Parts.__dataclass_fields__)


OWN = """'''A cell for 5 $, with $x$ in its title (nobody, 2026).'''

from odyssey.cells.equations import State, tanh


def step(x, before, w):
    h = tanh(w.W @ x + w.R_1 @ before.y)
    return State(y=h)
"""


@pytest.mark.parametrize("width", [style.COLUMN, style.PAGE])
def test_figure_1_writes_the_equations_of_other_cells_within_the_page(tmp_path, width):
    (tmp_path / "mine.py").write_text(OWN, encoding="utf-8")
    own = {"MINE": str(tmp_path / "mine.py")}
    figure = figure_1.draw(["V", "NP", *KIN, "MINE"], own, width)
    figure.set_dpi(style.SETTINGS["savefig.dpi"])
    assert [title.split("\n")[0] for title in titles(figure)][2:] == ["NP"]
    canvas = FigureCanvasAgg(figure)
    texts = figure.subfigs[-1].texts
    said = [text.get_text() for text in texts]
    assert [name for name in (*KIN, "MINE") if name not in said] == []
    assert r"$h = \tanh(W\,x + R_{1}\,y^{-})$" in said
    assert "A cell for 5 $, with $x$ in its title (nobody, 2026)" in " ".join(said)
    boxes = [text.get_window_extent(canvas.get_renderer()) for text in texts]
    page = figure.bbox
    for box in boxes:
        assert page.x0 <= box.x0 and box.x1 <= page.x1  # noqa: PT018
        assert page.y0 <= box.y0
    assert all(text.get_fontsize() >= 6.5 for text in texts)
    overlapping = [
        (a, b)
        for n, a in enumerate(boxes)
        for b in boxes[:n]
        if min(a.x1, b.x1) > max(a.x0, b.x0) and min(a.y1, b.y1) - max(a.y0, b.y0) > 1
    ]
    assert overlapping == []


def test_figure_2_draws_every_stroke_and_the_text_as_it_is():
    line = {
        "points": np.random.default_rng(1).normal(size=(10, 3)),
        "stroke_lengths": np.array([4, 1, 5]),
        "text": np.array("$a_b$ & 5 %"),
        "synthetic": np.array(True),
    }
    figure = figure_2.draw(line, "IAM-OnDB")
    FigureCanvasAgg(figure).draw()
    assert len(figure.axes[0].get_lines()) == 6
    assert figure.get_supxlabel() == "$a_b$ & 5 %"
    assert "synthetic stand-in" in figure.axes[0].get_title()


def test_the_map_of_significance_marks_what_the_table_calls_significant():
    marked = selection.select(study(tasks=("timit", "jsb")), 0.5)
    table = welch.compare(marked, draws=99)
    figure = significance.draw(table, selection.distributions(marked), TASKS)
    texts = [text.get_text() for text in figure.axes[0].texts]
    assert len(texts) == 4
    assert [text.endswith("*") for text in texts] == [False, False, True, True]


def test_a_study_of_vanilla_alone_has_no_map_of_significance_but_a_sentence():
    marked = selection.select(study(variants=("V",)), 0.5)
    figure = significance.draw(
        welch.compare(marked, draws=99), selection.distributions(marked), TASKS
    )
    assert figure.texts[0].get_text() == "no variant could be compared with V"


def test_bits_are_drawn_with_their_intervals_and_filled_where_these_exclude_zero():
    table = pd.DataFrame(
        [
            {"task": "jsb", "variant": v, "effect": effect, "estimate": e}
            | {"family_low": e - 0.2, "family_high": e + 0.2}
            for v, effect, e in (
                ("V", effects.BITS, 1.5),
                ("NP", effects.BITS, 1.6),
                ("NP", effects.BITS_MORE, 0.1),
                ("RNN", effects.BITS, 1.0),
                ("RNN", effects.BITS_MORE, -0.5),
                ("V", effects.BASIN_WIDTH, 2.0),
            )
        ]
    )
    distributions = pd.DataFrame({"task": ["jsb"], "synthetic": [False], "source": ["json"]})
    left, right = bits.draw(table, distributions, TASKS).axes
    assert [label.get_text() for label in left.get_yticklabels()] == ["RNN", "V", "NP"]
    points = [
        (tuple(line.get_xdata()), line.get_markerfacecolor() != "white")
        for ax in (left, right)
        for line in ax.lines
        if line.get_marker() == "o"
    ]
    assert points[0] == ((1.0, 1.5, 1.6), True)
    assert points[2] == ((-0.5,), True)
    assert points[3][0][1] == 0.1
    assert not points[3][1]
    ends = [path.vertices[:, 0] for path in left.collections[0].get_paths()]
    np.testing.assert_allclose(ends, [[0.8, 1.2], [1.3, 1.7], [1.4, 1.8]])


def test_a_study_without_vanilla_has_bits_but_none_more():
    table = pd.DataFrame({"task": "jsb", "variant": ["GRU", "RNN"], "effect": effects.BITS})
    table = table.assign(estimate=[1.0, 1.2], family_low=np.nan, family_high=np.nan)
    distributions = pd.DataFrame({"task": ["jsb"], "synthetic": [False], "source": ["json"]})
    (ax,) = bits.draw(table, distributions, TASKS).axes
    assert ax.get_xlabel() == "bits a parameter"
    assert {line.get_markerfacecolor() for line in ax.lines if len(line.get_xdata())} != {"white"}


def test_without_any_bits_the_figure_says_so():
    distributions = pd.DataFrame({"task": ["jsb"], "synthetic": [False], "source": ["json"]})
    none = pd.DataFrame([{"task": "jsb", "effect": effects.BITS, "estimate": np.nan}])
    (text,) = bits.draw(none, distributions, TASKS).texts
    assert "what it has stored" in text.get_text()


def test_expected_best_draws_the_curves_of_the_table():
    trials = study(tasks=("timit", "jsb"))
    table = budget.expected_best(trials, 1, resamples=20)
    figure = expected_best.draw(table, selection.distributions(selection.select(trials)), TASKS)
    for ax, task in zip(figure.axes, ("timit", "jsb"), strict=True):
        assert [line.get_label() for line in ax.get_lines()] == ["V", "CIFG", "NFG+NOAF"]
        known = table.loc[(table["task"] == task) & (table["variant"] == "CIFG"), "expected"]
        assert np.array_equal(ax.get_lines()[1].get_ydata(), known)


def test_learning_curves_are_those_of_the_best_trials():
    trials = study()
    trials.loc[trials["variant"] == "CIFG", ["validation", "test"]] = np.nan
    marked = selection.select(trials)
    best = tables.best_trials(marked)
    curves = pd.concat(
        [
            pd.DataFrame(
                {
                    "task": "jsb",
                    "variant": variant,
                    "trial": trial,
                    "epoch": range(1, 11),
                    "validation": trial + 1 / np.arange(1, 11),
                }
            )
            for variant in ("V", "CIFG", "NFG+NOAF")
            for trial in range(12)
        ]
    )
    figure = learning_curves.draw(curves, best, selection.distributions(marked), TASKS)
    lines = [line for line in figure.axes[0].get_lines() if len(line.get_xdata()) > 1]
    chosen = best["trial"].dropna().to_list()
    assert [line.get_ydata()[-1] - 0.1 for line in lines] == pytest.approx(chosen)


def test_pareto_draws_the_front_of_the_table():
    trials = study()
    fronts = budget.fronts(trials)
    figure = pareto.draw(trials, fronts, selection.distributions(selection.select(trials)), TASKS)
    for ax, cost in zip(figure.axes, pareto.COSTS, strict=True):
        points = {
            point
            for line in ax.get_lines()
            if line.get_linestyle() == "None"
            for point in zip(line.get_xdata(), line.get_ydata(), strict=True)
        }
        known = fronts[fronts["cost"] == cost]
        assert points == set(zip(known["value"], known["test"], strict=True))


def test_pareto_draws_a_front_of_seconds_for_each_engine():
    trials = study()
    trials["engine"] = np.where(trials["variant"] == "CIFG", "reference", "fused")
    fronts = budget.fronts(trials)
    distributions = selection.distributions(selection.select(trials))
    of_size, of_time = pareto.draw(trials, fronts, distributions, TASKS).axes
    lines = {
        ax: [x for x in ax.get_lines() if x.get_linestyle() == "-"] for ax in (of_size, of_time)
    }
    assert [len(lines[ax]) for ax in (of_size, of_time)] == [1, 2]
    assert "do not compare" in of_time.get_xlabel()
    assert "do not compare" not in of_size.get_xlabel()


def test_figure_4_names_the_engine_where_there_are_several(analysed):
    distributions, _, marginals, _ = analysed
    rows = figure_4.draw(marginals, distributions, TASKS).subfigs
    labels = [ax.get_ylabel() for row in rows for ax in row.axes]
    assert "training time (s)" in labels
    trials = pd.DataFrame({"variant": ["V", "NP"], "engine": ["reference", "fused"]})
    figure = figure_4.draw(marginals, distributions, TASKS, trials=trials)
    labels = [ax.get_ylabel() for row in figure.subfigs for ax in row.axes]
    assert "training time (s, engine reference)" in labels


def test_lines_of_variants_differ_in_colour_or_style():
    lines = [looks.line_of(name, list(PAPER_VARIANTS)) for name in PAPER_VARIANTS]
    assert len({(look["color"], look["linestyle"]) for look in lines}) == 9
    dots = [looks.dot_of(name, list(PAPER_VARIANTS)) for name in PAPER_VARIANTS]
    assert len({look["marker"] for look in dots}) == 9


def test_a_legend_of_many_variants_stays_within_the_figure():
    names = ("V", *(f"NFG+NOAF{n}" for n in range(24)))
    trials = study(tasks=("jsb",), variants=names, n=4)
    table = budget.expected_best(trials, 1, resamples=5)
    figure = expected_best.draw(table, selection.distributions(selection.select(trials)), TASKS)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    box = figure.legends[0].get_window_extent(canvas.get_renderer())
    assert figure.bbox.x0 <= box.x0 < box.x1 <= figure.bbox.x1
    assert figure.axes[0].bbox.height > 1.2 * figure.dpi  # and the panel has its room


def test_forty_variants_still_look_different():
    names = ["V", *map(str, range(40))]
    lines = [looks.line_of(name, names) for name in names]
    assert len({(look["color"], str(look["linestyle"])) for look in lines}) == 41
    dots = [looks.dot_of(name, names) for name in names]
    assert len({(look["color"], str(look["marker"])) for look in dots}) == 41
