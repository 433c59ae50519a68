"""The collections of scores that music21 carries, and how far apart their frames may lie."""

from typing import Literal, NamedTuple

Name = Literal["bach", "palestrina", "trecento", "essen", "oneill", "ryansmammoth"]
Step = Literal["half", "quarter", "eighth", "sixteenth"]


class Collection(NamedTuple):
    """What is known of a collection before it is read."""

    folder: str  # music21's
    title: str  # what figures call it
    scores: int  # about how many are kept: of Essen's 8,514 some have no metre
    quarters: int  # of a score, about


COLLECTIONS: dict[Name, Collection] = {
    "bach": Collection("bach", "Bach", 410, 63),
    "palestrina": Collection("palestrina", "Palestrina", 1318, 416),
    "trecento": Collection("trecento", "Trecento", 103, 340),
    "essen": Collection("essenFolksong", "Essen folk songs", 7800, 47),
    "oneill": Collection("oneills1850", "O'Neill's Music of Ireland", 2009, 57),
    "ryansmammoth": Collection("ryansMammoth", "Ryan's Mammoth Collection", 1059, 45),
}
# In quarters.
STEPS: dict[Step, float] = {"half": 2.0, "quarter": 1.0, "eighth": 0.5, "sixteenth": 0.25}
