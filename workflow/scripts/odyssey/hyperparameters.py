"""The hyperparameters of a trial: what each is called, how it is drawn, and how it is shown.

A further one is an entry here, its range in `search_space.Search`, and what training makes of it.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from odyssey.palette import BLUE, GREEN, INK, ORANGE, PURPLE, SKY, VERMILLION, YELLOW

OPTIMISER, NETWORK, INPUTS = "optimiser", "network", "inputs"
# Scales with a logarithmic axis, and those of a few values, each with an equal part of the axis.
LOGARITHMIC, STEPS = ("log", "log1m"), ("whole", "flag")


Values = TypeVar("Values", float, np.ndarray)


@dataclass(frozen=True)
class Hyperparameter:
    """One hyperparameter.

    Parameters
    ----------
    name : str
        Its column of trials.csv.
    key : str
        Its range under `search`, or its name under `also_search`.
    position : int
        Which of a trial's uniform numbers draws it; a number draws the same for ever.
    scale : str
        On which it is drawn uniformly, and shown: ``log``, ``log1m`` (logarithm of 1 - value, whose
        range is that of 1 - value), ``linear``, ``whole`` (each whole number alike) or ``flag``.
    kind : str
        Type of its column.
    part : str
        Of what it is: of `OPTIMISER`, `NETWORK` or `INPUTS`.
    label : str
        In a sentence.
    short : str
        On the axis of a figure.
    brief : str
        Where there is room for a word.
    heading : str
        Above the column of a table.
    colour, hatch : str
        Of its slice of a pie; together they tell it from the others in grey too.
    span : str
        In a sentence, from one end of its range to the other; empty where what is good lies
        somewhere between the two.
    curve : bool
        Whether figures show the marginal along it.
    even : bool
        Whether its axis there is even, though it is drawn on a logarithmic one.
    absent : bool or int or None
        What a trial has whose table does not name it; None if every table names it.
    """

    name: str
    key: str
    position: int
    scale: str
    kind: str
    part: str
    label: str
    short: str
    brief: str
    heading: str
    colour: str
    hatch: str
    span: str = ""
    curve: bool = True
    even: bool = False
    absent: bool | int | None = None

    @property
    def logarithmic(self) -> bool:
        """Whether its range, which may be that of 1 - value, has a logarithmic axis."""
        return self.scale in LOGARITHMIC

    def draw(self, uniform: float, low: float = 0, high: float = 1) -> float | int | bool:
        """Turn a uniform number into a value.

        Parameters
        ----------
        uniform : float
            In [0, 1).
        low, high : float
            The searched range, both ends included; not read for a flag.

        Returns
        -------
        float, int or bool
            As `kind` says; what is whole and of a logarithmic scale is rounded to the nearest.
        """
        if self.scale == "flag":
            return uniform < 0.5
        if self.scale == "whole":
            return int(low) + int(uniform * (high - low + 1))
        if self.scale == "linear":
            return low + uniform * (high - low)
        value = math.exp(math.log(low) + uniform * (math.log(high) - math.log(low)))
        value = min(max(value, low), high)
        if self.kind == "int64":
            return round(value)
        return ranged(self.scale, value)

    def ends(self, low: float, high: float) -> tuple[float, float]:
        """Return the ends of the axis on which the range is an even one.

        Parameters
        ----------
        low, high : float
            Of the searched range.

        Returns
        -------
        low, high : float
            Decimal logarithms; for whole numbers half a one beyond them, so that each has an equal
            part of the axis; else the range itself.
        """
        if self.logarithmic:
            return math.log10(low), math.log10(high)
        return (low - 0.5, high + 0.5) if self.scale in STEPS else (low, high)


def ranged(scale: str, values: Values) -> Values:
    """Turn values of trials into those that the range is of, or the other way round.

    Parameters
    ----------
    scale : str
        As of `Hyperparameter`.
    values : float or array of float

    Returns
    -------
    float or array of float
    """
    return 1 - values if scale == "log1m" else values


def onto(scale: str, values: np.ndarray) -> np.ndarray:
    """Bring values of trials to the axis on which their range is an even one.

    Parameters
    ----------
    scale : str
        As of `Hyperparameter`.
    values : numpy.ndarray of float, any shape

    Returns
    -------
    numpy.ndarray of float, shape of `values`
    """
    values = ranged(scale, values)
    return np.log10(values) if scale in LOGARITHMIC else values


def back(scale: str, places: np.ndarray) -> np.ndarray:
    """Bring places on that axis back to values; to whole ones where there are no others.

    Parameters
    ----------
    scale : str
        As of `Hyperparameter`.
    places : numpy.ndarray of float, any shape

    Returns
    -------
    numpy.ndarray of float, shape of `places`
    """
    if scale in STEPS:
        return np.round(places)
    return ranged(scale, 10**places) if scale in LOGARITHMIC else places


# In the order of the axes on which surrogates are grown, of tables and of figures.
HYPERPARAMETERS = (
    Hyperparameter(
        name="learning_rate",
        key="learning_rate",
        position=1,
        scale="log",
        kind="float64",
        part=OPTIMISER,
        label="learning rate",
        short="learning rate",
        brief="rate",
        heading="Learning rate",
        colour=BLUE,
        hatch="",
    ),
    Hyperparameter(
        name="hidden_size",
        key="hidden_size",
        position=0,
        scale="log",
        kind="int64",
        part=NETWORK,
        label="hidden size",
        short="hidden size",
        brief="size",
        heading="Blocks",
        colour=ORANGE,
        hatch="///",
        span="From the smallest tenth of sizes to the largest",
        even=True,  # as in the paper
    ),
    # Never searched beside hidden_size, which follows from it.
    Hyperparameter(
        name="parameters",
        key="parameters",
        position=0,
        scale="log",
        kind="int64",
        part=NETWORK,
        label="number of parameters",
        short="parameters",
        brief="weights",
        heading="Parameters",
        colour=ORANGE,
        hatch="\\\\\\",
        span="From the smallest tenth of networks to the largest",
    ),
    Hyperparameter(
        name="layers",
        key="layers",
        position=6,
        scale="whole",
        kind="int64",
        part=NETWORK,
        label="number of layers",
        short="layers",
        brief="layers",
        heading="Layers",
        colour=VERMILLION,
        hatch="++",
        span="From the fewest layers to the most",
        absent=1,
    ),
    Hyperparameter(
        name="input_noise",
        key="input_noise",
        position=3,
        scale="linear",
        kind="float64",
        part=INPUTS,
        label="input noise",
        short="input noise",
        brief="noise",
        heading="Noise",
        colour=GREEN,
        hatch="...",
        span="From the least tenth of input noise to the most",
    ),
    Hyperparameter(
        name="momentum",
        key="one_minus_momentum",
        position=2,
        scale="log1m",
        kind="float64",
        part=OPTIMISER,
        label="momentum",
        short="momentum",
        brief="m",
        heading="Momentum",
        colour=PURPLE,
        hatch="xxx",
        # The paper's figure 4 leaves it out, as it does next to nothing.
        curve=False,
    ),
    Hyperparameter(
        name="batch",
        key="batch",
        position=7,
        scale="log",
        kind="int64",
        part=OPTIMISER,
        label="batch size",
        short="batch size",
        brief="batch",
        heading="Batch",
        colour=INK,
        hatch="oo",
        span="From the smallest tenth of batches to the largest",
        absent=1,
    ),
    Hyperparameter(
        name="nesterov",
        key="nesterov",
        position=4,
        scale="flag",
        kind="boolean",
        part=OPTIMISER,
        label="Nesterov momentum",
        short="Nesterov",
        brief="Nesterov",
        heading="Nesterov",
        colour=YELLOW,
        hatch="---",
        curve=False,
        absent=True,
    ),
    Hyperparameter(
        name="clip",
        key="clip",
        position=5,
        scale="flag",
        kind="boolean",
        part=OPTIMISER,
        label="gradient clipping",
        short="clipping",
        brief="clipping",
        heading="Clipping",
        colour=SKY,
        hatch="|||",
        curve=False,
        absent=False,
    ),
)
BY_NAME: Mapping[str, Hyperparameter] = {h.name: h for h in HYPERPARAMETERS}
# Numbers that are drawn for a trial. It grows at its end only: searching one more hyperparameter
# then moves no other.
DRAWN = 1 + max(h.position for h in HYPERPARAMETERS)
# In the order of trials.csv, where `parameters` counts the weights, whether searched or not.
COLUMNS = tuple(
    sorted((h for h in HYPERPARAMETERS if h.name != "parameters"), key=lambda h: h.position)
)
