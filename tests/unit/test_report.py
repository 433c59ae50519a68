"""The report: its sentences are true of tables whose truth is known, and its page is whole."""

import io
import json
import math
import pickle
import re
from dataclasses import replace
from functools import cache
from html import unescape
from urllib.parse import unquote
from xml.etree import ElementTree

import made_up_trials
import numpy as np
import pandas as pd
import pytest
import vl_convert
from fontTools.pens.recordingPen import RecordingPen
from fontTools.svgLib.path import parse_path
from matplotlib.figure import Figure
from pages import parse
from PIL import Image
from project import REPOSITORY

from odyssey.analysis import claims, effects, fanova, selection, tables, welch
from odyssey.captions import FIGURES, TABLES
from odyssey.figures import style
from odyssey.report import captions, explorer, files, rows, sentences
from odyssey.report.files import Picture
from odyssey.report.page import Contents, render, script_data

KEPT = REPOSITORY / "results" / "reference" / "jsb" / "figures"
LABELS = {"timit": "TIMIT", "jsb": "JSB Chorales"}
MEASURES = {"timit": "frame error (%)", "jsb": "NLL (nats a frame)"}
CONFIGURATION = {
    "study": "made-up",
    "seed": 1,
    "search": {"trials": 200, "learning_rate": {"low": 1e-6, "high": 1e-2}},
    "analysis": {
        "best_fraction": 0.1,
        "alpha": 0.05,
        "correction": "bonferroni",
        "selection_luck": True,
        "surrogate": "gp",
    },
}
DRAWING = '<svg xmlns=\'http://www.w3.org/2000/svg\' width="252pt" height="216pt"/>'
PICTURE = Picture("data:", 252.0, 216.0)


def welch_table(task="jsb", **differences) -> pd.DataFrame:
    """Make Welch's table from the true difference of each variant; those of 0 are no effects."""
    rows = [{"task": task, "variant": "V", "n": 20, "mean": 10.0, "sd": 1.0, "note": "reference"}]
    rows += [
        {
            "task": task,
            "variant": variant,
            "n": 20,
            "mean": 10.0 + difference,
            "sd": 1.0,
            "difference": difference,
            "ci_low": difference - 0.5,
            "ci_high": difference + 0.5,
            "p": 0.001 if difference else 0.9,
            "p_adjusted": 0.008 if difference else 1.0,
            "significant": bool(difference),
            "paper_significant": bool(difference),
            "detectable": 1.5,
            "direction": "worse" if difference > 0 else "better" if difference < 0 else "",
        }
        for variant, difference in differences.items()
    ]
    frame = pd.DataFrame(rows).reindex(columns=list(welch.COLUMNS))
    for column in ("direction", "note"):
        frame[column] = frame[column].astype("str").fillna("")
    frame[["n_vanilla"]] = 20
    return frame.astype(welch.COLUMNS)


def small(trials=6, tasks=("timit", "jsb"), variants=("V", "NP", "NOAF"), synthetic=("timit",)):
    """Make the contents of a report of a small made-up study."""
    made = made_up_trials.trials(trials, tasks, variants, synthetic)
    marked = selection.select(made, 0.5)
    return Contents(
        CONFIGURATION,
        marked,
        made_up_trials.curves(made),
        welch.compare(marked, draws=99),
        made_up_trials.TASKS,
    )


def script(page: str, name: str):
    found = re.search(f'<script type="application/json" id="{name}">(.*?)</script>', page, re.S)
    return json.loads(found[1])


# Sentences


def test_words_are_listed_as_in_a_sentence():
    assert sentences.listed(["a"]) == "a"
    assert sentences.listed(["a", "b", "c"]) == "a, b and c"


def test_diverged_and_failed_trials_are_counted_in_the_first_sentence():
    trials = pd.DataFrame(
        {
            "task": "jsb",
            "variant": ["V", "NP"] * 10,
            "status": ["diverged"] * 2 + ["failed"] + ["completed"] * 17,
            "train_seconds": 360.0,
        }
    )
    assert sentences.what_ran(trials, LABELS) == (
        "20 trials of 2 variants on 1 task took 2.00 hours of training; "
        "2 (10 %) diverged and 1 (5.0 %) failed."
    )
    assert "all trials of" not in sentences.what_ran(trials, LABELS)
    completed = trials.assign(status="completed")
    assert sentences.what_ran(completed, LABELS).endswith("all of them ran to their end.")


