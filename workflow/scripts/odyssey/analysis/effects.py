"""Every estimate that claims, captions, sentences and documents speak of: names, methods, rows.

An effect has a number, an interval that says what the trials leave open, and the method by which
both were found; those of surrogates are read by `odyssey.analysis.readings`. Claims judge effects,
sentences word them; neither computes any.
"""

import math
from collections.abc import Mapping, Sequence

import pandas as pd

from odyssey.analysis.files import Row, typed
from odyssey.analysis.surrogates import FOREST, GP
from odyssey.analysis.welch import REFERENCE

# A result is about as good as the best if it is this share of the range from it at most; variants
# differ if it is by more than this share of what search gains over a middling trial.
TENTH = 0.1
# Input noise (standard deviations) of the paper's dip, and what stands for none.
SOME_NOISE, NO_NOISE = (0.2, 0.5), (0.0, 0.1)
PERMUTATION, WELCH, TRIALS, RESEEDED = "permutation", "welch", "trials", "new seeds"
PARTS = f"{GP} parts"

COLUMNS = {
    "task": "str",
    "variant": "str",
    "effect": "str",
    "by": "str",
    "estimate": "float64",
    "low": "float64",
    "high": "float64",
    "family_low": "float64",
    "family_high": "float64",
    "n": "int64",
    "r2": "float64",
    "method": "str",
    "note": "str",
}

METHODS = {
    f"{TRIALS} best": "least test result of the selected trials: what one network did, picked by "
    "that result; no estimate of anything, so without an interval",
    PERMUTATION: "difference of the selected trials' means; interval by inverting the studentised "
    "permutation of whole searches, family by Bonferroni",
    WELCH: "the paper's: Welch's test of the selected trials as independent draws",
    RESEEDED: "the selected trials with new seeds, each by its mean over them; t with the luck of "
    "selection, family by Bonferroni",
    f"{RESEEDED} luck": "the selected trials with new seeds less with their own, each by its mean "
    "over them; t over the trials",
    f"{RESEEDED} median": "the same; median over the trials, interval of order statistics",
    f"{RESEEDED} bits": "labels that the selected trials store with new seeds, each trial by its "
    "mean over them; t over the runs of these trials, without the luck of selection; family of "
    "differences by Bonferroni",
    GP: "posterior of Gaussian processes, 95 % of its draws, made wider: by a factor where heights "
    "are read, by a step of the grid where places are",
    f"{GP} power": "posterior of Gaussian processes, 95 % of its draws",
    f"{GP} share": "posterior of Gaussian processes, 95 % of its draws and at both ends what the "
    "processes leave unexplained",
    PARTS: "trials within half a decade of the best learning rate of their cell: what a Gaussian "
    "process of all cells and hyperparameters says, and what it misses of each trial; normal, "
    "family by Bonferroni",
    f"{GP} difference": "difference of two searches' lowest predictions, each a posterior's; "
    "interval of what either leaves open, as independent (Zou and Donner, Stat. Med. 27 (2008))",
    f"{GP} rank": "places that the intervals of the shares allow",
    FOREST: "the paper's: forest, 1.96 standard deviations over its trees",
    f"{FOREST} rank": "the paper's: order of the forest's mean shares",
}

DIFFERENCE = "difference from V"
# Of changes of the block in a study of all their combinations.
AMONG_OTHERS = "mean difference among all other changes"
TOGETHER = "difference of both less those of each"
RATE_CHANGE = "decades by which the best learning rate moves"
LUCK, LUCK_SHARE = "change of test with new seeds", "share of the lead lost with new seeds"
MEDIAN_LUCK = "median change of test with new seeds"
VALIDATION_LUCK = "change of validation with new seeds"
BITS = "bits a parameter"
BITS_MORE = f"{DIFFERENCE} in {BITS}"
MARGIN = "margin of no difference"
BEST = "best test result"
INTERACTIONS = "share of higher order"
BASIN_LOW, BASIN_HIGH = "lowest rate of the basin", "highest rate of the basin"
BASIN_WIDTH = "width of the basin"
BEST_RATE = "best learning rate"
BELOW_END = "decades from the best learning rate to the highest searched"
LOWEST = "lowest prediction along the learning rate"
# Of losses averaged over a batch: 1 by the linear rule, 0.5 by that of the square root.
BATCH_POWER = "power of the batch with which the best learning rate grows"
RETURNS = "returns of hidden size"
DIP = "change of test with some input noise"
BEST_NOISE, NOISE_GAIN = "best input noise", "gain of the best input noise"


def share_of(term: str) -> str:
    """Name the share of a hyperparameter, or of two joined by `` × ``, in the variance of tests."""
    return f"share of {term}"


def rank_of(parameter: str) -> str:
    """Name the rank of a main effect."""
    return f"rank of {parameter}"


def change_of(response: str, parameter: str) -> str:
    """Name what a response changes from the first tenth of a range to the last."""
    return f"change of {response} with {parameter}"


def ratio_of(response: str, parameter: str) -> str:
    """Name how many times a response in the last tenth of a range is that in the first."""
    return f"ratio of {response} with {parameter}"


def lowest_at(parameter: str, value: float) -> str:
    """Name the lowest prediction along the learning rate at a value of another hyperparameter."""
    return f"{LOWEST} at {parameter} {value:g}"


def difference_at(lowest: str) -> str:
    """Name the difference between a variant's lowest prediction and vanilla's; see `lowest_at`."""
    return f"{DIFFERENCE} of the {lowest}"


