"""The figures and tables of a study: an entry each, of what it is made and what is said of it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

# What a study may ask: which variant is better than vanilla, what parts do together, or what cells
# evolution finds.
COMPARISON, PARTS, EVOLUTION = "comparison", "parts", "evolution"


@dataclass(frozen=True)
class Caption:
    """A title, and how to read what stands under it."""

    title: str
    reading: str = ""

    def __str__(self) -> str:
        """Return both, as sentences."""
        end = "" if self.title[-1] in ".?!" else "."
        return f"{self.title}{end} {self.reading}".strip()


@dataclass(frozen=True)
class Figure:
    """A figure, drawn by the function `draw` of the module of its name in `odyssey.figures`."""

    caption: Caption
    results: tuple[str, ...] = ()  # names in `odyssey.results`, by which `draw` takes them
    # What else of the study `draw` takes, by the names that rules/figures.smk gives it.
    settings: tuple[str, ...] = ("tasks",)
    of_vanilla: bool = False  # a study without vanilla has no such figure
    in_supplement: bool = False  # drawn for every other variant too: `draw` takes a `variant`
    of: str = COMPARISON  # the kind of study that has it


@dataclass(frozen=True)
class Drawing:
    """A figure as a study may have it."""

    module: str  # the figure's name
    figure: Figure
    # Settings of this one: in the supplement its `variant`, and a `surrogate` besides the study's.
    own: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Table:
    """A table, laid out by a function of `odyssey.analysis.tables`."""

    caption: Caption
    function: str
    results: tuple[str, ...]  # names in `odyssey.results`, in the order in which it takes them
    of: tuple[str, ...] = (COMPARISON,)  # the kinds of study that have it


FIGURES: Mapping[str, Figure] = {
    "figure_1": Figure(
        Caption(
            "The LSTM block, and what each variant changes",
            "Beside it a simple recurrent unit, and small what is taken away or added. Other "
            "cells stand below as their equations: a minus marks what the step before left, ⊙ is "
            "the product unit by unit.",
        ),
        settings=("variants", "own"),
    ),
    "figure_2": Figure(
        Caption("A line of the handwriting corpus, with its transcription"),
        results=("line",),
        settings=("title",),
    ),
    "figure_3": Figure(
        Caption(
            "Test results of each variant",
            "Above all trials, below the best by validation. Boxes hold the middle half of the "
            "trials and whiskers all of them; the dot is the mean, the red line the median. Thick "
            "blue boxes differ significantly from vanilla by the study's test (permutation of "
            "whole searches, unless set otherwise). Grey bars: mean number of parameters.",
        ),
        results=("distributions", "welch"),
    ),
    "figure_4": Figure(
        Caption(
            "Test result and training time against each hyperparameter",
            "Predictions of the surrogate, averaged over all other hyperparameters; blue the test "
            "result, red and dashed the time; shaded: standard deviation of the posterior, or "
            "over a forest's trees.",
        ),
        results=("marginals", "distributions", "trials"),
        settings=("tasks", "surrogate"),
        of_vanilla=True,
        in_supplement=True,
    ),
    "figure_5": Figure(
        Caption(
            "What explains the variance of the test result",
            "Shares of each hyperparameter alone, and of all interactions, by fANOVA.",
        ),
        results=("importance", "distributions"),
        settings=("tasks", "surrogate"),
        of_vanilla=True,
        in_supplement=True,
    ),
    "figure_6": Figure(
        Caption(
            "Pairs of hyperparameters",
            "The predicted test result of each pair, and what remains of it once the effects of "
            "the two alone are taken away.",
        ),
        results=("interactions", "distributions"),
        settings=("tasks", "surrogate"),
        of_vanilla=True,
        in_supplement=True,
    ),
    "attribution": Figure(
        Caption(
            "Importance by nine methods",
            "Shares of the variance of the test result by three surrogates, each read by "
            "functional ANOVA (main effects), as Shapley effects, which share interactions out, "
            "and by accumulated local effects; 95 % of the draws.",
        ),
        results=("attribution", "distributions"),
    ),
    "bits": Figure(
        Caption(
            "How many bits of random labels a weight holds",
            "Of each cell the selected settings with new seeds, several of which give their mean "
            "an interval; right the difference from vanilla, with the interval for all cells "
            "together: filled where that excludes zero.",
        ),
        results=("bits", "distributions"),
    ),
    "expected_best": Figure(
        Caption(
            "Which variant to prefer on a budget",
            "The test result to expect of the best of k random trials, chosen by validation; the "
            "band is vanilla's, by bootstrap.",
        ),
        results=("expected", "distributions"),
    ),
    "learning_curves": Figure(
        Caption(
            "Learning curves of the best trials",
            "Validation result of each search's best trial, epoch by epoch; a dot marks the epoch "
            "whose weights were tested.",
        ),
        results=("curves", "best", "distributions"),
    ),
    "pareto": Figure(
        Caption(
            "What accuracy costs",
            "Test results against the number of parameters and the time of training, with the "
            "trials that no other beats in both.",
        ),
        results=("trials", "fronts", "distributions"),
    ),
    "robustness": Figure(
        Caption(
            "Differences from vanilla under other choices",
            "Best fraction, number of trials, measure and size of the networks, each changed in "
            "turn; filled where the permutation of whole searches, for all variants together, "
            "tells a variant from vanilla, hollow where it is no different by more than the "
            "margin, crossed where neither is shown. Right: the chance that a selected trial is "
            "better than one of vanilla's.",
        ),
        results=("robustness", "distributions"),
    ),
    "significance": Figure(
        Caption(
            "Differences from vanilla, over variants and tasks",
            "Hedges' g, red worse and blue better than vanilla; a star where the study's test "
            "tells them apart.",
        ),
        results=("welch", "distributions"),
    ),
    "surrogates": Figure(
        Caption(
            "How much of an interaction is the forest",
            "A Gaussian process and the paper's forest on the same trials: shares in the variance "
            "of the test result, and marginals.",
        ),
        results=("importance", "marginals", "distributions"),
        of_vanilla=True,
    ),
    "parts": Figure(
        Caption(
            "What each part of the block does, alone and beside others",
            "Left, on the diagonal: what each change does to the test result at the best learning "
            "rate, averaged over all cells with the other changes; below it, what two do together "
            "beyond what each does alone: above zero, both cost more than the two alone. A star "
            "where the interval for all changes, or for all pairs, excludes zero; a dash where "
            "nothing can be said. Middle: by how much the best learning rate moves. Right: "
            "shares of changes and hyperparameters in the variance.",
        ),
        results=("effects", "trials"),
        of=PARTS,
    ),
    "evolution": Figure(
        Caption(
            "What evolution has found",
            "Each dot a cell that was bred, by its best validation result in a few short trials; "
            "the line is the best cell so far, the dashed ones are known cells by the same trials. "
            "Cells whose trials all failed are left out. Below, the equations of the best.",
        ),
        results=("generations", "winner"),
        of=EVOLUTION,
    ),
}
TABLES: Mapping[str, Table] = {
    "best_trials": Table(
        Caption("The best trial of each search, by validation", "With its settings."),
        function="best_trials",
        results=("marked",),
    ),
    "tests": Table(
        Caption(
            "The best trials against vanilla's",
            "Studentised permutation of whole searches; in the columns of the paper its plain "
            "Welch test.",
        ),
        function="tests",
        results=("welch", "trials"),
    ),
    "importance": Table(
        Caption(
            "Shares of the hyperparameters in the variance of results and of training time",
            "By Gaussian process and by the paper's forest.",
        ),
        function="importances",
        results=("importance", "trials"),
    ),
    "attribution": Table(
        Caption(
            "Importance by nine methods",
            "Shares of the variance of the test result, with 95 % of the draws, and places.",
        ),
        function="attributions",
        results=("attribution", "trials"),
    ),
    "robustness": Table(
        Caption(
            "Differences from vanilla under other choices",
            "Other shares of the trials are called the best, fewer trials are drawn, results are "
            "summed up otherwise, or networks are of equal size.",
        ),
        function="robustness",
        results=("robustness", "trials"),
    ),
    "claims": Table(
        Caption(
            "The paper's statements and their verdicts",
            "By interval and by the paper's own rule; the rules are in results/<study>/claims.csv.",
        ),
        function="claims",
        results=("claims", "trials"),
    ),
    "costs": Table(
        Caption("What the trials cost", "Of each search, all its trials together."),
        function="costs",
        results=("trials",),
        of=(COMPARISON, PARTS),
    ),
    "parts": Table(
        Caption(
            "What each change of the block does",
            "Near the best learning rate, averaged over all cells with the other changes; low and "
            "high are for all changes, or for all pairs; shares are of the variance.",
        ),
        function="parts",
        results=("effects", "trials"),
        of=(PARTS,),
    ),
    "generations": Table(
        Caption(
            "The best cells that evolution has found, and known ones by the same trials",
            "By the best validation result of a few short trials.",
        ),
        function="best_cells",
        results=("generations",),
        of=(EVOLUTION,),
    ),
}


def tables(kind: str, lacking: Collection[str] = ()) -> dict[str, Table]:
    """List the tables of a study of one of the kinds, which lacks some of `odyssey.results`."""
    return {
        name: table
        for name, table in TABLES.items()
        if kind in table.of and not set(lacking).intersection(table.results)
    }


def figures(kind: str, lacking: Collection[str] = ()) -> dict[str, Figure]:
    """List the figures of a study of one of the kinds, as `tables` does."""
    return {
        name: figure
        for name, figure in FIGURES.items()
        if kind == figure.of and not set(lacking).intersection(figure.results)
    }


def drawings(
    variants: Sequence[str], lacking: Collection[str] = (), kind: str = COMPARISON
) -> dict[str, Drawing]:
    """List the figures that a study can draw.

    Parameters
    ----------
    variants : sequence of str
        The study's.
    lacking : collection of str
        Names in `odyssey.results` that the study does not make, nor any figure of them.
    kind : str
        What the study asks.

    Returns
    -------
    dict of str to Drawing
        From the names of their files, without suffix and below ``results/<study>/figures``.
    """
    found = {
        name: Drawing(name, figure)
        for name, figure in figures(kind, lacking).items()
        if "V" in variants or not figure.of_vanilla
    }
    if kind != COMPARISON:
        return found
    supplement = {
        f"supplement/{name}_{variant}{beside}": Drawing(name, figure, {"variant": variant} | other)
        for beside, other in (("_forest", {"surrogate": "forest"}), ("", {}))
        for name, figure in FIGURES.items()
        if figure.in_supplement
        for variant in variants
    }
    return found | supplement


def wanted(drawn: Mapping[str, Drawing], surrogate: str) -> list[str]:
    """Choose what a study with this surrogate draws of `drawings` unless others are asked for.

    Of the supplement that is every variant but vanilla, which has the paper's surrogate there if it
    is not the study's.
    """

    def asked(own: Mapping[str, str]) -> bool:
        if own.get("variant") == "V":
            return own.get("surrogate", surrogate) != surrogate
        return "surrogate" not in own

    return [name for name, drawing in drawn.items() if asked(drawing.own)]
