"""The numbers of README.md and docs/reproduction.md are those of results/reference."""

import importlib.util
import re

import numpy as np
import pandas as pd
import pytest
from markupsafe import escape
from project import REPOSITORY

from odyssey import results
from odyssey.analysis import budget, effects, fanova, statements, welch
from odyssey.analysis.collect import read_trials
from odyssey.analysis.files import read_csv
from odyssey.cells.variants import CHANGES, PAPER_VARIANTS, combinations
from odyssey.config_files import study_or_exit
from odyssey.report import sentences


def load(path):
    """Import a script that is no module of the library."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


tables = load(REPOSITORY / "docs" / "tables.py")


def texts():
    return [(REPOSITORY / name).read_text(encoding="utf-8") for name in tables.DOCUMENTS]


@pytest.mark.parametrize("text", texts(), ids=tables.DOCUMENTS)
def test_every_table_is_the_one_that_the_results_give(text):
    assert tables.PLACE.search(text)
    assert tables.filled(text) == text


def test_every_table_has_a_place():
    places = {found["name"] for text in texts() for found in tables.PLACE.finditer(text)}
    assert places == set(tables.TABLES)


@pytest.mark.parametrize("text", texts(), ids=tables.DOCUMENTS)
def test_a_changed_table_is_written_anew_and_nothing_else(text):
    emptied = tables.PLACE.sub(r"\g<1><!-- end -->", text)
    assert len(emptied) < len(text)
    assert tables.filled(emptied) == text


@pytest.mark.parametrize(
    "text",
    [
        "<!-- variants -->\nprose\n<!-- costs -->\n<!-- end -->\n",
        "<!-- note -->\n<!-- end -->\n",
        "<!-- costs -->\n",
        "<!-- end -->\n<!-- costs -->\n",
    ],
)
def test_a_place_without_a_table_or_an_end_is_refused(text):
    with pytest.raises(SystemExit, match=r"here the comments are .*(costs|note)"):
        tables.filled(text)


def test_what_matters_in_the_basin_is_what_matters_there():
    """Of vanilla; all variants would take a minute."""
    basin = load(REPOSITORY / "benchmarks" / "basin.py")
    study = study_or_exit([REPOSITORY / "config" / "jsb.yaml"])
    trials = read_trials(REPOSITORY / "results" / "reference" / "jsb" / "trials.csv")
    found = basin.shares_in_basin("V", basin.lowest_rate(study), trials, study)
    shares = {name: str(value) for name, value in found.items()}
    pd.testing.assert_series_equal(
        pd.Series(shares), tables.written("basin.csv").iloc[0], check_names=False
    )


def effect(variant, name, by, *columns):
    """Read an effect of the study on the paper's music: estimate, or the columns asked for."""
    found = tables.read("jsb", "effects.csv").set_index(["variant", "effect", "by"])
    row = found.loc[(variant, name, by)]
    return [row[column] for column in columns or ["estimate"]]


def difference(variant, *columns):
    return effect(variant, effects.DIFFERENCE, effects.PERMUTATION, *columns)


def percent(values):
    return [100 * value for value in values]


def best(variant):
    return effect(variant, effects.BEST, effects.TRIALS)


def share(term, *columns, by="gp"):
    return percent(effect("V", effects.share_of(term), by, *columns))


def interactions_by_the_forest(truth, n=200):
    bias = pd.read_csv(REPOSITORY / "benchmarks" / "results" / "importance_bias.csv")
    bias = bias.set_index(["truth", "n", "by", "effect"])["mean"]
    return percent([bias.loc[(truth, n, "forest", effects.INTERACTIONS)]])


def trials(study="jsb"):
    return tables.read(study, "trials.csv")


def marked():
    folder = REPOSITORY / "results" / "reference" / "jsb"
    return results.read("marked", results.files("marked", str(folder)))


def cost(row):
    return [float(tables.costs().set_index("cost").loc[row, "here"].replace(",", ""))]


