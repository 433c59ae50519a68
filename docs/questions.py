"""Answer the questions of docs/odyssey.md from results/reference: a table and a sentence each."""

import pandas as pd

from kept import core_hours, margin, read, standing, with_interval
from odyssey.analysis import effects, verdicts
from odyssey.figures.figure_1 import in_words
from odyssey.hyperparameters import BY_NAME
from odyssey.report.sentences import listed

PAPERS, PARTS, BUDGET = "jsb", "jsb-parts", "jsb-kin-budget"
FAMILY = "family_"


def of_parts(effect: str) -> pd.DataFrame:
    """Read an effect of the study of parts, by change or by pair of changes."""
    rows = read(PARTS, "effects.csv").query("effect == @effect").set_index("variant")
    return rows[rows["estimate"].notna()]


def papers_way() -> pd.DataFrame:
    """Read what each change does alone to vanilla, by the study of the paper's variants."""
    rows = read(PAPERS, "effects.csv")
    rows = rows.query("effect == @effects.DIFFERENCE and by == @effects.PERMUTATION")
    return rows.set_index("variant")


def parts() -> pd.DataFrame:
    """Lay out what each change does among all others, and alone in the paper's study."""
    among, alone = of_parts(effects.AMONG_OTHERS), papers_way()
    moved = of_parts(effects.RATE_CHANGE)
    trials = read(PARTS, "trials.csv")
    diverged = trials["status"] == "diverged"
    rows = []
    for change, row in among.sort_values("estimate", ascending=False).iterrows():
        has = trials["variant"].str.split("+").map(lambda changes, one=change: one in changes)
        rows.append(
            {
                "change": f"{in_words(change)} ({change})",
                "among all others (95 %, for all nine)": with_interval(row, 2, FAMILY),
                "best learning rate, decades": with_interval(moved.loc[change], 2, FAMILY)
                if change in moved.index
                else "not known",
                "diverged without it, and with it": " and ".join(
                    f"{100 * diverged[has == there].mean():.0f} %" for there in (False, True)
                ),
                "alone, 200 larger networks (for all eight)": with_interval(
                    alone.loc[change], 2, FAMILY
                )
                if change in alone.index
                else "",
            }
        )
    return pd.DataFrame(rows)


def pairs() -> pd.DataFrame:
    """Lay out the pairs of changes that do more together, or less, than the two do alone."""
    rows = of_parts(effects.TOGETHER)
    rows = rows[effects.clear(rows)].sort_values("estimate", ascending=False)
    return pd.DataFrame(
        {
            "two changes": rows.index,
            "beyond both alone (95 %, for all pairs)": [
                with_interval(row, 2, FAMILY) for _, row in rows.iterrows()
            ],
            "so": [so(*name.split(" × "), row.estimate) for name, row in rows.iterrows()],
        }
    )


def so(first: str, second: str, beyond: float) -> str:
    """Say what it means that two changes do more together than the two alone, or less."""
    among = of_parts(effects.AMONG_OTHERS)["estimate"]
    costly = [name for name in (first, second) if among[name] > 0]
    if len(costly) == 2:
        return "each part covers for the other" if beyond > 0 else "the losses overlap"
    if len(costly) == 1 and beyond < 0:
        (other,) = {first, second} - set(costly)
        return f"{other} makes up for what {costly[0]} loses"
    return "more than the sum" if beyond > 0 else "less than the sum"


def clauses(*said: tuple[pd.DataFrame, str]) -> str:
    """List effects with their intervals, each kind followed by its words; without any, nothing."""
    words = []
    for rows, of in said:
        named = [f"{name} {with_interval(row, 2, FAMILY)}" for name, row in rows.iterrows()]
        words += [listed(named) + of] if named else []
    return "; ".join(words)


