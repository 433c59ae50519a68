"""Figures: what is drawn is what the tables say."""

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex

from odyssey.analysis import selection, welch
from odyssey.figures import figure_3, style


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
                        "source": "music21" if task == "jsb" else "synthetic",
                        "synthetic": task != "jsb",
                    }
                )
    return pd.DataFrame(rows)


def drawn(trials: pd.DataFrame, fraction=0.5):
    """Draw figure 3 and return it with its tables."""
    marked = selection.select(trials, fraction)
    distributions, tests = selection.distributions(marked), welch.compare(marked)
    figure = figure_3.draw(distributions, tests)
    FigureCanvasAgg(figure).draw()
    return figure, distributions, tests


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
        cells = distributions[distributions["trials"] == trials]
        for position, cell in enumerate(cells.itertuples()):
            colour, width, low, high = boxes(ax)[position]
            assert (low, high) == pytest.approx((cell.q25, cell.q75))
            assert colour == (style.BLUE if position == 2 else style.INK)
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


def test_variants_of_the_users_own_stand_on_the_axis():
    figure, _, _ = drawn(study())
    assert [t.get_text() for t in panels(figure)[1].get_xticklabels()] == ["V", "CIFG", "NFG+NOAF"]


def test_tasks_may_have_different_variants():
    both = pd.concat(
        [study(tasks=("iam",), variants=("V", "NP")), study(variants=("V", "CIFG", "NOG"))]
    )
    figure, _, _ = drawn(both)
    assert [len(boxes(ax)) for ax in panels(figure)] == [2, 3, 2, 3]


def test_trials_without_a_result_are_counted_in_the_panel_and_an_empty_cell_has_no_box():
    trials = study()
    trials.loc[trials["variant"] == "CIFG", ["validation", "test"]] = np.nan
    figure, _, _ = drawn(trials)
    top = panels(figure)[0]
    assert [text.get_text() for text in top.texts if "−" in text.get_text()] == ["−12"]
    assert sorted(boxes(top)) == [0, 2]


def test_a_far_outlier_does_not_flatten_the_boxes_and_is_said_in_figures():
    trials = study()
    trials.loc[0, "test"] = 4321.0
    figure, _, _ = drawn(trials)
    top = panels(figure)[0]
    assert top.get_ylim()[1] < 30
    assert any("4.32e+03" in text.get_text() for text in top.texts)


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
        (style.INK, style.BLUE),
        (style.BLUE, style.PALE),
        (style.VERMILLION, style.PALE),
        (style.VERMILLION, "white"),
    ):
        assert abs(np.cbrt(luminance(a)) - np.cbrt(luminance(b))) > 0.25