COVERAGE = REPOSITORY / "workflow/scripts/odyssey/analysis/coverage.csv"
PAPER_BEST = statements.PAPER_BEST["jsb"]
ENDS = ("low", "high")
# Every number of the prose: where it stands, as a pattern with a group for each, and what it is.
SAID = {
    "docs/odyssey.md": [
        (r"all nine, (\d+) different ones", [len(combinations(CHANGES))]),
        (r"on the ([\d,]+) kept trials", [len(trials())]),
    ],
    "docs/reproduction.md": [
        (
            r"FGR \((\S+) nats\) and NOAF \((\S+)\) are worse",
            [*difference("FGR"), *difference("NOAF")],
        ),
        (
            r"a tenth of what search gains \((\S+) nats\)",
            effect("V", effects.MARGIN, effects.TRIALS),
        ),
        (
            r"best network has (\S+) \(NIG; CIFG and V have (\S+) too\), the paper's (\S+) "
            r"\(NIAF\): (\S+) %",
            [*best("NIG"), *best("CIFG"), PAPER_BEST, 100 * (best("NIG")[0] / PAPER_BEST - 1)],
        ),
        (r"CIFG and V have (\S+) too", best("V")),
        (
            r"explains (\S+) % of vanilla's variance \((\S+) to (\S+) %",
            share("learning_rate", "estimate", *ENDS),
        ),
        (
            r'"significantly worse": (\S+), but with the luck of selection (\S+) to (\S+), '
            r"p = (\S+) for",
            [
                *difference("NFG", "estimate", *ENDS),
                tables.read("jsb", "tests/welch.csv").set_index("variant").loc["NFG", "p_adjusted"],
            ],
        ),
        (r'"not different": up to (\S+) nats', difference("NIG", "high")),
        (r"forest says (\S+) % here", share("higher order", by="forest")),
        (r"and says (\S+) % of a function", interactions_by_the_forest("additive")),
        (
            r"they are (\S+) %, and anything from (\S+) to (\S+) % is",
            share("higher order", "estimate", *ENDS),
        ),
        (r"under 1 % \((\S+) %, at most (\S+) %\)", share("momentum", "estimate", "high")),
        (
            r"hidden size \((\S+) %\) or noise \((\S+) %\)",
            [*share("hidden_size"), *share("input_noise")],
        ),
        (
            r"(\S+) trials, none diverged or failed, cost (\S+) core-hours; at the paper's (\S+) h "
            r".*? (\S+)\. ",
            [
                len(trials()),
                *cost("core-hours"),
                tables.PAPER_HOURS,
                tables.PAPER_HOURS * len(trials()),
            ],
        ),
        (r"(\S+) of its 200 trials end above 20", [(trials()["test"] > 20).sum()]),
        (r"one at (\S+); no trial", [trials()["test"].max().round(-2)]),
        (r"seems to cost about (\S+) nats", [tables.both_seeds()["difference"].iloc[-1]]),
        (
            r"selected trials has (\S+)\.",
            [marked().query("selected")["input_noise"].max()],
        ),
    ],
    "docs/sceptic.md": [(r"the paper's (\d+) statements", [len(tables.judged())])],
    "docs/forests.md": [
        (
            r"forest sees (\S+) % of interactions where there are none, and (\S+) % where",
            [*interactions_by_the_forest("additive"), *interactions_by_the_forest("process")],
        ),
        (r"in (\S+) repetitions each", [pd.read_csv(COVERAGE)["n"].min()]),
        (r"up to (\S+) nats, are nearly all", [trials()["test"].max().round(-2)]),
    ],
    "README.md": [
        (r"all (\S+) blocks", [len(combinations(CHANGES))]),
        (r"make together, (\S+) networks", [len(trials("jsb-parts"))]),
    ],
}
# Of the paper, the protocol, the method and the software: no results.
GIVEN = [
    r"free 160 utterances",
    r"another 200 draws",
    r"best 5 %",
    r"best 20 % or 30 %",
    r"\(2017\)",
    r"95 %",
    r"80 %",
    r"90 %",
    r"best 10 %",
    r"best 30 %",
    r"5,400 networks, 15 CPU-years",
    r"1,800 (?:networks|trials)",
    r"200 (?:of each|random|new|trials)",
    r"200 trials",
    r"(?:its|variant's) 200",
    r"150 epochs",
    r"20 trials",
    r"the 20 for",
    r"above 20 nats",
    r"leaves 0 out",
    r"under 1 %",
    r"below 90 %",
    r"5 to 20 (?:%|per cent)",
    r"400 just",
    r"400 trials",
    r"at 50 trials",
    r"180 selected",
    r"At 1,000 trials",
    r"p > 0.05",
    r"2 to 3 %",
    r"0\.15 nats",
    r"\(0: even\)",
    r"Python 3\.11 to 3\.13",
]


def prose(name):
    text = (REPOSITORY / name).read_text(encoding="utf-8")
    if name == "docs/odyssey.md":  # whose questions are numbered, in their table and headings
        text = re.sub(r"^(?:\||##).*$", "", text, flags=re.MULTILINE)
    if name == "docs/reproduction.md":
        # What comes then are times of machines, and trials that were trained again.
        text = text.split("## What it cost")[0]
    text = tables.PLACE.sub("", text)
    text = re.sub(r"\]\([^)]*\)|`[^`]*`|^    .*$", "", text, flags=re.MULTILINE)
    return " ".join(text.replace("\u2212", "-").split())