def test_the_summary_names_what_is_worse_everywhere_and_what_on_some_tasks():
    table = pd.concat(
        [welch_table("timit", NP=0, NIG=2.0, NFG=3.0), welch_table("jsb", NP=0, NIG=0, NFG=1)]
    )
    assert sentences.against_vanilla(table, LABELS, 0.05) == (
        "No variant is significantly better than vanilla on any task; NFG is significantly worse "
        "on both tasks, NIG on some (permutation of whole searches, α = 0.05)."
    )


def test_the_summary_names_a_variant_that_is_better():
    text = sentences.against_vanilla(welch_table(NP=-1.0, NFG=2.0), LABELS, 0.01)
    assert text == (
        "NP on JSB Chorales is significantly better than vanilla; significantly worse is NFG "
        "(permutation of whole searches, α = 0.01)."
    )


def test_the_summary_says_what_only_the_papers_test_would_find():
    table = welch_table(NP=0, NFG=2.0)
    table["paper_significant"] = True
    text = sentences.against_vanilla(table, LABELS, 0.05)
    assert text.endswith(
        " The paper’s test, which knows nothing of the luck of selection, would also tell NP from "
        "vanilla."
    )
    plain = sentences.against_vanilla(table, LABELS, 0.05, False)
    assert plain.endswith("(Welch’s t-test, as in the paper, α = 0.05).")


def test_the_summary_of_a_study_without_effects_claims_none():
    text = sentences.against_vanilla(welch_table(NP=0, NFG=0), LABELS, 0.05)
    assert text.startswith("No variant is significantly better than vanilla on JSB Chorales; none")


def test_comparisons_that_could_not_be_made_are_counted_and_not_called_equal():
    table = welch_table(NP=0, NFG=2.0)
    unknown = table["variant"] == "NP"
    table.loc[unknown, ["p", "p_adjusted", "significant"]] = None
    assert "1 comparison could not be made" in sentences.against_vanilla(table, LABELS, 0.05)
    assert "NP" not in sentences.comparisons(table, LABELS, MEASURES, 0.05, {})[0]
    table[["p", "p_adjusted", "significant"]] = None
    assert sentences.against_vanilla(table, LABELS, 0.05).startswith("No variant could be compared")


def test_a_caption_gives_each_difference_with_its_interval():
    table = welch_table(CIFG=0, NP=-1.0, NFG=2.0)
    (text,) = sentences.comparisons(table, LABELS, MEASURES, 0.1, {"jsb": 0.6})
    assert text == (
        "JSB Chorales: the selected trials of NP are best on average, with NLL 9.00 nats a frame; "
        "vanilla has 10.0. "
        "Significantly better than vanilla (permutation of whole searches) is NP (−1.00, 90 % "
        "−1.50 to −0.500). "
        "Significantly worse than vanilla (permutation of whole searches) is NFG (+2.00, 90 % 1.50 "
        "to 2.50). "
        "No different by more than 0.600 is CIFG (0, 90 % −0.500 to 0.500). "
        "A difference of 1.50 to 1.50, depending on the variant, is found with a chance of 80 %."
    )


def test_a_caption_leaves_open_what_is_neither_shown_nor_excluded_and_names_the_papers_test():
    table = welch_table(NP=-0.1, NFG=2.0)
    table.loc[table["variant"] == "NP", "significant"] = False
    (text,) = sentences.comparisons(table, LABELS, MEASURES, 0.05, {"jsb": 0.4}, False)
    assert "NP are best on average, with NLL 9.90 nats a frame; vanilla has 10.0, and that may" in (
        text
    )
    assert "Neither shown to differ nor not to is NP (−0.100, 95 % −0.600 to 0.400)." in text
    assert "worse than vanilla (Welch’s t-test, as in the paper) is NFG" in text
    assert "No different" not in text


def importance(r2=0.9, note="", surrogate="gp", **shares) -> pd.DataFrame:
    """Make importances; `higher` and `beyond` are interactions: all, and of three or more."""
    names = {"higher": fanova.HIGHER, "beyond": fanova.BEYOND_PAIRS}
    orders = [None if term in names else 1 + term.count("__") for term in shares]
    return pd.DataFrame(
        {
            "task": "jsb",
            "variant": "V",
            "response": "test",
            "surrogate": surrogate,
            "term": [names.get(term, term.replace("__", " × ")) for term in shares],
            "order": pd.array(orders, dtype="Int64"),
            "share": list(shares.values()),
            "low": [share / 2 for share in shares.values()],
            "high": [share * 1.1 for share in shares.values()],
            "n": 200,
            "r2": r2,
            "note": note,
        }
    )


