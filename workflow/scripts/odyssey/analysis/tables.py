"""Tables to read and to print: what each holds, and its CSV, Markdown and LaTeX file.

What is laid out is a table that another module of this folder made; `marked` are the trials as
`selection.select` returns them, which name the corpus behind each number.
"""

import math
import os
from pathlib import Path

import pandas as pd

from odyssey.analysis.fanova import HIGHER, of_order
from odyssey.analysis.files import write_csv
from odyssey.analysis.markup import latex, markdown
from odyssey.analysis.selection import engines
from odyssey.hyperparameters import BY_NAME, COLUMNS

STAND_IN = "stand-in"
STATUSES = ("completed", "diverged", "failed")
BEST_CELLS = 10  # of a study that breeds

HEADINGS = {
    "task": "Task",
    "variant": "Variant",
    "trial": "Trial",
    "test": "Test",
    "validation": "Validation",
    **{one.name: one.heading for one in (*COLUMNS, BY_NAME["parameters"])},
    "epochs": "Epochs",
    "best_epoch": "Best epoch",
    "train_seconds": "Seconds",
    "corpus": "Corpus",
    "n": "n",
    "mean": "Mean",
    "sd": "SD",
    "difference": "Difference from V",
    "ci_low": "CI low",
    "ci_high": "CI high",
    "p": "p",
    "p_adjusted": "p adjusted",
    "significant": "Significant",
    "direction": "Direction",
    "hedges_g": "Hedges' g",
    "note": "Note",
    "trials": "Trials",
    "completed": "Completed",
    "diverged": "Diverged",
    "failed": "Failed",
    "trained_by": "Engine",
    "seconds_total": "Seconds in all",
    "seconds_median": "Seconds a trial",
    "seconds_maximum": "Seconds, longest",
    "epochs_mean": "Epochs a trial",
    "seconds_an_epoch": "Seconds an epoch",
    "response": "Response",
    "surrogate": "Surrogate",
    "r2": "R²",
    "pairs": "Pairs",
    "higher order": "Higher order",
    "higher_low": "Higher order, low",
    "higher_high": "Higher order, high",
    "detectable": "Found with 80 %",
    "paper_low": "Paper's low",
    "paper_high": "Paper's high",
    "paper_p_adjusted": "Paper's p",
    "paper_significant": "Significant by the paper",
    "method": "Method",
    "generation": "Generation",
    "name": "Cell",
    "parent": "Parent",
    "lines": "Lines",
    "sums": "Sums",
    "states": "States",
    "parameter": "Hyperparameter",
    "share": "Share",
    "place": "Place",
    "place_low": "Place, low",
    "place_high": "Place, high",
    "aspect": "Aspect",
    "setting": "Setting",
    "effect": "Effect",
    "estimate": "Estimate",
    "low": "Low",
    "high": "High",
    "coverage": "Coverage",
    "paper_rule": "By the paper's rule",
    "paper_measured": "Measured by the paper",
    "claim": "Claim",
    "paper": "Paper",
    "measured": "Measured",
    "verdict": "Verdict",
}
# Of the table of best trials, what figures read.
BEST_COLUMNS = {"task": "str", "variant": "str", "trial": "Int64", "best_epoch": "Int64"}


def corpus(source: str, synthetic: bool) -> str:
    """Name the corpus behind a number, a made-up one as such."""
    return f"{source} ({STAND_IN})" if synthetic and source != STAND_IN else source


def _corpora(frame: pd.DataFrame) -> list[str]:
    return [corpus(*pair) for pair in zip(frame["source"], frame["synthetic"], strict=True)]


def _corpus_of_task(marked: pd.DataFrame) -> dict[str, str]:
    tasks = marked.drop_duplicates("task")
    return dict(zip(tasks["task"], _corpora(tasks), strict=True))


def best_trials(marked: pd.DataFrame) -> pd.DataFrame:
    """Find the best trial of each search, by validation, among trials that are marked.

    A search without any validation result is a row without numbers.
    """
    columns = [name for name in HEADINGS if name in marked.columns]
    counted = ["trial", "parameters", "epochs", "best_epoch"]
    counted += [one.name for one in COLUMNS if one.kind == "int64"]
    whole = [name for name in counted if name in marked.columns]
    best = marked[marked["rank"] == 1]
    searches = marked.drop_duplicates(["task", "variant"])
    table = searches[["task", "variant", "source", "synthetic"]].merge(
        best[columns].astype(dict.fromkeys(whole, "Int64")),
        on=["task", "variant"],
        how="left",
        sort=False,
    )
    table["corpus"] = _corpora(table)
    return table[[*columns, "corpus"]]


def tests(welch: pd.DataFrame, marked: pd.DataFrame) -> pd.DataFrame:
    """Lay out the comparisons with vanilla, with the corpus behind each number."""
    table = welch[[name for name in welch.columns if name in HEADINGS]].copy()
    table["corpus"] = table["task"].map(_corpus_of_task(marked))
    return table