@pytest.mark.parametrize("name", tables.DOCUMENTS)
def test_numbers_in_prose_are_those_of_the_tables(name):
    text, walked = prose(name), []
    for pattern, values in SAID[name]:
        found = re.search(pattern, text)
        assert found, f"{name} does not say: {pattern}"
        for place, (written, value) in enumerate(zip(found.groups(), values, strict=True), 1):
            digits = len(written.partition(".")[2])
            number = float(written.replace(",", ""))
            assert abs(number - value) <= 0.5001 * 10.0**-digits, f"{pattern}: {written}, {value}"
            walked.append(found.span(place))
    for pattern in GIVEN:
        walked += [found.span() for found in re.finditer(pattern, text)]
    for found in re.finditer(r"\d[\d,.]*", text):
        start, end = found.start(), found.start() + len(found[0].rstrip(".,"))
        line = text[max(0, start - 40) : end + 20]
        assert any(a <= start and end <= b for a, b in walked), f"not walked: {line!r}"


def test_what_is_said_of_the_activations_is_so():
    found = trials("jsb-parts")
    parts = found["variant"].str.split("+").map(set)
    neither = parts.map({"NIAF", "NOAF"}.issubset)
    diverged = found["status"] == "diverged"
    assert not diverged[~neither].any()
    coupled = parts.map({"CIFG"}.issubset)
    assert diverged[neither & ~coupled].mean() > 0.95
    assert diverged[neither & coupled].mean() < 0.5
    # What coupling makes up for; in the whole block nothing is to be made up for.
    beyond = tables.read("jsb-parts", "effects.csv").set_index("effect").loc[effects.TOGETHER]
    beyond = beyond.set_index("variant")["family_high"]
    assert beyond["CIFG × NIAF"] < 0
    assert beyond["CIFG × NOAF"] < 0
    assert effect("CIFG", effects.DIFFERENCE, effects.PERMUTATION, "family_high")[0] > 0


def test_what_is_said_of_cells_with_as_many_weights_is_so():
    found = trials("jsb-kin-budget")
    units = found.groupby("variant")["hidden_size"].median()
    stands = tables.questions.beside_vanilla("jsb-kin-budget")["here"]
    assert list(stands.index[stands == "better"]) == ["LNLSTM"]
    assert list(stands.index[stands == "worse"]) == ["RNN"]
    assert abs(units["LNLSTM"] - units["V"]) <= 1
    assert 2.5 < units.max() / units["V"] < 3.1
    assert (stands == "open").mean() > 0.5
    best = tables.read("jsb-kin-budget", "selection/trials.csv").query("selected")
    best = best.merge(found, on=["variant", "trial"]).set_index("variant")
    assert (best.loc["V", "best_epoch"] > 135).any()
    assert (best.loc["LNLSTM", "epochs"] < 150).all()
    choices = tables.read("jsb-kin-budget", "tests/robustness.csv").query("variant == 'RNN'")
    assert (choices.dropna(subset="verdict")["estimate"] > 0).all()
    assert set(choices["verdict"].dropna()) == {"worse", "open"}


def test_what_is_said_of_other_choices_is_so():
    found = tables.read("jsb", "tests/robustness.csv").query("aspect == 'best fraction'")
    same = found[found["variant"].isin(["CIFG", "NP", "NOG", "NIAF"])]
    verdicts = same.groupby("setting")["verdict"].agg(set)
    assert verdicts["5%"] == verdicts["10%"] == {"no different"}
    assert verdicts["20%"] == verdicts["30%"] == {"open"}
    worse = found.groupby("variant")["verdict"].agg(set)
    assert worse["FGR"] == worse["NOAF"] == {"worse"}


JSB = REPOSITORY / "results" / "reference" / "jsb"
TASKS = study_or_exit([REPOSITORY / "config" / "jsb.yaml"]).descriptions
LABELS, MEASURES = (
    {task: words[key] for task, words in TASKS.items()} for key in ("title", "measure")
)
EFFECTS = read_csv(JSB / "effects.csv", effects.COLUMNS)
IMPORTANCE = read_csv(JSB / "fanova" / "importance.csv", fanova.IMPORTANCE_COLUMNS)
WELCH = read_csv(JSB / "tests" / "welch.csv", welch.COLUMNS)
BUDGET = read_csv(JSB / "budget" / "expected_best.csv", budget.COLUMNS)


