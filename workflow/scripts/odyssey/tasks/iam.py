"""IAM-OnDB: online handwriting to characters."""

from pathlib import Path
from statistics import mean
from typing import Any, Literal

from pydantic import Field

from odyssey.features.sequences import Sequences
from odyssey.processes import Progress
from odyssey.section import UserPath
from odyssey.tasks.base import Shape
from odyssey.tasks.stand_ins import StandInSizes, WithStandIn, WordRange

MOST_LINES = 69_300  # of a split: no more have names in the form of IAM-OnDB


class HandwritingStandIn(StandInSizes):
    """Sizes of the handwriting stand-in."""

    train: int = Field(150, ge=1, le=MOST_LINES, description="Lines of the training set.")
    validation: int = Field(40, ge=2, le=MOST_LINES, description="Lines of the validation set.")
    test: int = Field(40, ge=1, le=MOST_LINES, description="Lines of the test set.")
    words: WordRange = Field(WordRange(low=1, high=2), description="Words a line.")
    pen_speed: float = Field(
        4000, gt=0, description="Device units a second; the faster the pen, the fewer points."
    )


class Settings(WithStandIn):
    """Handwriting: IAM-OnDB."""

    TITLE = "IAM-OnDB"
    MEASURE = "character error rate"
    UNIT = "%"
    ITEMS = "boards"
    FOLDERS = ("path",)
    READ = (".xml", ".txt")

    source: Literal["iam", "synthetic"] = Field(
        "synthetic",
        description="`iam`: IAM-OnDB at `path`; `synthetic`: a stand-in in its format.",
    )
    path: UserPath | None = Field(None, description="Folder of the corpus, for `iam`.")
    synthetic: HandwritingStandIn = Field(
        HandwritingStandIn(), description="Sizes of the stand-in."
    )
    standardised: bool = Field(
        default=False,
        description="Inputs with mean 0 and standard deviation 1 over the training set. The "
        "paper's are raw device units; results of the two are not comparable.",
    )

    @property
    def origin(self) -> str:
        """The source, and whether its inputs are others than the paper's."""
        return f"{self.source}, standardised" if self.standardised else self.source

    def shape(self) -> Shape:
        """See two steps, time and pen lift; write 81 characters and the blank."""
        return Shape(inputs=4, outputs=82, directions=2, loss="ctc")

    def frames(self) -> tuple[int, int]:
        """Count lines of an average length (Greff et al. (2017), "Datasets")."""
        if not self.made_up:
            return 5355 * 250, 2956 * 250
        sizes = self.synthetic
        line = 23 * mean(sizes.words.ends) * 4000 / sizes.pen_speed
        return round(sizes.train * line), round(sizes.validation * line)

    def make_corpus(self, folder: str, processes: int, progress: Progress) -> None:
        """Make up handwriting, in IAM-OnDB's format."""
        from odyssey.corpora import synthetic_handwriting

        sizes = self.synthetic
        synthetic_handwriting.write(
            folder, sizes.seed, *sizes.counts, sizes.words.ends, sizes.pen_speed
        )

    def features(
        self, name: str, corpus: str | None, processes: int, progress: Progress
    ) -> Sequences:
        """Take pen strokes, and the characters of each line."""
        from odyssey.corpora import iam
        from odyssey.features import strokes

        lines = iam.read(
            self.folder(corpus),
            paper_counts=not self.made_up,
            processes=processes,
            progress=progress,
        )
        return strokes.sequences(lines, self.description(name), self.standardised)

    def example(self, corpus: str | None) -> dict[str, Any]:
        """Take the first test line, for figure 2, and say whether it is a stand-in's."""
        from odyssey.corpora import iam

        root = Path(self.folder(corpus))
        splits = iam.read_splits(root)
        board = next(board for board, of in splits.items() if of.split == "test")
        line = iam.read_board(root, board, "test")[0]
        return {
            "points": line.points,
            "stroke_lengths": line.stroke_lengths,
            "text": line.text,
            "synthetic": self.made_up,
        }
