"""One page that sets two studies side by side."""

from collections.abc import Iterable, Mapping

import pandas as pd

from odyssey.analysis.files import Row
from odyssey.quantities import count
from odyssey.report import rows, sentences
from odyssey.report.templates import fill

# Of a picture of an interval.
WIDTH = 160


def render(a: str, b: str, tables: Mapping[str, pd.DataFrame]) -> str:
    """Write the page of two studies.

    Parameters
    ----------
    a, b : str
        Their names.
    tables : mapping of str to pandas.DataFrame
        As `odyssey.compare.compare` returns them.

    Returns
    -------
    str
        One HTML page; equal tables make equal pages.
    """
    verdicts = [_verdict(row) for row in tables["verdicts"].to_dict("records")]
    return fill(
        "comparison.html.jinja",
        study=f"{a} and {b}",
        a=a,
        b=b,
        summary=[
            of_searches(tables["searches"], b),
            of_verdicts(tables["verdicts"]),
            of_trials(tables["selected"]),
        ],
        searches=[
            search
            for _, of_task in tables["searches"].groupby("task", sort=False)
            for search in _searches(of_task)
        ],
        changed=[verdict for verdict in verdicts if verdict["changed"]],
        kept=[verdict for verdict in verdicts if not verdict["changed"]],
        selected=tables["selected"].to_dict("records"),
        where=[_where(row) for row in tables["where"].to_dict("records")],
        number=rows.number,
    )


def of_searches(searches: pd.DataFrame, b: str) -> str:
    """Say of how many searches the interval leaves out 0."""
    tested = searches.dropna(subset=["low", "high"])
    one = searches["task"].nunique() == 1
    parts = []
    for word, found in (("worse", tested["low"] > 0), ("better", tested["high"] < 0)):
        names = [
            row.variant if one else f"{row.variant} on {row.task}"
            for row in tested[found].itertuples()
        ]
        if names:
            parts.append(f"{sentences.listed(names)} {'is' if len(names) == 1 else 'are'} {word}")
    text = f"Of {count(len(searches), 'search')} that both have, "
    untested = len(searches) - len(tested)
    rest = f"; {count(untested, 'search')} could not be compared" if untested else ""
    if not parts:
        return f"{text}none differs by more than chance allows{rest}."
    found = sentences.listed(parts)
    return f"{text}{found} in {b}, by more than chance allows for each alone{rest}."


def of_verdicts(verdicts: pd.DataFrame) -> str:
    """Say how many claims have the same verdict in both."""
    both = verdicts[(verdicts["verdict_a"] != "") & (verdicts["verdict_b"] != "")]
    same = int((both["verdict_a"] == both["verdict_b"]).sum())
    return f"Of {count(len(both), 'claim')} that both judge, {same} have the same verdict."


def of_trials(selected: pd.DataFrame) -> str:
    """Say how many trials are the same in both, and how alike their results are ordered."""
    shared = int(selected["shared"].sum())
    if not shared:
        return "No trial is the same in both: they have drawn their own."
    ranks = selected["rank_correlation"].dropna()
    text = f"{count(shared, 'trial')} {'is' if shared == 1 else 'are'} the same in both"
    if ranks.empty:
        return f"{text}."
    ends = f"{ranks.min():.2f} to {ranks.max():.2f}"
    return f"{text}; the ranks of their results correlate with {ends}."


def _searches(of_task: pd.DataFrame) -> Iterable[Row]:
    digits = rows.digits_of(of_task, "low", "high")
    ends = [0.0, *of_task[["low", "high", "difference"]].to_numpy().ravel()]
    least, most = pd.Series(ends).min(), pd.Series(ends).max()
    scale = (WIDTH - 12) / (most - least) if most > least else 0.0
    for row in of_task.to_dict("records"):
        known = pd.notna(row["low"]) and pd.notna(row["high"])
        beyond = known and (row["low"] > 0 or row["high"] < 0)
        places = {"zero": 0.0, "at": row["difference"], "low": row["low"], "high": row["high"]}
        yield {
            **{key: row[key] for key in ("task", "variant", "by", "n_a", "n_b")},
            **{key: rows.fixed(row[key], digits) for key in ("mean_a", "mean_b")},
            "difference": rows.fixed(row["difference"], digits, "+"),
            "interval": " to ".join(rows.fixed(row[k], digits) for k in ("low", "high") if known),
            "kind": ("no" if row["low"] > 0 else "yes") if beyond else "",
            "places": {k: f"{6 + scale * (v - least):.1f}" for k, v in places.items()}
            if known
            else {},
        }


def _verdict(row: Row) -> Row:
    found = {"claim": row["claim"], "task": row["task"], "paper": row["paper"]}
    for end in ("a", "b"):
        ends = {name: row[f"{name}_{end}"] for name in ("ci_low", "ci_high")}
        verdict = row[f"verdict_{end}"]
        found[end] = {
            "verdict": verdict or "not judged",
            "kind": rows.VERDICTS.get(verdict, ""),
            "measured": rows.number(row[f"measured_{end}"]),
            "interval": rows.interval(ends),
            "note": row[f"note_{end}"],
        }
    return found | {"changed": row["verdict_a"] != row["verdict_b"]}


def _where(row: Row) -> Row:
    found = {key: row[key] for key in ("task", "variant", "hyperparameter")}
    for end in ("a", "b"):
        found[f"median_{end}"] = rows.number(row[f"median_{end}"])
        ends = (rows.number(row[f"{name}_{end}"]) for name in ("low", "high"))
        found[f"range_{end}"] = " to ".join(ends)
    return found
