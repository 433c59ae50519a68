"""Comparisons with vanilla: Welch's test, its corrections, effect sizes, and whole tables."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, special, stats

from odyssey.analysis.files import read_csv, write_csv
from odyssey.analysis.selection import select
from odyssey.analysis.welch import (
    COLUMNS,
    bonferroni,
    compare,
    hedges_g,
    holm,
    selection_variance,
    t_test,
)


def selected(task="jsb", **groups) -> pd.DataFrame:
    """Make the selected trials of a task from the test results of each variant."""
    return pd.DataFrame(
        [
            {"task": task, "variant": variant, "validation": value, "test": value, "selected": True}
            for variant, values in groups.items()
            for value in values
        ]
    )


def normal(seed, mean, sd, n):
    """Draw a group."""
    return np.random.default_rng(seed).normal(mean, sd, n)


def t_density(x, df):
    """Student's density, from its definition."""
    log = special.gammaln((df + 1) / 2) - special.gammaln(df / 2)
    return math.exp(log) / math.sqrt(df * math.pi) * (1 + x * x / df) ** (-(df + 1) / 2)


@settings(max_examples=50)
@given(
    st.integers(0, 2**32 - 1),
    st.integers(2, 30),
    st.integers(2, 30),
    st.floats(-3, 3),
    st.floats(-3, 3),
)
def test_t_p_and_interval_are_those_of_scipy(seed, n, m, log_sd, shift):
    a, b = normal(seed, shift, 10**log_sd, n), normal(seed + 1, 0, 1, m)
    ours = t_test(a, b, 0.05)
    theirs = stats.ttest_ind(a, b, equal_var=False)
    interval = theirs.confidence_interval(0.95)
    # Both are a few operations in double precision on the same sums.
    np.testing.assert_allclose(
        [ours[k] for k in ("t", "df", "p", "low", "high")],
        [theirs.statistic, theirs.df, theirs.pvalue, interval.low, interval.high],
        rtol=1e-9,
        atol=1e-12,
    )


def test_p_is_the_area_under_students_density_beyond_t():
    ours = t_test(normal(1, 0.5, 2, 9), normal(2, 0, 1, 6), 0.05)
    tail, _ = integrate.quad(t_density, abs(ours["t"]), np.inf, args=(ours["df"],))
    assert ours["p"] == pytest.approx(2 * tail, rel=1e-7)


def test_the_interval_holds_the_rest_of_students_density():
    a, b = normal(1, 0.5, 2, 9), normal(2, 0, 1, 6)
    ours = t_test(a, b, 0.1)
    error = math.sqrt(a.var(ddof=1) / 9 + b.var(ddof=1) / 6)
    half = (ours["high"] - ours["low"]) / 2 / error
    inside, _ = integrate.quad(t_density, -half, half, args=(ours["df"],))
    assert inside == pytest.approx(0.9, rel=1e-9)
    centre = (ours["low"] + ours["high"]) / 2
    assert centre == pytest.approx(a.mean() - b.mean(), rel=1e-12)


def test_df_agrees_with_welchs_formula_on_a_case_done_by_hand():
    # Variances 4 and 1, sizes 4 and 5: (1 + 0.2)² / (1²/3 + 0.2²/4) = 1.44 / 0.34333...
    a = np.array([-math.sqrt(6), 0, 0, math.sqrt(6)])
    b = np.array([-math.sqrt(2), 0, 0, 0, math.sqrt(2)])
    assert t_test(a + 1, b, 0.05)["df"] == pytest.approx(1.44 / (1 / 3 + 0.01), rel=1e-12)
    assert t_test(a + 1, b, 0.05)["t"] == pytest.approx(1 / math.sqrt(1.2), rel=1e-12)


def test_hedges_g_is_cohens_d_times_the_usual_correction():
    a, b = normal(3, 1, 1, 20), normal(4, 0, 1, 20)
    cohen = (a.mean() - b.mean()) / math.sqrt((a.var(ddof=1) + b.var(ddof=1)) / 2)
    # 1 - 3 / (4 df - 1) approximates the exact correction to about 1e-5 at 38 degrees of freedom.
    assert hedges_g(a, b) == pytest.approx(cohen * (1 - 3 / (4 * 38 - 1)), rel=1e-4)


