"""The paper's statements as data: of which tasks, with which value, and where an effect has to lie.

A statement on effects that `odyssey.analysis.effects` knows is an entry of `CLAIMS`, and nothing
else: its rule is worded from its region, and `odyssey.analysis.claims` has the judges.
"""

from dataclasses import dataclass

from odyssey.analysis import effects
from odyssey.analysis.effects import NO_NOISE, SOME_NOISE, change_of, rank_of, share_of
from odyssey.analysis.verdicts import SAME, Region
from odyssey.cells.variants import PAPER_VARIANTS

PAPER_TASKS = ("timit", "iam", "jsb")
OTHERS = tuple(variant for variant in PAPER_VARIANTS if variant != "V")
# Selected trials a group, and trials a surrogate, below which nothing is decided.
GROUP_MINIMUM, SURROGATE_MINIMUM = 10, 80
# Share of the variance explained of trials left out below which a surrogate means little.
R2_MINIMUM = 0.3
# Variants that the paper found significantly worse than V ("Comparison of the variants"); it found
# the other of its eight not different.
FOUND_WORSE = {
    "timit": ("NOG", "NIAF", "NIG", "NFG", "NOAF"),
    "iam": ("NOG", "NIAF", "NIG", "NFG", "NOAF"),
    "jsb": ("NFG", "NOAF", "FGR"),
}
# Test results of the paper: frames wrong in per cent, characters wrong in per cent, nats a frame.
# These and the share of learning rate × momentum are recalled, not checked against its text.
PAPER_BEST = {"timit": 29.6, "iam": 9.26, "jsb": 8.38}
# As good as the paper's is a result of at most so many times it.
REACHED = 1.02
PAPER_PAIR = 0.025
# Sources that are the corpus of the paper, in its features; others do not compare with its results.
PAPER_SOURCES = {
    "timit": {"ldc93s1"},
    "iam": {"iam"},
    "jsb": {"json", "pickle", "download"},
}
# How a statement is judged, by its interval and as the paper did: differences from vanilla, shares
# of the variance, any number, a change of which the sign counts; the best network's result; and
# whether an effect is larger on one task, which is the paper's value, than on the others.
COMPARED, SHARE, NUMBER, SIGN = "compared", "share", "number", "sign"
BEST_RESULT, LARGEST = "best result", "largest"


@dataclass(frozen=True)
class Part:
    """An effect that a statement speaks of, as `effects` names it."""

    effect: str
    region: Region
    variant: str = "V"


@dataclass(frozen=True)
class Claim:
    """A statement of the paper about one task or all of them; it holds if all its parts do."""

    statement: str
    # From each task that the paper says it of to the paper's value. The task ``all`` stands for all
    # three together.
    paper: dict[str, str]
    judge: str  # `COMPARED`, `SHARE`, `NUMBER`, `SIGN`, `BEST_RESULT` or `LARGEST`
    parts: tuple[Part, ...]
    rule: str  # in words, when it is reproduced


RISES, FALLS = Region(low=0.0), Region(high=0.0)
NOT_BETTER = Region(low=SAME.low, margins=True)
# Orders of magnitude.
BASIN, LAST = Region(0.5, 2.5), Region(high=1.0)
DECADES = {0.5: "half a decade", 1.0: "decade", 2.5: "2.5 decades"}
ORDINALS = {2: "second", 3: "third"}
ENOUGH = f"at least {GROUP_MINIMUM} selected trials a group"
TRUSTED = (
    f"Gaussian process of V with at least {SURROGATE_MINIMUM} trials that explains at least "
    f"{R2_MINIMUM} of the variance of trials left out"
)


def _compared(
    statement: str,
    paper: str,
    variants: tuple[str, ...],
    region: Region,
    rule: str,
    tasks: tuple[str, ...] = PAPER_TASKS,
) -> Claim:
    """State how variants stand to vanilla."""
    parts = tuple(Part(effects.DIFFERENCE, region, variant) for variant in variants)
    return Claim(statement, dict.fromkeys(tasks, paper), COMPARED, parts, rule)