def test_a_caption_ranks_the_hyperparameters_and_keeps_interactions_apart():
    table = importance(
        momentum=0.004,
        learning_rate=0.75,
        hidden_size=0.12,
        learning_rate__hidden_size=0.05,
        learning_rate__momentum=0.03,
        beyond=0.046,
        higher=0.126,
    )
    forest = importance(surrogate="forest", learning_rate=0.6, higher=0.3)
    (text,) = sentences.importances(pd.concat([table, forest]), LABELS)
    assert "learning rate 75 % (38 % to 82 %), hidden size 12 %" in text
    assert "13 % (6.3 % to 14 %) several together (Gaussian process, R² of trials left out" in text
    assert text.endswith("The paper’s forest would have given 30 % to several together.")
    (text,) = sentences.interactions(table, LABELS)
    assert (
        "two is perhaps that of learning rate and hidden size, with 5.0 % (2.5 % to 5.5 %) of the"
        in text
    )
    assert "those of three and more have 4.6 %" in text


def test_the_summary_names_the_hyperparameter_that_explains_most_on_each_task():
    jsb = importance(learning_rate=0.75, hidden_size=0.12, higher=0.13)
    timit = importance(hidden_size=0.6, learning_rate=0.3, higher=0.1).assign(task="timit")
    both = pd.concat([timit, jsb], ignore_index=True)
    assert sentences.what_matters(both, LABELS) == (
        "Most of vanilla’s variance is explained by hidden size on TIMIT (60 %) and learning rate "
        "on JSB Chorales (75 %)."
    )
    assert sentences.what_matters(both.assign(share=np.nan), LABELS) == ""


def test_a_surrogate_that_explains_nothing_is_called_so():
    (text,) = sentences.importances(
        importance(r2=-0.1, note="the process explains nothing", learning_rate=0.5, higher=0.5),
        LABELS,
    )
    assert "−0.100" in text
    assert text.endswith("Beware: the process explains nothing.")


def test_a_search_without_a_surrogate_says_why():
    table = importance(nothing=0.0).assign(share=np.nan, term="", note="no surrogate: 4 trials")
    assert sentences.importances(table, LABELS) == ["JSB Chorales: no surrogate: 4 trials."]


def found(**values) -> pd.DataFrame:
    """Make effects, from names to estimate, low and high."""
    rows = [
        {"task": "jsb", "variant": "V", "effect": effect, "by": "gp", "n": 200}
        | dict(zip(("estimate", "low", "high"), triple, strict=True))
        for effect, triple in values.items()
    ]
    return effects.table(rows)


RATES = {
    effects.LOWEST: (8.0, 7.9, 8.1),
    effects.BEST_RATE: (1e-4, 5e-5, 2e-4),
    effects.BASIN_LOW: (2e-5, 1e-5, 3e-5),
    effects.BASIN_HIGH: (4e-4, 3e-4, 5e-4),
    effects.BELOW_END: (2.0, 1.5, 2.2),
}


def test_the_basin_of_the_learning_rate_is_told_as_it_is():
    (text,) = sentences.marginals(found(**RATES), LABELS, MEASURES)
    assert text == (
        "JSB Chorales: the lowest prediction, NLL 8.00 nats a frame (interval 7.90 to 8.10), is at "
        "learning rate 1.0e−4 (interval 5.0e−5 to 2.0e−4), in a basin from 2.0e−5 (interval "
        "1.0e−5 to 3.0e−5) to 4.0e−4 (interval 3.0e−4 to 5.0e−4)."
    )


def test_a_basin_at_the_end_of_the_range_is_said_to_reach_it():
    table = found(**RATES | {effects.BASIN_HIGH: (1e-2, 1e-2, 1e-2)})
    (text,) = sentences.marginals(table, LABELS, MEASURES)
    assert "reaches the upper end of the searched range" in text


NOISE = {effects.NOISE_GAIN: (0.5, 0.4, 0.6), effects.BEST_NOISE: (0.3, 0.25, 0.35)}


