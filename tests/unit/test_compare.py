"""Two studies side by side: differences that are put in are found, and mistakes end in a line."""

from pathlib import Path

import made_up_trials
import numpy as np
import pandas as pd
import pytest
from pages import parse
from project import REPOSITORY

from odyssey import compare
from odyssey.analysis import claims, effects, selection, welch
from odyssey.analysis.files import read_csv, write_csv
from odyssey.report.comparison import render

KEPT = REPOSITORY / "results" / "reference"


def judged(marked: pd.DataFrame) -> pd.DataFrame:
    spreads = selection.distributions(marked)
    compared = welch.compare(marked, draws=99)
    known = [*effects.of_comparisons(compared), *effects.of_distributions(spreads)]
    return claims.judge(effects.table(known), spreads)


@pytest.fixture(scope="module")
def first() -> compare.Study:
    marked = selection.select(made_up_trials.trials(40, ("iam", "jsb"), ("V", "NP"), ()), 0.25)
    return compare.Study("one", marked, judged(marked))


def changed(study: compare.Study, **columns) -> compare.Study:
    trials = study.trials.drop(columns=["rank", "selected"]).assign(**columns)
    return compare.Study("two", selection.select(trials, 0.25), study.claims)


def test_the_same_trials_with_a_shift_differ_by_that_shift_without_doubt(first):
    results = {name: first.trials[name] + 0.5 for name in ("validation", "test")}
    found = compare.searches(first, changed(first, **results))
    assert set(found["by"]) == {compare.SAME}
    assert found["variant"].tolist() == ["V", "NP", "V", "NP"]
    assert found[["difference", "low", "high"]].to_numpy() == pytest.approx(0.5)
    assert (found["n_a"] == 10).all()


def test_other_trials_are_compared_as_searches_and_only_a_true_difference_is_found(first):
    other = {"seed": first.trials["seed"] + 1}
    found = compare.searches(first, changed(first, **other))
    assert set(found["by"]) == {compare.OTHER}
    assert (found["low"] < 0).all()
    assert (found["high"] > 0).all()
    results = {name: first.trials[name] + 30.0 for name in ("validation", "test")}
    found = compare.searches(first, changed(first, **other, **results))
    assert (found["low"] > 0).all()
    assert found["difference"].to_numpy() == pytest.approx(30.0)


def test_the_interval_of_the_same_trials_covers_as_often_as_it_says():
    generator = np.random.default_rng(1)

    def drawn(trials: int = 40) -> pd.DataFrame:
        depth = generator.uniform(size=trials) ** 2
        shared = pd.DataFrame({"task": ["jsb"] * trials})
        for end, level in (("a", depth), ("b", 0.2 + 1.1 * depth)):
            shared[f"validation_{end}"] = level + generator.normal(0, 0.05, trials)
            shared[f"test_{end}"] = shared[f"validation_{end}"] + generator.normal(0, 0.03, trials)
        return shared

    truth = np.mean([compare._paired(drawn(), 4, draws=2)["difference"] for _ in range(2000)])
    studies = [compare._paired(drawn(), 4, draws=500) for _ in range(200)]
    covered = np.mean([row["low"] <= truth <= row["high"] for row in studies])
    # Three standard errors of 200 studies to both sides of 95 %.
    assert 0.90 <= covered <= 0.99


def test_trials_without_a_result_are_left_out_and_a_search_of_none_has_no_interval(first):
    lost = first.trials["variant"] == "NP"
    results = {name: first.trials[name].mask(lost) for name in ("validation", "test")}
    found = compare.searches(first, changed(first, **results)).set_index("variant")
    assert found.loc["NP", ["mean_b", "difference", "low", "high"]].isna().all(axis=None)
    assert (found.loc["NP", "n_b"] == 0).all()
    assert found.loc["V", "difference"].to_numpy() == pytest.approx(0.0)
    text = render("one", "two", compare.compare(first, changed(first, **results)))
    assert "2 searches could not be compared" in parse(text)[1]


def test_selected_trials_are_named_by_who_selects_them(first):
    results = first.trials.copy()
    of_search = (results["task"] == "jsb") & (results["variant"] == "V")
    best = results[of_search & results["selected"]].sort_values("rank").iloc[0]
    worst = of_search & (results["trial"] == best["trial"])
    validation = results["validation"].mask(worst, 1e3)
    found = compare.selected(first, changed(first, validation=validation))
    row = found[(found["task"] == "jsb") & (found["variant"] == "V")].iloc[0]
    assert row["shared"] == 40
    assert row["only_a"] == str(best["trial"])
    assert len(row["both"].split(", ")) == 9
    assert len(row["only_b"].split(", ")) == 1
    assert row["rank_correlation"] == pytest.approx(1.0)


def test_verdicts_stand_side_by_side_and_one_that_only_a_study_has_is_not_lost(first):
    turned = first.claims.iloc[1:].copy()
    statement, task = turned.iloc[0][["claim", "task"]]
    turned.loc[turned.index[0], "verdict"] = "contradicted"
    second = compare.Study("two", first.trials, turned)
    found = compare.verdicts(first, second)
    assert len(found) == len(first.claims)
    assert list(dict.fromkeys(found["claim"])) == list(dict.fromkeys(first.claims["claim"]))
    differ = found[found["verdict_a"] != found["verdict_b"]]
    assert differ["verdict_b"].tolist() == ["", "contradicted"]
    assert differ.iloc[1][["claim", "task"]].tolist() == [statement, task]
    _, text = parse(render("one", "two", compare.compare(first, second)))
    count = len(first.claims) - 1
    assert f"Of {count} claims that both judge, {count - 1} have the same verdict." in text
    assert "not judged" in text