def between(found: Sequence[Row]) -> list[Row]:
    """Compare variants' lowest predictions at each value of another hyperparameter with vanilla's.

    Parameters
    ----------
    found : sequence of Row
        Effects of searches; those of other names are not looked at.

    Returns
    -------
    list of Row
        Intervals of one comparison; none of a family.

    References
    ----------
    Zou, Donner, "Construction of confidence limits about effect measures", Statistics in Medicine
    27 (2008), equation 2: each end is as far from the difference as the two ends that make it one,
    squared and added.
    """
    at = [row for row in found if row["effect"].startswith(f"{LOWEST} at ")]
    vanilla = {(row["task"], row["effect"]): row for row in at if row["variant"] == REFERENCE}
    rows = []
    for row in at:
        one = vanilla.get((row["task"], row["effect"]))
        if one is None or one is row:
            continue
        difference = row["estimate"] - one["estimate"]
        down = math.hypot(row["estimate"] - row["low"], one["high"] - one["estimate"])
        up = math.hypot(row["high"] - row["estimate"], one["estimate"] - one["low"])
        ends = {"low": difference - down, "high": difference + up}
        rows.append(
            {**row, **ends, **{f"family_{end}": value for end, value in ends.items()}}
            | {"effect": difference_at(row["effect"]), "estimate": difference}
            | {"n": min(row["n"], one["n"]), "r2": math.nan, "method": METHODS[f"{GP} difference"]}
        )
    return rows


def of_comparisons(welch: pd.DataFrame) -> list[Row]:
    """List the differences of `welch.compare`, by permutation and by the paper's test."""
    return [
        {
            "task": row["task"],
            "variant": row["variant"],
            "effect": DIFFERENCE,
            "by": by,
            "estimate": row["difference"],
            "low": row[f"{interval}_low"],
            "high": row[f"{interval}_high"],
            "family_low": row[f"{prefix}family_low"],
            "family_high": row[f"{prefix}family_high"],
            "n": min(row["n"], row["n_vanilla"]),
            "method": METHODS[by],
            "note": row["note"],
        }
        for row in welch[welch["variant"] != REFERENCE].to_dict("records")
        for by, prefix, interval in ((PERMUTATION, "", "ci"), (WELCH, "paper_", "paper"))
    ]


def of_reseeded(reseeded: pd.DataFrame) -> list[Row]:
    """List what new seeds take from the selected trials, and what is left of differences.

    From the table of `reseeding.compare`.
    """
    rows = []
    for row in reseeded.to_dict("records"):
        luck = [row[name] for name in ("luck", "luck_low", "luck_high")]
        median = [row[name] for name in ("luck_median", "median_low", "median_high")]
        validation = [row[f"validation_{end}"] for end in ("luck", "low", "high")]
        found = {
            LUCK: (luck, "luck"),
            MEDIAN_LUCK: (median, "median"),
            LUCK_SHARE: ([number / row["lead"] for number in luck], "luck"),
            VALIDATION_LUCK: (validation, "luck"),
        }
        if row["variant"] != REFERENCE:
            difference = [row[name] for name in ("difference", "ci_low", "ci_high")]
            found[DIFFERENCE] = (difference, "")
        for effect, ((estimate, low, high), method) in found.items():
            family = ("family_low", "family_high")
            ends = [row[end] for end in family] if effect == DIFFERENCE else (low, high)
            rows.append(
                {
                    "task": row["task"],
                    "variant": row["variant"],
                    "effect": effect,
                    "by": RESEEDED,
                    "estimate": estimate,
                    "low": low,
                    "high": high,
                    **dict(zip(family, ends, strict=True)),
                    "n": row["trials"],
                    "method": METHODS[f"{RESEEDED} {method}".rstrip()],
                    "note": row["note"],
                }
            )
    return rows


def of_distributions(
    distributions: pd.DataFrame, margins: Mapping[str, float | None] | None = None
) -> list[Row]:
    """List the best result of each search, and the difference that counts as none.

    Parameters
    ----------
    distributions : pandas.DataFrame
        As `selection.distributions` returns it.
    margins : mapping of str to float, optional
        From tasks to the user's, in the task's measure; by default a tenth of the way from
        vanilla's median trial to its best selected one, which is what all of the search gains.
    """
    rows = []
    selected = distributions[distributions["trials"] == "selected"]
    best = selected.set_index(["task", "variant"])["minimum"]
    for row in distributions.to_dict("records"):
        task, variant = row["task"], row["variant"]
        found = {"task": task, "variant": variant, "by": TRIALS, "n": row["n"], "note": ""}
        if row["trials"] == "selected":
            found |= {"effect": BEST, "estimate": row["minimum"]}
            rows.append(found | {"method": METHODS[f"{TRIALS} best"]})
        elif variant == REFERENCE:
            spread = TENTH * (row["median"] - best[task, variant])
            method = "a tenth of the spread between V's median trial and its best selected one"
            given = (margins or {}).get(task)
            if given is not None:
                spread, method = given, "the user's"
            rows.append(found | {"effect": MARGIN, "estimate": spread, "method": method})
    return rows


def clear(found: pd.DataFrame) -> pd.Series:
    """Find the effects whose interval, for their family, excludes zero."""
    excluding: pd.Series = (found["family_low"] > 0) | (found["family_high"] < 0)
    return excluding


def margins(found: pd.DataFrame) -> dict[str, float]:
    """Pick from a table of effects the differences that count as none, by task, in its measure."""
    rows = found[found["effect"] == MARGIN]
    return dict(zip(rows["task"], rows["estimate"], strict=True))


def table(rows: list[Row]) -> pd.DataFrame:
    """Lay effects out as a table of `COLUMNS`."""
    return typed(pd.DataFrame(rows), COLUMNS)
