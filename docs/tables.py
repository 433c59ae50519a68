"""Fill the tables of README.md and docs/reproduction.md from results/reference and benchmarks.

    python docs/tables.py

A table stands between `<!-- NAME -->` and `<!-- end -->`, and is written anew; `make reference`
ends with it, and a test holds the documents to it.
"""

import re
import sys
from pathlib import Path

import pandas as pd

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow" / "scripts"))

from odyssey.analysis.claims import WORSE
from odyssey.analysis.selection import select
from odyssey.analysis.tables import markdown

REPOSITORY = Path(__file__).parents[1]
STUDY, AGAIN, SECOND = "jsb", "jsb-music21", "jsb-seed2"
DOCUMENTS = ("README.md", "docs/reproduction.md")
PAPER_HOURS = 24.3  # a trial, on one core
# What stands between two comments, none of which lies between them.
PLACE = re.compile(r"(<!-- (?P<name>[\w-]+) -->\n)(?:(?!<!--).)*(<!-- end -->)", re.DOTALL)


def read(study: str, name: str) -> pd.DataFrame:
    """Read a table of a study of results/reference."""
    return pd.read_csv(REPOSITORY / "results" / "reference" / study / name)


def small(p: float) -> str:
    """Write a p value."""
    return "" if pd.isna(p) else "< 0.0001" if p < 0.0001 else f"{p:.2g}"


def compared(tests: pd.DataFrame) -> pd.Series:
    """Say of each variant how it stands to vanilla by the paper's rule."""
    significant = tests["significant"].fillna(value=False).astype(bool)
    words = tests["direction"].where(significant, "not different")
    return words.where(tests["variant"] != "V", "")


def variants() -> pd.DataFrame:
    """Lay out the best trials of each variant beside the paper's findings."""
    tests = read(STUDY, "tests/welch.csv")
    spread = read(STUDY, "selection/distributions.csv").query("trials == 'selected'")
    spread = spread.set_index("variant").loc[tests["variant"]].reset_index()
    other = tests["variant"] != "V"
    from_vanilla = tests.apply(
        lambda t: f"{t.difference:+.3f} ({t.ci_low:+.3f} to {t.ci_high:+.3f})", 1
    )
    paper = tests["variant"].map(lambda v: "worse" if v in WORSE["jsb"] else "not different")
    return pd.DataFrame(
        {
            "variant": tests["variant"],
            "test, mean of the best 10 %": tests["mean"].map("{:.2f}".format),
            "range": [f"{r.minimum:.2f} to {r.maximum:.2f}" for r in spread.itertuples()],
            "difference from V (95 %)": from_vanilla.where(other, ""),
            "p": tests["p_adjusted"].map(small),
            "p with selection": tests["p_selection"].map(small),
            "here": compared(tests),
            "in the paper": paper.where(other, ""),
        }
    )


def number(value: float) -> str:
    """Write a measured number of any size."""
    return "" if pd.isna(value) else f"{value:.3g}"


def interval(row) -> str:
    """Write an interval, if there is one."""
    return "" if pd.isna(row.ci_low) else f"{row.ci_low:.2g} to {row.ci_high:.2g}"


def verdicts() -> pd.DataFrame:
    """Lay out the verdict on each statement of the paper about this task."""
    claims = read(STUDY, "claims.csv").query("task == 'jsb'")
    return pd.DataFrame(
        {
            "claim": claims["claim"],
            "paper": claims["paper"],
            "measured": claims["measured"].map(number),
            "interval": [interval(row) for row in claims.itertuples()],
            "verdict": claims["verdict"],
            "note": claims["note"].fillna(""),
        }
    )


def importance() -> pd.DataFrame:
    """Lay out what each hyperparameter explains of the test error's variance, by variant."""
    table = read(STUDY, "tables/importance.csv").query("response == 'test'")
    shares = ["learning_rate", "hidden_size", "input_noise", "momentum", "pairs", "higher order"]
    made = table[["variant", *shares]].copy()
    made[shares] = (100 * made[shares]).map("{:.1f} %".format)
    made["out-of-bag R²"] = table["oob_r2"].map("{:.2f}".format)
    return made.rename(columns=lambda name: name.replace("_", " "))


def costs() -> pd.DataFrame:
    """Add up the study's cost, and set it beside the paper's."""
    trials = read(STUDY, "trials.csv")
    seconds = trials["train_seconds"]
    hours = seconds.sum() / 3600
    rows = {
        "trials": (f"{len(trials):,}", "1,800"),
        "diverged, failed": (
            ", ".join(str((trials["status"] == s).sum()) for s in ("diverged", "failed")),
            "",
        ),
        "core-hours": (f"{hours:.1f}", f"{PAPER_HOURS * len(trials):,.0f}"),
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
        made[f"{name}seconds".replace("_", " ")] = table[f"{name}seconds"].map(number)
    made["times as long, per epoch"] = table["ratio"].map("{:.1f}".format)
    return made


def same_trials() -> pd.DataFrame:
    """Set the music21 study beside the same trials on the paper's data, of the same seeds."""
    again, keys = read(AGAIN, "trials.csv"), ["variant", "trial"]
    same = read(STUDY, "trials.csv").merge(again[keys], on=keys)
    made = {}
    for name, trials in (("paper's data", same), ("music21", again)):
        marked = select(trials)
        best = marked[marked["selected"]].groupby("variant", sort=False)["test"].mean()
        made[f"{name}: mean of the best 10 %"] = best.map("{:.2f}".format)
        made[f"{name}: difference from V"] = (best - best["V"]).map("{:+.2f}".format)
    pairs = same.merge(again, on=keys, suffixes=("", "_again"))
    made["rank correlation of all trials"] = (
        pairs.groupby("variant", sort=False)[["test", "test_again"]]
        .apply(lambda pair: pair["test"].corr(pair["test_again"], "spearman"))
        .map("{:.2f}".format)
    )
    return pd.DataFrame(made).reset_index()


def standing(study: str) -> pd.DataFrame:
    """Lay out how a study's variants stand to vanilla."""
    tests = read(study, "tests/welch.csv").set_index("variant")
    made = {
        "mean": tests["mean"].map("{:.2f}".format),
        "difference from V": tests["difference"]
        .map("{:+.3f}".format)
        .where(tests.index != "V", ""),
        "p": tests["p_adjusted"].map(small),
        "verdict": compared(tests.reset_index()).to_numpy(),
    }
    return pd.DataFrame(made)


def second_seed() -> pd.DataFrame:
    """Set how the second seed's variants stand to vanilla beside this study's."""
    again = standing(SECOND).add_suffix(", second seed")
    return standing(STUDY).join(again, how="inner").reset_index()


def written(name: str) -> pd.DataFrame:
    """Read what benchmarks/forests.py has written."""
    path = REPOSITORY / "benchmarks" / "results" / name
    return pd.read_csv(path, dtype=str, keep_default_na=False)


TABLES = {
    "variants": variants,
    "verdicts": verdicts,
    "importance": importance,
    "costs": costs,
    "pytorch": pytorch,
    "music21": same_trials,
    "second-seed": second_seed,
    "resampled": lambda: written("resampled.csv"),
    "basin": lambda: written("basin.csv"),
}


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
        lambda found: f"{found[1]}\n{markdown(TABLES[found['name']](), {})}\n{found[3]}", text
    )


def main() -> None:
    """Fill the documents, all or none."""
    paths = [REPOSITORY / name for name in DOCUMENTS]
    texts = [filled(path.read_text(encoding="utf-8")) for path in paths]
    for path, text in zip(paths, texts, strict=True):
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