def importances(importance: pd.DataFrame, marked: pd.DataFrame) -> pd.DataFrame:
    """Lay out the shares of main effects and interactions, a row for each surrogate.

    Shares are of 1. There is a column for each main effect; ``higher order`` is all interactions
    together, with its interval, and ``pairs`` are part of these.
    """
    terms = [*importance.loc[of_order(importance, 1), "term"].unique()]
    keys = ["task", "variant", "response", "surrogate"]
    rows = []
    for key, of_one in importance.groupby(keys, sort=False):
        by_term = of_one.set_index("term")
        pairs = of_one.loc[of_order(of_one, 2), "share"]
        first = of_one.iloc[0]
        higher = by_term.loc[HIGHER] if HIGHER in by_term.index else {}
        rows.append(
            dict(zip(keys, key, strict=True))
            | {"n": first["n"], "r2": first["r2"]}
            | {term: by_term["share"].get(term, math.nan) for term in terms}
            | {HIGHER: higher.get("share", math.nan)}
            | {f"higher_{end}": higher.get(end, math.nan) for end in ("low", "high")}
            | {"pairs": pairs.sum() if len(pairs) else math.nan, "note": first["note"]}
        )
    table = pd.DataFrame(rows)
    table["corpus"] = table["task"].map(_corpus_of_task(marked))
    return table


def attributions(found: pd.DataFrame, marked: pd.DataFrame) -> pd.DataFrame:
    """Lay out the shares of hyperparameters by nine methods, with the corpus behind each number."""
    table = found.rename(columns=lambda name: name.replace("rank", "place"))
    return table.assign(corpus=table["task"].map(_corpus_of_task(marked)))


def robustness(found: pd.DataFrame, marked: pd.DataFrame) -> pd.DataFrame:
    """Lay out what other choices would have found, with the corpus behind each number."""
    return found.assign(corpus=found["task"].map(_corpus_of_task(marked)))


def claims(judged: pd.DataFrame, marked: pd.DataFrame) -> pd.DataFrame:
    """Lay out the verdicts on the paper's statements, with the corpus behind each.

    Task by task, without the rules; last the statements about all tasks together, which have no
    corpus.
    """
    corpora = _corpus_of_task(marked)
    rows = [judged[judged["task"] == task] for task in (*corpora, "all")]
    columns = ["task", *judged.columns.drop(["task", "rule"])]
    table = pd.concat(rows, ignore_index=True)[columns]
    table["corpus"] = table["task"].map(corpora)
    return table


def parts(effects: pd.DataFrame, trials: pd.DataFrame) -> pd.DataFrame:
    """Lay out what changes of the block do, two together beneath what each does alone."""
    columns = ["task", "variant", "effect", "estimate", "family_low", "family_high", "note"]
    table = effects[columns]
    table = table.rename(columns={"family_low": "low", "family_high": "high"})
    return table.assign(corpus=table["task"].map(_corpus_of_task(trials)))


def best_cells(generations: pd.DataFrame) -> pd.DataFrame:
    """Lay out the ten best cells that were bred, and all known ones, by validation."""
    ordered = generations.sort_values("validation", kind="stable")
    bred = ordered["generation"] >= 0
    shown = ordered[~bred | (bred.cumsum() <= BEST_CELLS)]
    left = ["digest", "change", "equations", "source", "synthetic", "finished", "train_seconds"]
    left += ["trial", "learning_rate", "momentum"]
    return shown.drop(columns=left).assign(corpus=_corpora(shown))


def costs(trials: pd.DataFrame) -> pd.DataFrame:
    """Add up what each search cost: trials by status, seconds and epochs.

    Where the study has several engines, `trained_by` says which, as their seconds do not compare.
    """
    rows, by = [], engines(trials)
    for (task, variant), own in trials.groupby(["task", "variant"], sort=False):
        seconds, epochs = own["train_seconds"], own["epochs"].sum()
        first = own.iloc[0]
        rows.append(
            {
                "task": task,
                "variant": variant,
                "trials": len(own),
                **{status: int((own["status"] == status).sum()) for status in STATUSES},
                "parameters": round(own["parameters"].mean()),
                **({"trained_by": by[variant]} if by else {}),
                "seconds_total": seconds.sum(),
                "seconds_median": seconds.median(),
                "seconds_maximum": seconds.max(),
                "epochs_mean": epochs / len(own),
                "seconds_an_epoch": seconds.sum() / epochs if epochs else math.nan,
                "corpus": corpus(first["source"], first["synthetic"]),
            }
        )
    return pd.DataFrame(rows)


def write(
    frame: pd.DataFrame,
    caption: str,
    csv: str | os.PathLike[str],
    md: str | os.PathLike[str],
    tex: str | os.PathLike[str],
) -> None:
    """Write a table as three files, of which the CSV keeps every digit and the columns' names.

    The caption, plain text, stands above the Markdown table and in the LaTeX one.
    """
    write_csv(frame, csv)
    Path(md).write_text(f"{caption}\n\n{markdown(frame, HEADINGS)}", encoding="utf-8")
    Path(tex).write_text(latex(frame, caption, HEADINGS), encoding="utf-8")