def test_hedges_g_of_two_pairs_has_the_closed_form_of_two_degrees_of_freedom():
    # The correction at df = 2 is Γ(1) / (√1 Γ(1/2)) = 1/√π; the pooled variance here is 1/2.
    g = hedges_g(np.array([2.0, 3.0]), np.array([0.0, 1.0]))
    assert g == pytest.approx(2 / math.sqrt(0.5) / math.sqrt(math.pi), rel=1e-12)


def test_bonferroni_multiplies_and_stops_at_one():
    np.testing.assert_allclose(bonferroni(np.array([0.01, 0.2]), 8), [0.08, 1.0])


def test_holm_agrees_with_an_example_done_by_hand():
    # Sorted 0.005 0.01 0.03 0.04 times 4 3 2 1, never falling.
    np.testing.assert_allclose(
        holm(np.array([0.01, 0.04, 0.03, 0.005]), 4), [0.03, 0.06, 0.06, 0.02], rtol=1e-12
    )


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8), st.floats(0.001, 0.2))
def test_holm_rejects_what_its_step_by_step_definition_rejects(p, alpha):
    comparisons = 8
    rejected = set()
    for step, index in enumerate(sorted(range(len(p)), key=p.__getitem__)):
        if p[index] * (comparisons - step) > alpha:
            break
        rejected.add(index)
    adjusted = holm(np.array(p), comparisons)
    assert {i for i, q in enumerate(adjusted) if q <= alpha} == rejected


def test_the_number_of_comparisons_is_that_of_the_tasks_other_variants():
    groups = {"V": normal(0, 0, 1, 9), "NP": normal(1, 0.5, 1, 9), "NIG": [1.0], "NOG": []}
    missing = pd.DataFrame(
        [{"task": "jsb", "variant": "NOG", "validation": np.nan, "test": np.nan, "selected": False}]
    )
    table = compare(pd.concat([selected(**groups), missing])).set_index("variant")
    assert table.loc["NP", "p_adjusted"] == pytest.approx(min(1, 3 * table.loc["NP", "p"]))
    assert table.loc["NP", "paper_p_adjusted"] == pytest.approx(3 * table.loc["NP", "paper_p"])
    assert table.loc["NOG", "n"] == 0


def test_worse_and_better_are_told_apart_and_tested_against_vanilla():
    v, worse, better = normal(0, 10, 0.1, 20), normal(1, 11, 0.1, 20), normal(2, 9, 0.1, 20)
    table = compare(selected(V=v, NFG=worse, NP=better)).set_index("variant")
    assert table["direction"].to_dict() == {"V": "", "NFG": "worse", "NP": "better"}
    assert table.loc[["NFG", "NP"], "significant"].all()
    assert table.loc["NFG", "difference"] == pytest.approx(worse.mean() - v.mean())
    assert table.loc["NFG", "ci_low"] > 0 > table.loc["NP", "ci_high"]
    assert table.loc["NFG", "hedges_g"] > 0 > table.loc["NP", "hedges_g"]
    assert (table["n_vanilla"] == 20).all()


def test_equal_groups_are_not_significant():
    v = normal(0, 10, 1, 20)
    row = compare(selected(V=v, NP=v[::-1])).iloc[1]
    assert not row["significant"]
    assert row["p"] == pytest.approx(1)


def test_vanilla_is_the_reference_and_has_no_p():
    row = compare(selected(V=[1.0, 2.0, 3.0], NP=[1.0, 2.0])).iloc[0]
    assert (row["variant"], row["mean"], row["sd"], row["note"]) == ("V", 2.0, 1.0, "reference")
    assert row[["difference", "t", "p", "p_adjusted", "significant"]].isna().all()


NUMBERS = ["ci_low", "ci_high", "t", "p", "p_adjusted", "significant", "hedges_g"]
NUMBERS += [c for c in COLUMNS if c.startswith("paper_")]