def _of_v(
    statement: str,
    paper: str,
    judge: str,
    effect: str,
    region: Region,
    rule: str,
    tasks: tuple[str, ...] = PAPER_TASKS,
) -> Claim:
    """State what hyperparameters do to vanilla; ``{0}`` in paper and rule is the region."""
    value = paper.format(region)
    rule = f"{rule.format(region)}; {TRUSTED}"
    return Claim(statement, dict.fromkeys(tasks, value), judge, (Part(effect, region),), rule)


def _ranked(statement: str, parameter: str, rank: int) -> Claim:
    """State that a hyperparameter's main effect has a certain rank."""
    return _of_v(
        statement,
        paper="rank {0.low}",
        judge=NUMBER,
        effect=rank_of(parameter),
        region=Region(rank, rank),
        rule=f"{ORDINALS[rank]} largest main effect, whatever the intervals of the shares allow",
    )


def _changes(
    statement: str,
    paper: str,
    response: str,
    parameter: str,
    region: Region,
    tasks: tuple[str, ...] = PAPER_TASKS,
) -> Claim:
    """State that a response rises or falls along the range of a hyperparameter."""
    name = {"test": "error", "train_seconds": "time"}[response]
    values = {"hidden_size": "sizes", "input_noise": "noise"}[parameter]
    return _of_v(
        statement,
        paper=f"{name} {paper}",
        judge=SIGN,
        effect=change_of(response, parameter),
        region=region,
        rule=f"interval of the marginal {name} in the last tenth of {values} less that in the "
        "first {0}",
        tasks=tasks,
    )


def _tasks(variant: str, worse: bool) -> tuple[str, ...]:
    """List the tasks on which the paper found a variant worse, or those on which it did not."""
    return tuple(task for task in PAPER_TASKS if (variant in FOUND_WORSE[task]) == worse)


