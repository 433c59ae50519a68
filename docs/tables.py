"""Fill the tables of README.md and of documents from results/reference and benchmarks.

    python docs/tables.py

A table stands between `<!-- NAME -->` and `<!-- end -->`, and is written anew; `make reference`
ends with it, and a test holds the documents to it.
"""

import re
import sys
import textwrap
from pathlib import Path

import pandas as pd

import questions
from kept import (
    REPOSITORY,
    RESULTS,
    core_hours,
    interval,
    read,
    small,
    standing,
    with_interval,
)
from odyssey.analysis import effects, robustness, statements, verdicts
from odyssey.analysis.fanova import HIGHER
from odyssey.analysis.markup import markdown
from odyssey.quantities import brief
from odyssey.report import sentences

STUDY, SECOND = "jsb", "jsb-seed2"
DOCUMENTS = ("README.md", "docs/reproduction.md", "docs/sceptic.md", "docs/forests.md")
DOCUMENTS += ("docs/odyssey.md",)
PAPER_HOURS = 24.3  # a trial, on one core
# What stands between two comments, none of which lies between them.
PLACE = re.compile(r"(<!-- (?P<name>[\w-]+) -->\n)(?:(?!<!--).)*(<!-- end -->)", re.DOTALL)


def compared(tests: pd.DataFrame, prefix: str = "") -> pd.Series:
    """Say of each variant how it stands to vanilla, by permutation or by the paper's test."""
    words = tests["direction"].where(verdicts.differs(tests, prefix), "not different")
    return words.where(tests["variant"] != "V", "")


def difference(tests: pd.DataFrame, prefix: str = "ci") -> pd.Series:
    """Write differences from vanilla with their intervals."""
    written = [
        f"{row.difference:+.3f} ({low:+.3f} to {high:+.3f})"
        for row, low, high in zip(
            tests.itertuples(), tests[f"{prefix}_low"], tests[f"{prefix}_high"], strict=True
        )
    ]
    return pd.Series(written, tests.index).where(tests["variant"] != "V", "")


def variants() -> pd.DataFrame:
    """Lay out the best trials of each variant beside the paper's findings."""
    tests = read(STUDY, "tests/welch.csv")
    spread = read(STUDY, "selection/distributions.csv").query("trials == 'selected'")
    spread = spread.set_index("variant").loc[tests["variant"]].reset_index()
    paper = tests["variant"].map(
        lambda v: "worse" if v in statements.FOUND_WORSE["jsb"] else "not different"
    )
    return pd.DataFrame(
        {
            "variant": tests["variant"],
            "test, mean of the best 10 %": tests["mean"].map("{:.2f}".format),
            "range": [f"{r.minimum:.2f} to {r.maximum:.2f}" for r in spread.itertuples()],
            "difference from V (95 %)": difference(tests),
            "p, for all eight": tests["p_adjusted"].map(small),
            "here": standing(tests, STUDY),
            "p, paper's test": tests["paper_p_adjusted"].map(small),
            "here by the paper's test": compared(tests, "paper_"),
            "in the paper": paper.where(tests["variant"] != "V", ""),
        }
    )


def power() -> pd.DataFrame:
    """Lay out what the study can find, and how wide the paper's intervals would be."""
    tests = read(STUDY, "tests/welch.csv").query("variant != 'V'")
    wider = (tests["ci_high"] - tests["ci_low"]) / (tests["paper_high"] - tests["paper_low"])
    return pd.DataFrame(
        {
            "variant": tests["variant"],
            "difference from V (95 %)": difference(tests),
            "by the paper's test (95 %)": difference(tests, "paper"),
            "times as wide": wider.map("{:.1f}".format),
            "found with 80 %": tests["detectable"].map("{:.2f}".format),
        }
    )


def judged() -> pd.DataFrame:
    """Read the verdicts on the statements about this task."""
    return read(STUDY, "claims.csv").query("task == 'jsb'").fillna({"note": ""})


def on_each_statement() -> pd.DataFrame:
    """Lay out the verdict on each statement of the paper about this task."""
    found = judged()
    return pd.DataFrame(
        {
            "claim": found["claim"],
            "paper": found["paper"],
            "measured": found["measured"].map(brief),
            "interval": [interval(r.ci_low, r.ci_high) for r in found.itertuples()],
            "verdict": found["verdict"],
            "by the paper's rule": found["paper_rule"],
            "the paper's way, measured": found["paper_measured"].map(brief),
            "note": found["note"],
        }
    )


