"""TIMIT: framewise phone classification of speech."""

from statistics import mean
from typing import Literal

from pydantic import Field, field_validator

from odyssey.features.sequences import Sequences
from odyssey.processes import Progress
from odyssey.section import UserPath
from odyssey.tasks.base import ALSO_SEARCH, Shape
from odyssey.tasks.stand_ins import StandInSizes, WithStandIn, WordRange

SENTENCES = 8  # of each speaker that are used
FRAMES = 304  # of a sentence, on average


class SpeechStandIn(StandInSizes):
    """Sizes of the speech stand-in; each speaker says 8 sentences beside the two SA."""

    train: int = Field(10, ge=1, le=462, description="Speakers of the training set.")
    validation: int = Field(2, ge=1, le=50, description="Speakers of the validation set.")
    test: int = Field(2, ge=1, le=24, description="Speakers of the test set.")
    words: WordRange = Field(
        WordRange(low=3, high=6), description="Words a sentence; the shortest there are have 3."
    )

    @field_validator("words")
    @classmethod
    def _some_sentence_is_as_short(cls, words: WordRange) -> WordRange:
        if words.high < 3:
            raise ValueError(f"high must be at least 3 (given: {words.high}): no sentence has less")
        return words


class Settings(WithStandIn):
    """Speech: TIMIT."""

    TITLE = "TIMIT"
    MEASURE = "frame error"
    UNIT = "%"
    ITEMS = "sentences"
    FOLDERS = ("path",)
    READ = (".wav", ".phn")

    source: Literal["ldc93s1", "nltk", "synthetic"] = Field(
        "synthetic",
        description="`ldc93s1`: TIMIT at `path`; `nltk`: the NLTK sample at `path`; `synthetic`: a "
        "stand-in in TIMIT's format.",
    )
    path: UserPath | None = Field(
        None, description="Folder of the corpus, for `ldc93s1` and `nltk`."
    )
    synthetic: SpeechStandIn = Field(SpeechStandIn(), description="Sizes of the stand-in.")
    also_search: list[Literal["nesterov", "clip"]] = Field(
        ["nesterov", "clip"], description=ALSO_SEARCH
    )

    def shape(self) -> Shape:
        """See 39 cepstral coefficients and derivatives, name one of 61 phones."""
        return Shape(inputs=39, outputs=61, directions=2, loss="softmax")

    def frames(self) -> tuple[int, int]:
        """Count sentences of an average length (Greff et al. (2017), "Datasets")."""
        if self.source == "nltk":
            return 96 * FRAMES, 16 * FRAMES
        if self.source == "ldc93s1":
            return 3696 * FRAMES, 400 * FRAMES
        sizes = self.synthetic
        speaker = SENTENCES * 39 * mean(sizes.words.ends)  # some 39 frames a word
        return round(sizes.train * speaker), round(sizes.validation * speaker)

    def make_corpus(self, folder: str, processes: int, progress: Progress) -> None:
        """Synthesise speakers, in TIMIT's format."""
        from odyssey.corpora import synthetic_speech

        sizes = self.synthetic
        synthetic_speech.write(
            folder, sizes.seed, *sizes.counts, sizes.words.ends, processes, progress
        )

    def features(
        self, name: str, corpus: str | None, processes: int, progress: Progress
    ) -> Sequences:
        """Compute cepstral coefficients, and find the phone of each frame."""
        from odyssey.corpora import timit
        from odyssey.features import mfcc

        train, validation, test = (SENTENCES * number for number in self.synthetic.counts)
        counts = (train, validation, test) if self.made_up else None
        utterances = timit.read(self.folder(corpus), self.source, counts)
        return mfcc.sequences(utterances, self.description(name), processes, progress)