CLAIMS = (
    *(
        _compared(
            f"{variant} is significantly worse than V",
            paper="worse",
            variants=(variant,),
            region=RISES,
            rule=f"interval of the difference, for all comparisons of the task, {RISES}; {ENOUGH}",
            tasks=tasks,
        )
        for variant in OTHERS
        if (tasks := _tasks(variant, worse=True))
    ),
    *(
        _compared(
            f"{variant} does not differ significantly from V",
            paper="no difference",
            variants=(variant,),
            region=SAME,
            rule="interval of the difference within the margin to both sides, which is a tenth of "
            f"what search gains over V's median trial unless set otherwise; {ENOUGH}",
            tasks=tasks,
        )
        for variant in OTHERS
        if (tasks := _tasks(variant, worse=False))
    ),
    _compared(
        "No variant is significantly better than V",
        paper="0",
        variants=OTHERS,
        region=NOT_BETTER,
        rule="no interval of a difference reaches below 0 by more than the margin; "
        f"{ENOUGH}, all eight",
    ),
    _compared(
        "Forget gate and output activation are the most critical parts",
        paper="both worse",
        variants=("NFG", "NOAF"),
        region=RISES,
        rule=f"NFG and NOAF both significantly worse than V; {ENOUGH}",
    ),
    Claim(
        "Best test result",
        paper={task: f"{value:g}" for task, value in PAPER_BEST.items()},
        judge=BEST_RESULT,
        parts=tuple(Part(effects.BEST, Region(), variant) for variant in PAPER_VARIANTS),
        rule="best selected trial of the paper's variants at most "
        f"{100 * (REACHED - 1):g} % (relative) above the paper's, as recalled; what one network "
        "did, picked by its test result as the paper's was, is no estimate and has no interval; "
        f"undecided on another corpus than the paper's; contradicted only with {ENOUGH}",
    ),
    _of_v(
        "The learning rate explains more than two thirds of the variance of the error",
        paper="> {0.low:.3g}",
        judge=SHARE,
        effect=share_of("learning_rate"),
        region=Region(low=2 / 3),
        rule="interval of the share of its main effect {0}",
    ),
    _ranked("Hidden size is the second most important hyperparameter", "hidden_size", 2),
    _ranked("Input noise is the third most important hyperparameter", "input_noise", 3),
    _of_v(
        "Momentum explains less than one per cent",
        paper="< {0.high}",
        judge=SHARE,
        effect=share_of("momentum"),
        region=Region(high=0.01),
        rule="interval of the share of its main effect {0}",
    ),
    _of_v(
        "Interactions explain 5 to 20 per cent",
        paper="{0.low} to {0.high}",
        judge=SHARE,
        effect=effects.INTERACTIONS,
        region=Region(0.05, 0.2),
        rule="interval of the share of all interactions {0}",
    ),
    _of_v(
        "Interactions are largest on TIMIT",
        paper="timit",
        judge=LARGEST,
        effect=effects.INTERACTIONS,
        region=Region(),
        rule="interval of the share of all interactions above those of IAM and JSB",
        tasks=("all",),
    ),
    _of_v(
        "Learning rate and momentum hardly interact",
        paper=str(PAPER_PAIR),
        judge=SHARE,
        effect=share_of("learning_rate × momentum"),
        region=Region(high=2 * PAPER_PAIR),
        rule="interval of the share of the pair {0}, twice the paper's, as recalled",
        tasks=("timit",),
    ),
    _of_v(
        "Good learning rates form a basin up to two orders of magnitude wide",
        paper="up to 2",
        judge=NUMBER,
        effect=effects.BASIN_WIDTH,
        region=BASIN,
        rule=f"interval between {DECADES[BASIN.low]} and {DECADES[BASIN.high]} around the best "
        "rate in which the marginal error is within a tenth of its range from its minimum",
    ),
    _of_v(
        "The best learning rates lie at the high end of the range or beyond it",
        paper=f"last {DECADES[LAST.high]}",
        judge=NUMBER,
        effect=effects.BELOW_END,
        region=LAST,
        rule=f"interval of the least marginal error in the last {DECADES[LAST.high]} of the range",
        tasks=("iam", "jsb"),
    ),
    _changes("Larger networks are better", "falls", "test", "hidden_size", FALLS),
    _of_v(
        "Larger networks bring diminishing returns",
        paper="ratio < {0.high}",
        judge=NUMBER,
        effect=effects.RETURNS,
        region=Region(high=1),
        rule="interval of the gain per block above the middle size over that under it {0}",
    ),
    _changes(
        "Larger networks take longer to train", "rises", "train_seconds", "hidden_size", RISES
    ),
    _changes("Input noise hurts", "rises", "test", "input_noise", RISES, tasks=("iam", "jsb")),
    _of_v(
        "Some input noise helps on TIMIT",
        paper="dip at {} to {}".format(*SOME_NOISE),
        judge=SIGN,
        effect=effects.DIP,
        region=FALLS,
        rule="interval of the mean marginal error at a noise of {} to {} less that of {:g} to {} "
        "{{}}".format(*SOME_NOISE, *NO_NOISE),
        tasks=("timit",),
    ),
    _changes("Input noise slows training", "rises", "train_seconds", "input_noise", RISES),
)


def _of_kin(variant: str, paper: str, region: Region, source: str) -> Claim:
    """State how one of the kin stands to vanilla by its own source."""
    words = {
        "no difference": "does not differ from V",
        "better": "is better than V",
        "no worse": "is no worse than V",
    }
    rule = {
        "no difference": "interval of the difference within the margin to both sides",
        "better": f"interval of the difference, for all comparisons of the task, {FALLS}",
        "no worse": "interval of the difference below the margin",
    }
    return _compared(
        f"{variant} {words[paper]} ({source})",
        paper=paper,
        variants=(variant,),
        region=region,
        rule=f"{rule[paper]}; {ENOUGH}",
        tasks=("jsb",),
    )


NO_WORSE = Region(high=SAME.high, margins=True)
# What others said of their cells and of LSTM, judged in studies that have these: on other data than
# theirs, so that a contradiction is one of the statement's reach.
KIN_CLAIMS = (
    _of_kin("GRU", "no difference", SAME, "Chung et al., 2014"),
    _of_kin("MUT1", "better", FALLS, "Jozefowicz et al., 2015"),
    _of_kin("FB1", "better", FALLS, "Jozefowicz et al., 2015"),
    _of_kin("JANET", "no worse", NO_WORSE, "van der Westhuizen and Lasenby, 2018"),
    _of_kin("LNLSTM", "better", FALLS, "Ba et al., 2016"),
    _of_kin("minLSTM", "no worse", NO_WORSE, "Feng et al., 2024"),
)