def why(row) -> str:
    """Say why two verdicts on a statement differ."""
    if "known cases" in row.note:
        return row.note
    if row.verdict == row.paper_rule:
        return ""
    interval_of = interval(row.ci_low, row.ci_high)
    claim = next(claim for claim in statements.CLAIMS if claim.statement == row.claim)
    part = claim.parts[0]
    if claim.judge == statements.COMPARED:
        if part.region.margins:
            return (
                f"none was found, but one in {interval_of} is not excluded, nor outside the margin"
            )
        return f"with the luck of selection, and for all eight together: {interval_of}"
    if part.effect.startswith(effects.rank_of("")):
        return f"the shares' intervals allow places {interval_of}"
    papers = interval(row.paper_low, row.paper_high)
    if claim.judge == statements.SHARE:
        return (
            f"by the process {brief(row.measured)} ({interval_of}); the forest's "
            f"{brief(row.paper_measured)} ({papers}) is read without its interval"
        )
    return f"by the process {interval_of}; over the forest's trees {papers}"


def sceptic() -> pd.DataFrame:
    """Lay out both verdicts on each statement, and why they differ."""
    found = judged()
    return pd.DataFrame(
        {
            "statement": found["claim"],
            "by the paper's rule": found["paper_rule"],
            "by ours": found["verdict"],
            "why they differ": [why(row) for row in found.itertuples()],
            "coverage": found["coverage"].map(lambda c: "" if pd.isna(c) else f"{c:.0%}"),
        }
    )


def importance() -> pd.DataFrame:
    """Lay out what each hyperparameter explains of the test error's variance, by variant."""
    table = read(STUDY, "tables/importance.csv").query("response == 'test'")
    process = table[table["surrogate"] == "gp"].set_index("variant")
    forest = table[table["surrogate"] == "forest"].set_index("variant")
    made = {
        name.replace("_", " "): (100 * process[name]).map("{:.1f} %".format)
        for name in ("learning_rate", "hidden_size", "input_noise", "momentum", HIGHER)
    }
    made["interval of higher order"] = [
        f"{100 * low:.1f} to {100 * high:.1f} %"
        for low, high in zip(process["higher_low"], process["higher_high"], strict=True)
    ]
    made["R²"] = process["r2"].map("{:.2f}".format)
    made["forest: learning rate"] = (100 * forest["learning_rate"]).map("{:.1f} %".format)
    made["forest: higher order"] = (100 * forest[HIGHER]).map("{:.1f} %".format)
    return pd.DataFrame(made).reset_index()


def diagnostics() -> pd.DataFrame:
    """Lay out how well the processes of the test error foretell trials left out."""
    table = read(STUDY, "fanova/diagnostics.csv")
    table = table.query("response == 'test' and surrogate == 'gp'")
    return pd.DataFrame(
        {
            "variant": table["variant"],
            "scale": table["scale"],
            "smoothness": table["smoothness"].map("{:.1f}".format),
            "R²": table["r2"].map("{:.2f}".format),
            "95 % intervals hold": table["coverage"].map("{:.0%}".format),
            "residuals with prediction": table["uneven"].map("{:+.2f}".format),
            "largest residual, sd": table["largest"].map("{:.1f}".format),
        }
    )


def curves() -> pd.DataFrame:
    """Lay out what learning rate, size and noise do to vanilla, by both surrogates."""
    found = read(STUDY, "effects.csv").query("variant == 'V'")
    rows = []
    for effect in (
        effects.BASIN_WIDTH,
        effects.BEST_RATE,
        effects.change_of("test", "hidden_size"),
        effects.RETURNS,
        effects.change_of("train_seconds", "hidden_size"),
        effects.change_of("test", "input_noise"),
        effects.change_of("train_seconds", "input_noise"),
    ):
        row = {"effect": effect}
        for by, name in (("gp", "process"), ("forest", "forest")):
            one = found[(found["effect"] == effect) & (found["by"] == by)].iloc[0]
            row[name] = f"{brief(one.estimate)} ({interval(one.low, one.high)})"
        rows.append(row)
    return pd.DataFrame(rows)