def test_the_page_is_whole_asks_for_nothing_and_is_the_same_again(first):
    second = changed(first, test=first.trials["test"] + 1.0)
    pages = [render("one", "</style><b>", compare.compare(first, second)) for _ in range(2)]
    assert pages[0] == pages[1]
    tags, text = parse(pages[0])
    sections = [a["id"] for t, a in tags if t == "section"]
    assert sections == ["searches", "claims", "selected", "where"]
    assert "Do one and </style><b> say the same?" in text
    assert "V on iam, NP on iam, V on jsb and NP on jsb are worse" in text
    addresses = [v for _, a in tags for k, v in a.items() if k in ("src", "href", "srcset")]
    assert all(address.startswith(("#", "data:")) for address in addresses)
    assert all("scope" in a for t, a in tags if t == "th")


def test_kept_studies_of_the_same_trials_agree_with_what_is_kept_of_them():
    a, b = (compare.read(KEPT / name) for name in ("jsb", "jsb-music21"))
    kept = pd.read_csv(KEPT / "same_trials.csv").set_index("variant")
    found = compare.searches(a, b).set_index("variant")
    assert found["mean_a"].to_dict() == pytest.approx(kept["paper_mean"].to_dict())
    assert found["mean_b"].to_dict() == pytest.approx(kept["music21_mean"].to_dict())
    ranks = compare.selected(a, b).set_index("variant")["rank_correlation"]
    assert ranks.to_dict() == pytest.approx(kept["rank_correlation"].to_dict())


def save(study: compare.Study, folder: Path) -> Path:
    (folder / "selection").mkdir(parents=True)
    write_csv(study.trials.drop(columns=["rank", "selected"]), folder / "trials.csv")
    marks = study.trials[["task", "variant", "trial", "rank", "selected"]]
    write_csv(marks, folder / "selection" / "trials.csv")
    write_csv(study.claims, folder / "claims.csv")
    return folder


def test_the_command_writes_the_page_where_it_is_asked_to(first, tmp_path, monkeypatch, capsys):
    second = changed(first, test=first.trials["test"] + 1.0)
    folders = [str(save(s, tmp_path / "results" / s.name)) for s in (first, second)]
    monkeypatch.chdir(tmp_path)
    compare.main(folders)
    assert capsys.readouterr().out == "results/compare/one-two.html\n"
    page = Path("results/compare/one-two.html").read_text(encoding="utf-8")
    compare.main([*folders, "--output", "elsewhere/page.html"])
    assert Path("elsewhere/page.html").read_text(encoding="utf-8") == page
    # Marks that stand in a copy of the trials are read as well.
    write_csv(second.trials, Path(folders[1], "selection", "trials.csv"))
    compare.main([*folders, "--output", "copy.html"])
    assert Path("copy.html").read_text(encoding="utf-8") == page


def test_studies_whose_folders_have_one_name_are_told_apart(first, tmp_path, monkeypatch, capsys):
    folders = [str(save(first, tmp_path / place / "jsb")) for place in ("here", "there")]
    monkeypatch.chdir(tmp_path)
    compare.main(folders)
    assert capsys.readouterr().out == "results/compare/here-jsb-there-jsb.html\n"


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        ("no folder", "there is no folder .*gone: give that of a study"),
        ("no claims", r"claims\.csv is missing: `snakemake .*` makes it"),
        ("no table", r"trials\.csv is not the table it should be"),
        ("other marks", r"does not mark the trials of .*: run the analysis again"),
        ("itself", "are the same study"),
        ("other tasks", "no search in common: one has iam/V, iam/NP, jsb/V, two has adding/V"),
        ("no place", "File exists"),
    ],
)
def test_a_mistake_ends_in_one_line_that_says_what_to_do(spoil, words, first, tmp_path, capsys):
    a, b = save(first, tmp_path / "one"), save(first, tmp_path / "two")
    arguments = [str(a), str(b), "--output", str(tmp_path / "page.html")]
    if spoil == "no folder":
        arguments[1] = str(tmp_path / "gone")
    elif spoil == "no claims":
        (b / "claims.csv").unlink()
    elif spoil == "no table":
        (b / "trials.csv").write_text("\0", encoding="utf-8")
    elif spoil == "other marks":
        marks = read_csv(b / "selection" / "trials.csv", compare.MARKS)
        write_csv(marks.iloc[1:], b / "selection" / "trials.csv")
    elif spoil == "itself":
        arguments[1] = f"{a}/../one"
    elif spoil == "other tasks":
        for name in ("trials.csv", "selection/trials.csv"):
            whole = pd.read_csv(b / name).query("task == 'jsb'")
            write_csv(whole.assign(task="adding"), b / name)
    else:
        arguments[3] = str(a / "trials.csv" / "page.html")
    with pytest.raises(SystemExit, match=words) as ended:
        compare.main(arguments)
    assert str(ended.value).startswith("Error: ")
    assert "\n" not in str(ended.value)
    assert not (tmp_path / "page.html").exists()