@pytest.mark.parametrize(
    ("groups", "note"),
    [
        ({"V": [1.0, 2.0], "NP": [1.0]}, "no test: NP has 1 selected trial with a test result"),
        ({"V": [1.0], "NP": [1.0, 2.0]}, "no test: V has 1 selected trial with a test result"),
        ({"V": [1.0, 1.0], "NP": [2.0, 2.0]}, "no test: neither NP nor V varies"),
        ({"NIG": [1.0, 2.0], "NP": [2.0, 2.5]}, "no test: the task has no V"),
    ],
)
def test_where_no_test_is_possible_the_note_says_why_and_no_number_is_invented(groups, note):
    row = compare(selected(**groups)).set_index("variant").loc["NP"]
    assert row["note"].startswith(note)
    assert row[NUMBERS].isna().all()
    assert row["direction"] == ""


def test_one_constant_group_is_tested_and_noted():
    row = compare(selected(V=[1.0, 2.0, 3.0], NP=[7.0, 7.0])).iloc[1]
    assert row["note"] == "the selected trials of NP all have the same result"
    # Welch's test is then that of one sample against a constant.
    assert row["paper_p"] == pytest.approx(stats.ttest_1samp([1.0, 2.0, 3.0], 7.0).pvalue)


def test_to_the_papers_test_trials_that_are_not_selected_or_have_no_result_are_nothing():
    some = selected(V=[1.0, 2.0, 3.0], NP=[2.0, 3.0, 4.0])
    others = selected(V=[100.0, np.nan], NP=[-50.0, np.nan])
    others["selected"] = [False, True, False, True]
    both = compare(pd.concat([some, others]), draws=99)
    plain = ["n", "mean", "sd", "difference", *(c for c in both if c.startswith("paper_"))]
    pd.testing.assert_frame_equal(both[plain], compare(some, draws=99)[plain])


def test_tasks_are_separate_families():
    both = pd.concat(
        [
            selected("timit", V=[1.0, 2.0, 3.0], NP=[2.0, 3.0, 5.0]),
            selected("jsb", V=[1.0, 2.0, 3.0], NP=[2.0, 3.0, 5.0]),
        ]
    )
    table = compare(both)
    for prefix in ("", "paper_"):
        adjusted, alone = (table[f"{prefix}{p}"].dropna() for p in ("p_adjusted", "p"))
        assert adjusted.tolist() == alone.tolist()
    assert table["task"].tolist() == ["timit", "timit", "jsb", "jsb"]


def test_the_table_reads_back_as_it_was_written(tmp_path):
    table = compare(selected(V=[1.0, 2.0, 3.5], NP=[2.0, 3.0], NIG=[1.0]))
    write_csv(table, tmp_path / "welch.csv")
    assert list(table) == list(COLUMNS)
    pd.testing.assert_frame_equal(read_csv(tmp_path / "welch.csv", COLUMNS), table)


def test_an_unknown_correction_is_refused_with_those_that_are_known():
    with pytest.raises(ValueError, match="'none': allowed are bonferroni, holm"):
        compare(selected(V=[1.0, 2.0]), correction="none")


def test_an_alpha_out_of_range_is_refused():
    with pytest.raises(ValueError, match="alpha must be between 0 and 1, not 5"):
        compare(selected(V=[1.0, 2.0]), alpha=5)


def searched(validation, test, fraction=0.1) -> pd.DataFrame:
    """Make the trials of a search, its best marked."""
    frame = pd.DataFrame({"validation": validation, "test": test, "trial": np.arange(len(test))})
    return select(frame.assign(task="jsb", variant="V"), fraction)


def test_selection_adds_nothing_where_all_trials_are_selected():
    values = normal(1, 0, 1, 30)
    assert selection_variance(searched(values, values, fraction=1.0)) == 0


def test_selection_variance_is_that_of_a_one_sided_trimmed_mean():
    # The best tenth of uniform draws on [0, 1]: variance 0.1²/12 within, the border 0.05 from the
    # mean, so that selection adds 0.9 · 0.05². Of 100,000 draws the border, and so the distance,
    # has a standard error of 1 %, its square of 2 %.
    values = np.random.default_rng(3).uniform(size=100_000)
    assert selection_variance(searched(values, values)) == pytest.approx(0.9 * 0.05**2, rel=0.06)