def test_size_and_noise_are_described_by_what_they_change():
    table = found(
        **{
            effects.change_of("test", "hidden_size"): (-0.75, -1.0, -0.5),
            effects.ratio_of("train_seconds", "hidden_size"): (8.0, 7.0, 9.0),
            effects.change_of("test", "input_noise"): (1.0, 0.8, 1.2),
        },
        **NOISE,
    )
    (text,) = sentences.marginals(table, LABELS, MEASURES)
    assert "to the largest it falls by 0.750 (interval 0.500 to 1.00), and training takes 8.00" in (
        text
    )
    assert "to the most it rises by 1.00 (interval 0.800 to 1.20); noise is best at 0.300" in text
    assert "gains 0.500 over none (interval 0.400 to 0.600)" in text


def test_a_change_whose_interval_spans_zero_is_hedged_and_noise_not_recommended():
    table = found(
        **{effects.change_of("test", "input_noise"): (0.2, -0.1, 0.5)},
        **NOISE | {effects.BEST_NOISE: (0.3, 0.0, 0.5)},
    )
    (text,) = sentences.marginals(table, LABELS, MEASURES)
    assert "changes by 0.200 at a guess, but perhaps not at all (interval −0.100 to 0.500)" in text
    assert text.endswith("that some of it helps is not clear.")


def test_budgets_name_the_variant_that_is_best_at_each():
    k = np.arange(1, 41)
    table = pd.concat(
        pd.DataFrame(
            {
                "task": "jsb",
                "variant": variant,
                "k": k,
                "expected": expected,
                "low": expected - 0.5,
                "high": expected + 0.5,
            }
        )
        for variant, expected in (("V", 10.0 - 0.1 * k), ("NP", 9.5 - 0.05 * k))
    ).reset_index()
    assert sentences.budgets(table, LABELS) == [
        "JSB Chorales: best in expectation, by these trials, is with 5 trials NP (9.25, interval "
        "8.75 to 9.75; vanilla 9.50) and with 20 trials V (8.00, interval 7.50 to 8.50)."
    ]


def test_the_best_trial_of_a_task_is_the_one_of_best_validation():
    trials = made_up_trials.trials(30, ("jsb",), ("V", "NP"))
    best = trials.loc[trials["validation"].idxmin()]
    (text,) = sentences.best_trials(trials, LABELS)
    assert f"{best['variant']}, trial {best['trial']}, with" in text
    assert f"epoch {best['best_epoch']} of {best['epochs']}" in text


def test_verdicts_are_counted():
    table = pd.DataFrame({"verdict": ["undecided", "reproduced", "reproduced"]})
    table["paper_rule"] = ["contradicted", "reproduced", "reproduced"]
    assert sentences.verdicts(table) == (
        "Of 3 claims: 2 reproduced and 1 undecided. By the paper’s own rules: 2 reproduced and 1 "
        "contradicted."
    )


# Captions


def test_a_figure_of_the_supplement_is_captioned_for_its_variant():
    asked = []

    def find(variant, surrogate):
        asked.append((variant, surrogate))
        return ["found"]

    made = captions.caption("figure_4_NFG+NOAF", {"figure_4": find})
    assert made.title.startswith("Figure 4. ")
    assert made.title.endswith(": NFG+NOAF")
    assert made.findings == ["found"]
    assert made.subject == "NFG+NOAF"
    made = captions.caption("figure_4_V_forest", {"figure_4": find})
    assert made.title.endswith(": V, by the paper’s forest")
    assert asked == [("NFG+NOAF", "gp"), ("V", "forest")]


def test_a_figure_that_is_not_known_has_its_name_for_a_title():
    assert captions.caption("my_own_plot", {}) == captions.Shown("My own plot", "", [], "")


# Explorer


def test_curves_keep_four_digits_and_what_is_not_finite_is_an_empty_place():
    curves = pd.DataFrame(
        {
            "task": "jsb",
            "variant": "V",
            "trial": [0, 0, 0, 1],
            "epoch": [1, 2, 3, 1],
            "train_loss": [1.234567, np.inf, 0.5, 2.0],
            "validation": [11.0, 9.87654, np.nan, 3.0],
        }
    )
    packed = explorer.packed_curves(curves, 1)
    assert packed["loss_curve"].tolist() == ["1.235  0.5", "2"]
    assert packed["validation_curve"].tolist() == ["11 9.877 ", "3"]
    assert explorer.packed_curves(curves, 2)["loss_curve"].tolist() == ["1.235 0.5", "2"]