def choices() -> pd.DataFrame:
    """Lay out the differences from vanilla under other choices."""
    found = read(STUDY, "tests/robustness.csv")
    found["written"] = [f"{row.estimate:+.2f} {row.verdict}" for row in found.itertuples()]
    chance = found["aspect"] == robustness.IMPROVEMENT
    found.loc[chance, "written"] = [
        f"{r.estimate:.0%} ({r.low:.0%} to {r.high:.0%})" for r in found[chance].itertuples()
    ]
    found["choice"] = found["aspect"] + found["setting"].fillna("").map(lambda t: f" {t}".rstrip())
    order = list(dict.fromkeys(found["choice"]))
    wide = found.pivot(index="choice", columns="variant", values="written").loc[order]
    return wide[list(dict.fromkeys(found["variant"]))].fillna("").reset_index()


def bias() -> pd.DataFrame:
    """Lay out what both surrogates say of functions that are known."""
    table = pd.read_csv(REPOSITORY / "benchmarks" / "results" / "importance_bias.csv")
    terms = ("learning_rate", "hidden_size", "input_noise", "momentum", HIGHER)
    rows = []
    for (truth, n), some in table.groupby(["truth", "n"], sort=False):
        if truth.startswith("seconds"):
            continue
        known = some.set_index(["by", "effect"])
        of = [effects.share_of(term) for term in terms]
        row = {"function": truth, "trials": n, "repeated": some["repetitions"].iloc[0]}
        row["true"] = ", ".join(f"{100 * known.loc[('gp', one), 'true']:.1f}" for one in of)
        for by, name in (("gp", "process"), ("forest", "forest")):
            row[name] = ", ".join(f"{100 * known.loc[(by, one), 'mean']:.1f}" for one in of)
            last = known.loc[(by, effects.INTERACTIONS)]
            row[f"{name}: interval has the interactions"] = f"{last['coverage']:.0%}"
            row[f"{name}: its width"] = f"{100 * last['width']:.1f}"
        rows.append(row)
    return pd.DataFrame(rows)


def rates() -> pd.DataFrame:
    """Lay out how often comparisons find a difference that is not there, and one that is."""
    table = pd.read_csv(REPOSITORY / "benchmarks" / "results" / "error_rates.csv")
    names = {"pairs": "pairs that do not differ", "families": "families of nine that do not differ"}
    table["of"] = table["of"].map(lambda of: names.get(of, f"pairs that differ by {of[1:]} nats"))
    table["written"] = [
        f"{row.rate:.0%} ({row.low:.0%} to {row.high:.0%})" for row in table.itertuples()
    ]
    wide = table.pivot(index="of", columns="test", values="written").loc[table["of"].unique()]
    tried = table.drop_duplicates("of").set_index("of")["n"].map("{:,}".format)
    made = {"tried": tried, "permutation finds": wide["permutation"]}
    return pd.DataFrame(made | {"the paper's test finds": wide["paper's"]}).reset_index(names="of")


def coverage() -> pd.DataFrame:
    """Lay out how often the intervals behind verdicts hold."""
    path = Path(effects.__file__).with_name("coverage.csv")
    table = pd.read_csv(path)
    used = {part.effect for claim in statements.CLAIMS for part in claim.parts}
    table = table[table["effect"].isin(used)]
    made = table.groupby(["effect", "kind"], sort=False)["coverage"].min().unstack()
    made = made.reindex(list(dict.fromkeys(table["effect"])))
    return made.map(lambda c: "" if pd.isna(c) else f"{c:.0%}").reset_index()


def again(path: str = "tests/reseeded.csv") -> pd.DataFrame:
    """Read what became of the selected trials with new seeds."""
    return read(STUDY, path)


def by_new_seeds(effect: str) -> pd.DataFrame:
    """Pick an effect of the new seeds, by variant."""
    found = read(STUDY, "effects.csv").query("by == @effects.RESEEDED and effect == @effect")
    return found.set_index("variant")


def luck() -> pd.DataFrame:
    """Lay out what the selected trials lose with new seeds."""
    table, first, middle = again(), by_new_seeds(effects.LUCK), by_new_seeds(effects.MEDIAN_LUCK)
    share, validation = by_new_seeds(effects.LUCK_SHARE), by_new_seeds(effects.VALIDATION_LUCK)
    return pd.DataFrame(
        {
            "variant": table["variant"],
            "test, as selected": table["selected"].map("{:.3f}".format),
            "with new seeds": table["again"].map("{:.3f}".format),
            "change (95 %)": [with_interval(first.loc[v], 3) for v in table["variant"]],
            "median change (95 %)": [with_interval(middle.loc[v], 3) for v in table["variant"]],
            "of the lead": [f"{share.loc[v, 'estimate']:.1%}" for v in table["variant"]],
            "change of validation (95 %)": [
                with_interval(validation.loc[v], 3) for v in table["variant"]
            ],
            "worst": table["worst"].map(brief),
            "sd over seeds": table["sd_seeds"].map("{:.3f}".format, na_action="ignore"),
            "sd over trials": table["sd_trials"].map("{:.3f}".format),
        }
    )