def sides(rows: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Split the clear effects: those above zero, the largest first, and those below."""
    rows = rows[effects.clear(rows)].sort_values("estimate", ascending=False)
    return rows[rows["estimate"] > 0], rows[rows["estimate"] < 0][::-1]


def parts_in_short() -> str:
    """Answer which part matters, which stand in for each other, and which moves the best rate."""
    among, alone = of_parts(effects.AMONG_OTHERS), papers_way()
    costs, gains = sides(among)
    covers, overlaps = sides(of_parts(effects.TOGETHER))
    up, down = sides(of_parts(effects.RATE_CHANGE))
    first = among["estimate"].idxmax()
    which = (
        clauses((costs.drop(first, errors="ignore"), " nats worse"), (gains, " nats better"))
        or "none for certain"
    )
    together = clauses((covers, " more than both alone"), (overlaps, " less"))
    moves = clauses((up, " decades up"), (down, " decades down"))
    both = among.index.intersection(alone.index)
    sure = both[effects.clear(among.loc[both]) & effects.clear(alone.loc[both])]
    signs = among.loc[sure, "estimate"] * alone.loc[sure, "estimate"] > 0
    share = read(PARTS, "effects.csv").set_index("effect").loc[effects.share_of(first)]
    return (
        f"Most of all {first}, {in_words(first)}: "
        f"{with_interval(among.loc[first], 2, FAMILY)} nats near the best learning rate, averaged "
        f"over all blocks that the other changes make, and {100 * share['estimate']:.0f} % "
        f"({100 * share['low']:.0f} to {100 * share['high']:.0f}) of the variance. "
        f"What else is clear: {which}. Of pairs: "
        f"{together or 'none does more than the two alone'}. The best learning rate moves with "
        f"{moves or 'none for certain'}. Of the {len(both)} changes that the paper made too, "
        f"{len(sure)} ({listed(sure)}) {'is' if len(sure) == 1 else 'are'} clear in both studies, "
        f"{signs.sum()} with the same sign. {failures()} All took "
        f"{core_hours(PARTS):.1f} core-hours."
    )


def failures() -> str:
    """Say how often trials diverge in blocks without either activation, and in all others."""
    trials = read(PARTS, "trials.csv")
    diverged = trials["status"] == "diverged"
    neither = trials["variant"].map(lambda name: {"NIAF", "NOAF"} <= {*name.split("+")})
    return (
        f"Of the {neither.sum()} trials of blocks that have neither activation "
        f"{diverged[neither].sum()} diverged, of the {(~neither).sum():,} others "
        f"{diverged[~neither].sum() or 'none'}."
    )


def beside_vanilla(study: str) -> pd.DataFrame:
    """Read how a study's cells stand to vanilla on the chorales, by cell, the best first.

    The columns are those of effects, as `with_interval` and `clear` take them, those of tests, and
    `here`, how each stands.
    """
    tests = read(study, "tests/welch.csv").set_index("variant").drop("V")
    tests["here"] = standing(tests, study)
    return tests.rename(columns={"difference": "estimate"}).sort_values("estimate")


def kin_budget() -> pd.DataFrame:
    """Lay out how each cell stands to vanilla with as many weights."""
    rows = beside_vanilla(BUDGET)
    units = read(BUDGET, "trials.csv").groupby("variant")["hidden_size"].agg(["min", "max"])
    tests = read(BUDGET, "tests/welch.csv").set_index("variant")["mean"].sort_values()
    made = pd.DataFrame(
        {
            "units": [
                f"{units.loc[cell, 'min']} to {units.loc[cell, 'max']}" for cell in tests.index
            ],
            "test, mean of the best 10 %": tests.map("{:.2f}".format),
            "difference from V (95 %)": pd.Series(
                {cell: with_interval(row, 2, "ci_") for cell, row in rows.iterrows()}
            ),
            "for all": pd.Series(
                {
                    cell: f"{row['family_low']:+.2f} to {row['family_high']:+.2f}"
                    for cell, row in rows.iterrows()
                }
            ),
            "so": rows["here"],
            "found with 80 %": rows["detectable"].map("{:.2f}".format),
        },
        index=tests.index,
    )
    return made.fillna("").rename_axis("cell").reset_index()


def how_they_stand(study: str) -> str:
    """Say of all cells of a study how they stand to vanilla.

    Intervals are the family's where a difference is shown; that there is none is shown of each cell
    by itself.
    """
    rows = beside_vanilla(study)
    told = []
    for word, words, prefix in (
        (verdicts.BETTER, "Better than vanilla", FAMILY),
        (verdicts.WORSE, "worse", FAMILY),
        (
            verdicts.NO_DIFFERENT,
            f"no different by more than {margin(study):.2f} nats, by itself,",
            "ci_",
        ),
        (verdicts.OPEN, "neither shown to differ nor not to", ""),
    ):
        own = rows[rows["here"] == word]
        named = [
            f"{name}, {with_interval(row, 2, prefix)} nats" if prefix else str(name)
            for name, row in own.iterrows()
        ]
        if named or word == verdicts.BETTER:
            told.append(f"{words} {'are' if len(named) > 1 else 'is'} {listed(named) or 'none'}")
    return "; ".join(told)


def by_other_choices(study: str) -> str:
    """Say of the cells that are not open how many other choices show the same of them."""
    stands = beside_vanilla(study)["here"]
    found = read(study, "tests/robustness.csv")
    found = found[found["verdict"].notna()]
    # The study's own choices stand there once more.
    own = [("best fraction", "10%"), ("trials", f"{number_of_trials(study)}"), ("measure", "mean")]
    found = found[[pair not in own for pair in zip(found["aspect"], found["setting"], strict=True)]]
    words = []
    for name, word in stands[stands != verdicts.OPEN].items():
        rows = found[found["variant"] == name]
        same = (rows["estimate"] > 0) == (word == verdicts.WORSE)
        steady = word != verdicts.NO_DIFFERENT and same.all()
        sign = ", with the same sign in all" if steady else ""
        words.append(f"{name} is {word} in {(rows['verdict'] == word).sum()}{sign}")
    count = found.groupby("variant").size().max()
    return (
        f"By {count} other choices, of the share of the best, the number of trials, the measure "
        f"and the size, {listed(words)}; the rest is open."
    )


def number_of_trials(study: str) -> int:
    """Count the trials of each cell."""
    return int(read(study, "trials.csv").groupby("variant").size().max())


def kin_budget_in_short() -> str:
    """Answer which cells are better than vanilla, and which worse, with as many weights."""
    trials = read(BUDGET, "trials.csv")
    low, high = trials["parameters"].min(), trials["parameters"].max()
    selected = read(BUDGET, "tests/welch.csv")["n"].max()
    return (
        f"{how_they_stand(BUDGET)}. Of each {number_of_trials(BUDGET)} trials with {low:,} to "
        f"{high:,} weights, the best {selected} of which are compared; intervals for all "
        f"{trials['variant'].nunique() - 1} together but where it says otherwise. "
        f"{by_other_choices(BUDGET)} All took {core_hours(BUDGET):.1f} core-hours."
    )


def orders() -> pd.DataFrame:
    """List the orders of the hyperparameters that nine methods find, and how many find each."""
    found = read(PAPERS, "fanova/attribution.csv").sort_values("rank", kind="stable")
    ways = found.groupby(["variant", "surrogate", "method"])["parameter"]
    named = ways.agg(lambda names: " > ".join(BY_NAME[name].label for name in names))
    counted = named.groupby(level="variant").value_counts()
    return counted.rename("methods").reset_index().rename(columns={"parameter": "order"})


def attribution() -> pd.DataFrame:
    """Say of each variant which order most methods find, and how many, of nine."""
    found = orders()
    rows = []
    for variant in read(PAPERS, "trials.csv")["variant"].unique():
        own = found[found["variant"] == variant]
        others = [f"{row.order} ({row.methods})" for row in own.iloc[1:].itertuples()]
        rows.append(
            {
                "variant": variant,
                "order by most methods": own.iloc[0]["order"],
                "methods, of 9": own.iloc[0]["methods"],
                "the others": "; ".join(others),
            }
        )
    return pd.DataFrame(rows)


def attribution_in_short() -> str:
    """Answer whether the order of hyperparameters survives the method."""
    found = read(PAPERS, "fanova/attribution.csv")
    ways = len(found) // found["parameter"].nunique()
    first = (found.query("parameter == 'learning_rate'")["rank"] == 1).sum()
    last = found.query("parameter == 'momentum'").assign(last=lambda t: t["rank"] == 4)
    odd = last.groupby("variant")["last"].mean()
    main = found.query(
        "parameter == 'learning_rate' and variant == 'V' and method == 'main effect'"
    )
    by = main.set_index("surrogate")
    shares = ", ".join(
        f"{100 * row.share:.0f} % ({100 * row.low:.0f} to {100 * row.high:.0f}) by {name}"
        for name, row in zip(
            ("the Gaussian process", "boosted trees", "the paper's forest"),
            (by.loc[kind] for kind in ("gp", "boosted trees", "forest")),
            strict=True,
        )
    )
    agreed = [r["variant"] for r in attribution().to_dict("records") if r["methods, of 9"] == 9]
    exceptions = [variant for variant, share in odd.items() if share < 1]
    sure = found.query("parameter == 'hidden_size' and rank_low == rank_high")
    against = int((sure.groupby("variant")["rank"].nunique() > 1).sum())
    return (
        f"Yes for the ends, not for the middle. The learning rate comes first in {first} of {ways} "
        f"(nine methods, nine variants), with {shares} of vanilla's variance. Momentum comes last "
        f"in {last['last'].sum()} of {ways}, all others being {' and '.join(exceptions)}'s. Which "
        f"of hidden size and input noise comes second depends on the variant, and in "
        f"{9 - len(agreed)} of 9 variants on the method too: all nine agree in "
        f"{', '.join(agreed[:-1])} and {agreed[-1]} only. Of the {len(sure)} whose interval leaves "
        f"hidden size a single place, two contradict each other in {against or 'no'} variant."
    )


TABLES = {
    "kin-budget": kin_budget,
    "kin-budget-in-short": kin_budget_in_short,
    "parts": parts,
    "pairs": pairs,
    "parts-in-short": parts_in_short,
    "attribution": attribution,
    "attribution-in-short": attribution_in_short,
}