def test_curves_are_thinned_only_when_they_would_not_fit():
    assert explorer.stride(explorer.CURVE_NUMBERS // 2) == 1
    assert explorer.stride(explorer.CURVE_NUMBERS // 2 + 1) == 2


def test_far_outliers_do_not_set_the_axis():
    low, high = explorer.limits(pd.Series([1.0, 2.0, 3.0, 4.0, 1e6]))
    assert (low, high) == (1.0, 4.0)
    assert explorer.limits(pd.Series([5.0])) == (5.0, 6.0)
    assert explorer.limits(pd.Series([], dtype=float)) == (0.0, 1.0)


def test_the_explorer_is_a_specification_that_vega_lite_compiles_without_a_warning(capfd):
    contents = small()
    chart = explorer.chart(contents.trials, 1, LABELS, MEASURES)
    columns = explorer.trial_columns(contents.trials, contents.curves)
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    chart["datasets"]["trials"] = rows
    vega = vl_convert.vegalite_to_vega(chart)
    assert capfd.readouterr().err == ""
    signals = {signal["name"]: signal for signal in vega["signals"]}
    # What the page's script relies on.
    assert vega["width"] == explorer.WIDTH
    assert "dark" in signals
    elements = {s["bind"]["element"] for s in signals.values() if "bind" in s}
    assert elements == {"#choose-task", "#choose-variants", "#choose-axis", "#choose-trial"}


def test_every_trial_is_in_the_explorer_those_without_a_result_too():
    contents = small()
    contents.trials.loc[3, ["validation", "test"]] = np.nan
    columns = explorer.trial_columns(contents.trials, contents.curves)
    assert len(columns["trial"]) == len(contents.trials)
    assert columns["test"][3] is None
    assert columns["learning_rate"] == pytest.approx(contents.trials["learning_rate"], rel=1e-4)


@pytest.mark.parametrize("span", [0.002, 0.02, 0.2, 2, 20])
def test_an_axis_of_seconds_that_hardly_differ_has_its_numbers(span):
    contents = small(tasks=("jsb",))
    seconds = np.linspace(4 * span, 5 * span, len(contents.trials)).round(6)
    chart = explorer.chart(contents.trials.assign(train_seconds=seconds), 1, LABELS, MEASURES)
    (places,) = (p["value"] for p in chart["params"] if p["name"] == "places")
    assert len(places["train_seconds"]) >= 2


def test_any_number_of_variants_has_colours():
    many = ["V", *(f"NFG+{i}" for i in range(30))]
    colours = explorer.colours(many)
    assert list(colours) == many
    assert colours.pop("V") is None
    assert len(set(colours.values())) == 30
    for colour in list(colours.values())[len(explorer.COLOURS) :]:
        rgb = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
        linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
        luminance = linear @ [0.2126, 0.7152, 0.0722]
        # Three to one is WCAG 2's for graphics, on white and on the page's black.
        assert 1.05 / (luminance + 0.05) > 3
        assert (luminance + 0.05) / (0.0102 + 0.05) > 3


# Files


@pytest.mark.parametrize("name", ["figure_3.pdf", "figure_3.svg"])
def test_what_is_no_svg_is_refused_as_a_figure_of_the_page(name, tmp_path):
    (tmp_path / name).write_text("not a drawing", encoding="utf-8")
    with pytest.raises(ValueError, match=rf"{re.escape(name)}: .* must be a \.svg"):
        files.read_pictures([tmp_path / name])


def test_a_picture_holds_the_drawing_whole_and_is_shorter_than_its_file(tmp_path):
    path = tmp_path / "drawn.svg"
    with style.style():
        figure = Figure(figsize=(3.5, 2.0))
        ax = figure.subplots()
        ax.plot([0, 1 / 3, 1], [0.1234567, 0.7, 0.2], color="#0072b2")
        ax.set_title("50 % of \"it\" & 'that' < #1")
    style.save(figure, [path])
    (picture,) = files.read_pictures([path]).values()
    assert (picture.width, picture.height) == (252.0, 144.0)
    kind, _, data = picture.address.partition(",")
    assert kind == "data:image/svg+xml;charset=utf-8"
    assert not {'"', "#"} & set(data)
    assert len(data) < 0.85 * path.stat().st_size
    was, now = (drawn(text) for text in (path.read_text(encoding="utf-8"), unquote(data)))
    assert [tag for tag, _ in now] == [tag for tag, _ in was]
    for (_, before), (_, after) in zip(was, now, strict=True):
        assert after == pytest.approx(before, abs=0.01)


def drawn(text: str) -> list[tuple[str, list[float]]]:
    """List the elements of a drawing with the numbers in their attributes.

    Those of paths are the points that they pass, as fontTools reads them.
    """
    number = re.compile(r"-?\d+(?:\.\d+)?(?:e-?\d+)?")

    def numbers(name, value):
        if name != "d":
            return [float(n) for n in number.findall(value)]
        pen = RecordingPen()
        parse_path(value, pen)
        return [at for _, points in pen.value for point in points for at in point]

    return [
        (element.tag, [n for name, v in element.attrib.items() for n in numbers(name, v)])
        for element in ElementTree.fromstring(text).iter()
        if element.tag.startswith("{http://www.w3.org/2000/svg}")
        and not element.tag.endswith("metadata")
    ]


@pytest.mark.parametrize("name", ["attribution", "figure_1", "figure_5"])
def test_a_picture_looks_like_its_file(name):
    text = (KEPT / f"{name}.svg").read_text(encoding="utf-8")
    was, now = (
        np.asarray(Image.open(io.BytesIO(vl_convert.svg_to_png(svg, scale=1))).convert("L"), int)
        for svg in (text, files.shortened(text))
    )
    assert np.ptp(was) > 200
    assert np.quantile(np.abs(was - now), 0.995) <= 8
    assert len(files.shortened(text)) < 0.8 * len(text)


def test_a_path_begins_again_where_it_was_closed():
    path = '<path d="M 10 10 L 20.006 10 L 20 12.5 z M 11 9.5 M 12 9 L 11.5 8.25 Q 0 0 1 1"/>'
    short = '<path d="m10 10 10.01 0-.01 2.5zm1-.5m1-.5-.5-.75q-11.5-8.25-10.5-7.25"/>'
    assert files.shortened(path) == short


@pytest.mark.parametrize(
    "path", ["M 1 1 A 1 1 0 0 0 2 2", "M 1 1 L 2 2 3 3", "M1,1 L2,2", "M1-1", "m 1 1 l 2 2", ""]
)
def test_a_path_that_matplotlib_does_not_write_is_left_as_it_is(path):
    assert files.shortened(f'<path d="{path}"/>') == f'<path d="{path}"/>'


def test_the_kept_page_is_light():
    assert (KEPT.parent / "report.html").stat().st_size < 8e6


def test_a_configuration_is_laid_out_one_line_a_key():
    lines = files.setting_lines({"a": {"b": 1e-6, "c": None}, "d": ["V", "NP"], "e": []})
    assert lines == [("a.b", "1e-06"), ("d", "V, NP")]


def test_packages_that_are_not_there_have_no_version():
    assert set(files.versions(["numpy", "no-such-package"])) == {"Python", "numpy"}


# Page

BUNDLE, CHARTS, make_chart = cache(vl_convert.javascript_bundle), {}, explorer.chart


def kept_chart(*given):
    key = pickle.dumps(given)
    if key not in CHARTS:
        CHARTS[key] = make_chart(*given)
    return CHARTS[key]


@pytest.fixture(autouse=True)
def _kept(monkeypatch):
    """Make once what takes seconds and is the same on most pages: Vega's code, and charts."""
    monkeypatch.setattr(vl_convert, "javascript_bundle", BUNDLE)
    monkeypatch.setattr(explorer, "chart", kept_chart)


def test_the_page_is_whole_and_asks_for_nothing_outside_itself():
    tags, _ = parse(render(small()))
    assert ("html", {"lang": "en"}) in tags
    policy = next(a["content"] for t, a in tags if a.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none'")
    assert "http" not in policy
    addresses = [v for _, a in tags for k, v in a.items() if k in ("src", "href", "srcset")]
    assert addresses
    assert all(address.startswith(("#", "data:")) for address in addresses)


def test_the_same_study_makes_the_same_page(monkeypatch):
    first = render(small())
    monkeypatch.undo()
    assert render(small()) == first


def test_a_part_that_the_study_lacks_has_no_section():
    contents = small()
    tags, text = parse(render(contents))
    for title in ("The paper’s claims", "Figures", "Tables"):
        assert title not in text
    ids = {attributes.get("id") for _, attributes in tags}
    assert {"run", "explorer"} < ids
    assert not {"claims", "figures", "tables"} & ids
    links = {a["href"].removeprefix("#") for t, a in tags if t == "a"}
    assert links <= ids


def test_a_full_report_answers_first_and_then_shows_claims_trials_figures_and_tables(tmp_path):
    contents = small()
    (tmp_path / "pareto.svg").write_text(DRAWING)
    tables.best_trials(contents.trials).to_csv(tmp_path / "best_trials.csv", index=False)
    spreads = selection.distributions(contents.trials)
    rows = [*effects.of_comparisons(contents.welch), *effects.of_distributions(spreads)]
    judged = claims.judge(effects.table(rows), spreads)
    page = render(
        Contents(
            CONFIGURATION,
            contents.trials,
            contents.curves,
            contents.welch,
            made_up_trials.TASKS,
            files.read_pictures([tmp_path / "pareto.svg"]),
            files.read_tables([tmp_path / "best_trials.csv"]),
            {"numpy": "1.2.3"},
            "one core",
            claims=judged,
        )
    )
    tags, text = parse(page)
    sections = [a["id"] for t, a in tags if t == "section"]
    assert sections == ["answer", "claims", "explorer", "figures", "tables", "run"]
    # In the strip, in a claim's line and where it is opened.
    assert len([a for t, a in tags if "data-tip" in a]) == len(judged)
    assert len([a for t, a in tags if a.get("class") == "verdict"]) == 2 * len(judged)
    assert all(a.get("alt") for t, a in tags if t == "img")
    assert all("scope" in a for t, a in tags if t == "th")
    assert "1.2.3" in text
    assert "one core" in text
    assert "What accuracy costs. Test results against" in text


def test_the_answer_says_how_each_variant_stands_to_vanilla_and_shows_figure_3_once():
    contents = small(tasks=("jsb",), synthetic=())
    table = welch_table(NP=-1.0, NOAF=2.0)
    page = render(replace(contents, welch=table, pictures={"figure_3": PICTURE, "pareto": PICTURE}))
    answer = page[page.index('<section id="answer"') : page.index('<section id="explorer"')]
    _, text = parse(answer[: answer.index("</section>") + len("</section>")])
    assert "No variant" not in text
    assert "V 10.00 NP 9.00 −1.00 better −1.50 to −0.50 NOAF 12.00 +2.00 worse" in text
    tags, _ = parse(page)
    figures = [a["id"] for t, a in tags if t == "figure"]
    assert figures == ["figure_3", "pareto"]
    assert 'id="figure_3"' in answer


def test_figures_of_single_variants_stand_behind_a_choice_of_which_one_is_made():
    names = ("figure_4", "figure_6", "pareto", "figure_4_V_forest", "figure_4_NP", "figure_6_NP")
    page = render(replace(small(), pictures=dict.fromkeys(names, PICTURE)))
    tags, text = parse(page)
    choices = [a for t, a in tags if t == "input"]
    assert [("checked" in a) for a in choices] == [True, False, False]
    assert "V V, by the paper’s forest NP" in text
    shown = [a["id"] for t, a in tags if t == "figure"]
    assert shown == [
        "pareto",
        *("figure_4", "figure_6"),
        "figure_4_V_forest",
        *("figure_4_NP", "figure_6_NP"),
    ]


def test_every_figure_and_table_of_a_study_has_a_caption():
    kept = REPOSITORY / "results" / "reference" / "jsb"
    names = {path.stem for path in (kept / "figures").glob("*.svg")}
    # One that is new is not drawn there before `make reference`.
    assert {*names, "figure_2"} <= set(FIGURES)
    assert {path.stem for path in (kept / "tables").glob("*.csv")} <= set(TABLES)


def test_texts_from_the_study_cannot_become_markup():
    contents = small(synthetic=())
    evil = "</script><script>alert(1)</script>"
    contents.trials["source"] = evil
    contents.trials.loc[0, "status"] = evil
    page = render(contents)
    tags, text = parse(page)
    assert evil in unescape(text)
    assert len([t for t, _ in tags if t == "script"]) == 4
    assert script(page, "trials")["status"][0] == evil


def test_data_in_a_script_element_cannot_end_it():
    assert "<" not in script_data({"a": "</script><!--"})
    assert json.loads(script_data({"a": "</script><!--"})) == {"a": "</script><!--"}


def test_a_stand_in_corpus_is_named_wherever_its_numbers_are():
    page = render(small(synthetic=("timit",)))
    _, text = parse(page)
    assert "Stand-in data. TIMIT: made-up data in the place of the real corpus" in text
    # Beside the sentence above and the explorer's choices, the task has its mark each time.
    unmarked = re.findall(r"TIMIT(?! \(stand-in\))", text)
    assert unmarked == ["TIMIT"]
    (choice,) = [p for p in script(page, "chart")["params"] if p["name"] == "task"]
    assert choice["bind"]["labels"] == ["TIMIT (stand-in)", "JSB Chorales"]


def test_a_study_without_stand_ins_has_no_notice():
    text = parse(render(small(synthetic=())))[1]
    assert "tand-in" not in text
    assert "A sample." not in text


def test_a_mere_sample_of_a_corpus_is_named_at_the_top_and_wherever_its_numbers_are():
    contents = small(synthetic=())
    contents.trials.loc[contents.trials["task"] == "timit", "source"] = "nltk"
    _, text = parse(render(contents))
    notice = "A sample. TIMIT (sample of 160 utterances): a small part of the corpus."
    assert text.index(notice) < text.index("No variant")
    assert re.findall(r"TIMIT(?! \(sample of 160 utterances\))", text) == []


def test_a_study_of_several_engines_says_that_their_seconds_do_not_compare():
    contents = small()
    trials = contents.trials.assign(
        engine=np.where(contents.trials["variant"] == "NP", "reference", "fused")
    )
    table = tables.costs(trials)
    names = list(zip(table["variant"], table["trained_by"], strict=True))
    assert names == 2 * [("V", "fused"), ("NP", "reference"), ("NOAF", "fused")]
    pictures = {"pareto": PICTURE, "figure_4": PICTURE}
    several = replace(contents, trials=trials, pictures=pictures, tables={"costs": table})
    text = parse(render(several))[1]
    beware = (
        "Trained by different engines, whose seconds do not compare: "
        "fused (V and NOAF); reference (NP)."
    )
    assert text.count(beware) == 2  # at the top, and under the figure
    assert "do not compare" not in parse(render(replace(contents, pictures=pictures)))[1]
    assert "trained_by" not in tables.costs(contents.trials)


@pytest.mark.parametrize(("status", "seconds"), [("diverged", 1.0), ("failed", 0.0)])
def test_a_study_without_any_result_is_still_a_page(status, seconds):
    made = made_up_trials.trials(3, ("jsb",), ("V", "NP"), ())
    made[["validation", "test"]] = np.nan
    made["epochs"] = 0
    made["status"] = status
    made["train_seconds"] = seconds
    marked = selection.select(made)
    page = render(
        Contents(
            CONFIGURATION,
            marked,
            made_up_trials.curves(made),
            welch.compare(marked, draws=99),
            made_up_trials.TASKS,
        )
    )
    assert "No variant could be compared with vanilla." in parse(page)[1]


def test_the_report_of_the_papers_study_is_under_ten_megabytes():
    made = made_up_trials.trials()
    assert len(made) == 5400
    # As long as the protocol allows, which no real study comes near.
    made["epochs"] = made_up_trials.EPOCHS
    marked = selection.select(made)
    curves = made_up_trials.curves(made)
    page = render(
        Contents(
            CONFIGURATION, marked, curves, welch.compare(marked, draws=99), made_up_trials.TASKS
        )
    )
    # Three megabytes are left for figures and tables.
    assert len(page.encode()) < 7e6


@pytest.mark.parametrize(
    ("ends", "digits"),
    [
        ([(0.0, 0.25)], 3),
        ([(0.0, 25.0), (-1.0, 29.0)], 1),
        ([(-math.inf, math.inf)], 2),
        ([(-math.inf, math.inf), (0.0, 0.25)], 3),
        ([(1.0, 1.0), (math.nan, math.nan)], 2),
    ],
)
def test_digits_are_those_that_finite_intervals_give_a_meaning(ends, digits):
    assert rows.digits_of(pd.DataFrame(ends, columns=["ci_low", "ci_high"])) == digits