@pytest.mark.parametrize("noise", [0.1, 10.0])
def test_with_selection_variance_the_error_of_the_mean_is_its_spread_over_studies(noise):
    rng = np.random.default_rng(4)
    means, errors = [], []
    for _ in range(400):
        validation = rng.gamma(2.0, 8.0, 200)
        one = searched(validation, validation + noise * rng.normal(size=200))
        chosen = one.loc[one["selected"], "test"]
        means.append(chosen.mean())
        errors.append((chosen.var(ddof=1) + selection_variance(one)) / len(chosen))
    # The variance of 400 draws is known to 2 · √(2/400) = 14 % at two standard errors.
    assert np.mean(errors) == pytest.approx(np.var(means), rel=0.14)


def test_another_variant_changes_no_number_of_this_one():
    both = {"V": normal(0, 0, 1, 9), "NIG": normal(2, 0, 1, 9)}
    alone, beside = selected(**both), selected(NP=normal(1, 1, 1, 9), **both)
    columns = ["t", "p", "ci_low", "ci_high", "paper_p"]
    found = [
        compare(trials, draws=499).set_index("variant").loc["NIG", columns]
        for trials in (alone, beside)
    ]
    assert found[0].notna().all()
    assert found[0].equals(found[1])


def test_the_shuffles_follow_from_the_seed():
    trials = selected(V=normal(0, 0, 1, 9), NP=normal(1, 1, 1, 9))
    first, again, other = (compare(trials, draws=499, seed=s) for s in (1, 1, 2))
    pd.testing.assert_frame_equal(first, again, check_exact=True)
    assert first["p"].iloc[1] != other["p"].iloc[1]


@pytest.mark.parametrize(("luck", "column"), [(True, "p_adjusted"), (False, "paper_p_adjusted")])
def test_what_is_significant_goes_by_the_test_that_is_asked_for(luck, column):
    trials = null_study(np.random.default_rng(7), 9)
    table = compare(trials, selection_luck=luck, draws=999, alpha=0.5)
    tested = table["p"].notna()
    assert table.loc[tested, "significant"].tolist() == (table[column] < 0.5)[tested].tolist()
    assert table["paper_significant"].equals(
        compare(trials, draws=99, alpha=0.5)["paper_significant"]
    )


def null_study(rng: np.random.Generator, searches: int) -> pd.DataFrame:
    """Select the best of a study of variants that are all the same."""
    variants = np.array(["V", "CIFG", "FGR", "NP", "NOG", "NIAF", "NIG", "NFG", "NOAF"])[:searches]
    # Skewed as random search is: a few good trials and a long tail of bad ones.
    validation = 30 + rng.gamma(2.0, 8.0, searches * 200)
    study = pd.DataFrame(
        {
            "task": "jsb",
            "variant": np.repeat(variants, 200),
            "trial": np.tile(np.arange(200), searches),
            "validation": validation,
            "test": validation + rng.normal(0, 1, searches * 200),
        }
    )
    return select(study, 0.1)


def test_the_papers_test_finds_effects_that_are_not_there():
    rng = np.random.default_rng(20260)
    found = sum(compare(null_study(rng, 9), draws=9)["paper_significant"].any() for _ in range(100))
    # Measured once: more than one study in four. Here: beyond doubt more than one in ten.
    assert found > 10 + 2.6 * math.sqrt(100 * 0.1 * 0.9)


def test_an_interval_for_all_comparisons_is_wider_and_agrees_with_the_adjusted_p():
    table = compare(null_study(np.random.default_rng(3), 9), draws=1999)[1:]
    assert (table["family_low"] < table["ci_low"]).all()
    assert (table["family_high"] > table["ci_high"]).all()
    # Half a critical value away from it, rounding of the interval's ends does not matter.
    sure = (table["p_adjusted"] < 0.02) | (table["p_adjusted"] > 0.1)
    apart = (table["family_low"] > 0) | (table["family_high"] < 0)
    assert (table["p_adjusted"] < 0.05)[sure].equals(apart[sure])
