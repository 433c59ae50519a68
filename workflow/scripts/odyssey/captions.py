"""What stands over or under each figure and table: written here, for all who show them."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Caption:
    """A title, and how to read what stands under it."""

    title: str
    reading: str = ""

    def __str__(self) -> str:
        """Return both, as sentences."""
        end = "" if self.title[-1] in ".?!" else "."
        return f"{self.title}{end} {self.reading}".strip()


FIGURES: Mapping[str, Caption] = {
    "figure_1": Caption(
        "The LSTM block, and what each variant changes",
        "Beside it a simple recurrent unit, and small what is taken away or added. Other cells "
        "stand below as their equations: a minus marks what the step before left, ⊙ is the "
        "product unit by unit.",
    ),
    "figure_2": Caption("A line of the handwriting corpus, with its transcription"),
    "figure_3": Caption(
        "Test results of each variant",
        "Above all trials, below the best by validation. Boxes hold the middle half of the trials "
        "and whiskers all of them; the dot is the mean, the red line the median. Thick blue boxes "
        "differ significantly from vanilla by the study's test (permutation of whole cells, unless "
        "set otherwise). Grey bars: mean number of parameters.",
    ),
    "figure_4": Caption(
        "Test result and training time against each hyperparameter",
        "Predictions of the surrogate, averaged over all other hyperparameters; blue the test "
        "result, red and dashed the time; shaded: standard deviation of the posterior, or over a "
        "forest's trees.",
    ),
    "figure_5": Caption(
        "What explains the variance of the test result",
        "Shares of each hyperparameter alone, and of all interactions, by fANOVA.",
    ),
    "figure_6": Caption(
        "Pairs of hyperparameters",
        "The predicted test result of each pair, and what remains of it once the effects of the "
        "two alone are taken away.",
    ),
    "learning_curves": Caption(
        "Learning curves of the best trials",
        "Validation result of each cell's best trial, epoch by epoch; a dot marks the epoch whose "
        "weights were tested.",
    ),
    "expected_best": Caption(
        "Which variant to prefer on a budget",
        "The test result to expect of the best of k random trials, chosen by validation; the band "
        "is vanilla's, by bootstrap.",
    ),
    "pareto": Caption(
        "What accuracy costs",
        "Test results against the number of parameters and the time of training, with the trials "
        "that no other beats in both.",
    ),
    "robustness": Caption(
        "Differences from vanilla under other choices",
        "Best fraction, number of trials, measure and size of the networks, each changed in turn; "
        "filled where the permutation of whole cells, for all variants together, tells a variant "
        "from vanilla, hollow where it is no different by more than the margin, crossed where "
        "neither is shown. Right: the chance that a selected trial is better than one of "
        "vanilla's.",
    ),
    "surrogates": Caption(
        "How much of an interaction is the forest",
        "A Gaussian process and the paper's forest on the same trials: shares in the variance of "
        "the test result, and marginals.",
    ),
    "significance": Caption(
        "Differences from vanilla, over variants and tasks",
        "Hedges' g, red worse and blue better than vanilla; a star where the study's test tells "
        "them apart.",
    ),
}
TABLES: Mapping[str, Caption] = {
    "best_trials": Caption("The best trial of each cell, by validation", "With its settings."),
    "tests": Caption(
        "The best trials against vanilla's",
        "Studentised permutation of whole cells; in the columns of the paper its plain Welch test.",
    ),
    "importance": Caption(
        "Shares of the hyperparameters in the variance of results and of training time",
        "By Gaussian process and by the paper's forest.",
    ),
    "robustness": Caption(
        "Differences from vanilla under other choices",
        "Other shares of the trials are called the best, fewer trials are drawn, results are "
        "summed up otherwise, or networks are of equal size.",
    ),
    "claims": Caption(
        "The paper's statements and their verdicts",
        "By interval and by the paper's own rule; the rules are in results/<study>/claims.csv.",
    ),
    "costs": Caption("What the trials cost", "Of each cell, all its trials together."),
}


def of_figure(name: str) -> Caption:
    """Return the caption of a figure; one that is not known has its name for a title."""
    return FIGURES.get(name) or Caption(name.replace("_", " ").capitalize())


def of_table(name: str) -> Caption:
    """Return the caption of a table; one that is not known has its name for a title."""
    return TABLES.get(name) or Caption(name.replace("_", " ").capitalize())