def stands_with_new_seeds() -> pd.Series:
    """Say of each variant how it stands to vanilla by the new seeds alone."""
    found = by_new_seeds(effects.DIFFERENCE)
    rows = found.rename(columns={"estimate": "difference", "low": "ci_low", "high": "ci_high"})
    rows["significant"] = effects.clear(rows)
    return pd.Series(standing(rows, STUDY), rows.index)


def new_seeds() -> pd.DataFrame:
    """Set the differences from vanilla with new seeds beside those of the trials as selected."""
    tests, found = read(STUDY, "tests/welch.csv"), by_new_seeds(effects.DIFFERENCE)
    tests = tests.assign(written=difference(tests), here=standing(tests, STUDY)).set_index(
        "variant"
    )
    stands = stands_with_new_seeds()
    return pd.DataFrame(
        {
            "variant": found.index,
            "as selected (95 %)": tests.loc[found.index, "written"],
            "with new seeds (95 %)": [with_interval(row, 3) for _, row in found.iterrows()],
            "for all eight": [
                f"{low:+.3f} to {high:+.3f}"
                for low, high in zip(found["family_low"], found["family_high"], strict=True)
            ],
            "here, as selected": tests.loc[found.index, "here"],
            "here, with new seeds": stands.loc[found.index],
        }
    )


def luck_in_short() -> str:
    """Say in two sentences what new seeds have shown."""
    table, stands = again(), stands_with_new_seeds()
    middle, whole = by_new_seeds(effects.MEDIAN_LUCK), by_new_seeds(effects.LUCK)
    least, most = middle["estimate"].min(), middle["estimate"].max()
    lucky = list(whole.index[whole["low"] > 0])
    luck_of = f"; by the mean {sentences.listed(lucky)} had luck" if lucky else ""
    unlucky = table.loc[table["worst"].idxmax(), "variant"]
    seeds = table["repeats"].max()
    again_with = f"{seeds} new seeds each" if seeds > 1 else "one new seed"
    text = (
        f"Trained again with {again_with}, on which nothing was selected, "
        f"the median trial of a variant's best tenth changes by {least:+.3f} to "
        f"{most:+.3f} nats{luck_of}; the worst run, of {unlucky}, ends at "
        f"{brief(table['worst'].max())}. "
    )
    named = [
        f"{sentences.listed(stands.index[stands == word])} "
        f"{'is' if (stands == word).sum() == 1 else 'are'} {said}"
        for word, said in (
            (verdicts.WORSE, "worse than vanilla"),
            (verdicts.BETTER, "better than vanilla"),
            (verdicts.NO_DIFFERENT, "no different by more than the margin"),
            (verdicts.OPEN, "neither shown to differ nor not to"),
        )
        if (stands == word).any()
    ]
    return text + f"By {'those seeds' if seeds > 1 else 'that seed'} alone {'; '.join(named)}."


def costs() -> pd.DataFrame:
    """Add up the study's cost, and set it beside the paper's."""
    trials = read(STUDY, "trials.csv")
    seconds = trials["train_seconds"]
    rows = {
        "trials": (f"{len(trials):,}", "1,800"),
        "diverged, failed": (
            ", ".join(str((trials["status"] == s).sum()) for s in ("diverged", "failed")),
            "",
        ),
        "core-hours": (f"{core_hours(STUDY):.1f}", f"{PAPER_HOURS * len(trials):,.0f}"),
        "a trial, mean": (f"{seconds.mean():.1f} s", f"{PAPER_HOURS} h"),
        "a trial, median": (f"{seconds.median():.1f} s", ""),
        "a trial, longest": (f"{seconds.max():.0f} s", ""),
        "times as fast as the paper's, mean": (
            f"{PAPER_HOURS * 3600 / seconds.mean():,.0f}",
            "1",
        ),
    }
    table = pd.DataFrame.from_dict(rows, orient="index", columns=["here", "paper"])
    return table.rename_axis("cost").reset_index()