def shown(frame, *columns):
    """Write numbers as sentences do."""
    numbers = frame[list(columns)].to_numpy(dtype=float).ravel()
    numbers = numbers[np.isfinite(numbers)]
    return {sentences.short(abs(n)) for n in numbers} | {sentences.percent(abs(n)) for n in numbers}


def of_effects(variant, by):
    rows = EFFECTS[(EFFECTS["variant"] == variant) & (EFFECTS["by"] == by)]
    return shown(rows, "estimate", "low", "high", "r2")


def walk(text, numbers, given=()):
    """Hold each number of a text against those of its table."""
    found = re.findall(r"\d[\d,]*(?:\.\d+)?(?:e−?\d+)?(?: %)?", text)
    assert found
    for written in found:
        plain = written.removesuffix(" %")
        assert {written, plain} & (numbers | set(given)), f"{written} in {text}"


@pytest.mark.parametrize("by", ["gp", "forest"])
@pytest.mark.parametrize("variant", PAPER_VARIANTS)
def test_captions_of_surrogates_say_the_numbers_of_the_effects(variant, by):
    known, names = of_effects(variant, by), (LABELS, variant, by)
    (text,) = sentences.marginals(EFFECTS, LABELS, MEASURES, variant, by)
    walk(text, known)
    (text,) = sentences.importances(IMPORTANCE, *names)
    forest = of_effects(variant, "forest")
    own, _, other = text.partition(" The paper’s forest")
    walk(own, known, ["0.1 %"])  # of "under 0.1 %"
    if other:
        walk(other, forest)
    (text,) = sentences.interactions(IMPORTANCE, *names)
    beyond = IMPORTANCE[
        (IMPORTANCE["variant"] == variant)
        & (IMPORTANCE["surrogate"] == by)
        & (IMPORTANCE["term"] == fanova.BEYOND_PAIRS)
    ]
    walk(text, known | shown(beyond, "share", "low", "high"), ["0.1 %"])


def test_the_report_has_these_sentences_and_the_comparisons_say_the_numbers_of_the_effects():
    page = (JSB / "report.html").read_text(encoding="utf-8")
    margins = effects.margins(EFFECTS)
    compared = sentences.comparisons(WELCH, LABELS, MEASURES, 0.05, margins)
    budgets = sentences.budgets(BUDGET, LABELS)
    texts = [*compared, *budgets]
    for variant in PAPER_VARIANTS:
        texts += sentences.marginals(EFFECTS, LABELS, MEASURES, variant)
        texts += sentences.importances(IMPORTANCE, LABELS, variant)
        texts += sentences.interactions(IMPORTANCE, LABELS, variant)
    for text in texts:
        assert str(escape(text)) in page, text
    known = shown(WELCH, "mean", "detectable") | {sentences.short(margins["jsb"])}
    rows = EFFECTS[(EFFECTS["effect"] == effects.DIFFERENCE) & (EFFECTS["by"] == "permutation")]
    walk(compared[0], known | shown(rows, "estimate", "low", "high"), ["80 %", "95 %"])
    walk(budgets[0], shown(BUDGET, "expected", "low", "high"), ["5", "20", "100"])


def test_shares_are_the_same_in_all_tables():
    """Importance, effects and the table to be printed, of either surrogate."""
    printed = tables.read("jsb", "tables/importance.csv").query("response == 'test'")
    for row in printed.to_dict("records"):
        known = EFFECTS[
            (EFFECTS["variant"] == row["variant"]) & (EFFECTS["by"] == row["surrogate"])
        ]
        known = known.set_index("effect")
        for term in ("learning_rate", "hidden_size", "input_noise", "momentum", fanova.HIGHER):
            assert row[term] == known.loc[effects.share_of(term), "estimate"]
        interval = known.loc[effects.INTERACTIONS, ["low", "high"]]
        assert [row["higher_low"], row["higher_high"]] == interval.tolist()
    first = IMPORTANCE[(IMPORTANCE["response"] == "test") & IMPORTANCE["order"].notna()]
    for row in first.itertuples():
        known = EFFECTS[
            (EFFECTS["variant"] == row.variant)
            & (EFFECTS["by"] == row.surrogate)
            & (EFFECTS["effect"] == effects.share_of(row.term))
        ]
        assert known[["estimate", "low", "high"]].to_numpy().tolist() == [
            [row.share, row.low, row.high]
        ]


def test_the_claims_of_the_report_are_those_of_the_table():
    page = (REPOSITORY / "results" / "reference" / "jsb" / "report.html").read_text("utf-8")
    judged = tables.read("jsb", "claims.csv")
    assert sentences.verdicts(judged) in page
    for row in judged.dropna(subset=["measured"]).itertuples():
        assert f"here: <b>{sentences.short(row.measured)}</b>" in page, row.claim