def pytorch() -> pd.DataFrame:
    """Lay out trials of the study beside the same ones in plain PyTorch."""
    table = pd.read_csv(REPOSITORY / "benchmarks" / "results" / "plain_pytorch.csv")
    made = table[["engine", "variant", "trial", "hidden_size"]].copy()
    made = made.rename(columns={"engine": "plain PyTorch", "hidden_size": "blocks"})
    for name in ("", "fused_"):
        made[f"{name}epochs".replace("_", " ")] = table[f"{name}epochs"]
        made[f"{name}seconds".replace("_", " ")] = table[f"{name}seconds"].map(brief)
    made["times as long, per epoch"] = table["ratio"].map("{:.1f}".format)
    return made


def same_trials() -> pd.DataFrame:
    """Lay out the music21 study beside the same trials on the paper's data."""
    table = pd.read_csv(RESULTS / "same_trials.csv")
    made = {"variant": table["variant"]}
    for name, title in (("paper", "paper's data"), ("music21", "music21")):
        made[f"{title}: mean of the best 10 %"] = table[f"{name}_mean"].map("{:.2f}".format)
        made[f"{title}: difference from V"] = table[f"{name}_difference"].map("{:+.2f}".format)
    made["rank correlation of all trials"] = table["rank_correlation"].map("{:.2f}".format)
    return pd.DataFrame(made)


def beside_vanilla(tests: pd.DataFrame) -> pd.DataFrame:
    """Lay out the differences of a study's variants from vanilla."""
    tests = tests.set_index("variant", drop=False)
    made = {
        "difference from V (95 %)": difference(tests),
        "p": tests["p"].map(small),
        "p, paper's test": tests["paper_p"].map(small),
        "found with 80 %": tests["detectable"].map(lambda d: "" if pd.isna(d) else f"{d:.2f}"),
    }
    return pd.DataFrame(made)[tests["variant"] != "V"]


def both_seeds() -> pd.DataFrame:
    """Read the comparison of NFG with vanilla on the trials of both seeds together."""
    return pd.read_csv(RESULTS / "both_seeds.csv")


def second_seed() -> pd.DataFrame:
    """Set how NFG stands to vanilla with either seed and with both; p values of one comparison."""
    parts = {
        "first seed": read(STUDY, "tests/welch.csv").query("variant in ('V', 'NFG')"),
        "second seed": read(SECOND, "tests/welch.csv"),
        "both, 400 trials each": both_seeds(),
    }
    rows = [beside_vanilla(tests).assign(trials=name) for name, tests in parts.items()]
    table = pd.concat(rows, ignore_index=True)
    return table[["trials", *table.columns.drop("trials")]]


def written(name: str) -> pd.DataFrame:
    """Read what benchmarks/basin.py has written."""
    path = REPOSITORY / "benchmarks" / "results" / name
    return pd.read_csv(path, dtype=str, keep_default_na=False)


TABLES = {
    "variants": variants,
    "power": power,
    "verdicts": on_each_statement,
    "sceptic": sceptic,
    "importance": importance,
    "diagnostics": diagnostics,
    "curves": curves,
    "choices": choices,
    "bias": bias,
    "coverage": coverage,
    "rates": rates,
    "luck": luck,
    "new-seeds": new_seeds,
    "luck-in-short": luck_in_short,
    "costs": costs,
    "pytorch": pytorch,
    "music21": same_trials,
    "second-seed": second_seed,
    "basin": lambda: written("basin.csv"),
    **questions.TABLES,
}


def written_out(made: pd.DataFrame | str) -> str:
    """Write a table in Markdown, or a sentence in lines."""
    return textwrap.fill(made, 120) + "\n" if isinstance(made, str) else markdown(made, {})


def filled(text: str) -> str:
    """Write all tables of a document anew."""
    marks = re.findall(r"<!-- *([\w-]+) *-->", text)
    wrong = [name for name in marks[::2] if name not in TABLES]
    if wrong or marks[1::2] != ["end"] * (len(marks) // 2) or len(marks) % 2:
        sys.exit(
            "Tables stand between <!-- NAME --> and <!-- end -->, NAME being one of "
            f"{', '.join(TABLES)}; here the comments are {', '.join(marks)}"
        )
    return PLACE.sub(
        lambda found: f"{found[1]}\n{written_out(TABLES[found['name']]())}\n{found[3]}", text
    )


def main() -> None:
    """Fill the documents, all or none."""
    paths = [REPOSITORY / name for name in DOCUMENTS]
    texts = [filled(path.read_text(encoding="utf-8")) for path in paths]
    for path, text in zip(paths, texts, strict=True):
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
