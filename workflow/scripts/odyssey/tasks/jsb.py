"""JSB Chorales: next-step prediction of piano-roll frames."""

import logging
import re
from dataclasses import replace
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from odyssey.features.sequences import Description, Sequences
from odyssey.processes import Progress
from odyssey.section import UserPath
from odyssey.tasks.base import Shape, TaskSettings

log = logging.getLogger(__name__)


class Settings(TaskSettings):
    """Music: JSB Chorales."""

    TITLE = "JSB Chorales"
    MEASURE = "NLL"
    UNIT = "nats a frame"
    ITEMS = "scores"

    source: Literal["music21", "json", "pickle", "download"] = Field(
        "music21",
        description="`music21`: the scores that music21 carries; `json` or `pickle`: "
        "Boulanger-Lewandowski's file at `path`; `download`: the same from `url`.",
    )
    path: UserPath | None = Field(None, description="The file, for `json` and `pickle`.")
    url: str | None = Field(None, description="Where to download from; ends in .json or .pickle.")
    sha256: str | None = Field(
        None,
        pattern=r"^[0-9a-f]{64}$",
        description="Checksum that the file must have, in hexadecimal; a download needs it, `json` "
        "and `pickle` can have it.",
        json_schema_extra={"patternErrorMessage": "must be 64 digits from 0 to 9 and a to f"},
    )

    @model_validator(mode="after")
    def _data_is_named(self) -> Self:
        needed = {"json": ["path"], "pickle": ["path"], "download": ["url", "sha256"]}
        for key in ("path", "url", "sha256"):
            wanted = key in needed.get(self.source, [])
            if wanted and getattr(self, key) is None:
                raise ValueError(f"source {self.source} needs the key {key}")
            allowed = wanted or (key == "sha256" and self.path is not None)
            if not allowed and getattr(self, key) is not None:
                raise ValueError(f"source {self.source} has no use for the key {key}")
        if self.url and not re.fullmatch(r"(https?|file)://.+/[^/]+\.(json|pickle)", self.url):
            raise ValueError(
                "url must be an address that begins with https://, http:// or file:// and ends in "
                f"a file's name, .json or .pickle (given: {self.url!r})"
            )
        return self

    def shape(self) -> Shape:
        """See the piano's 88 keys, and say which sound a frame later."""
        return Shape(inputs=88, outputs=88, directions=1, loss="sigmoid")

    def frames(self) -> tuple[int, int]:
        """Say about how many the corpus has, whatever its source."""
        return 14_000, 4_800

    def corpus_keys(self) -> tuple[str, ...]:
        """Name the address and the checksum of the download."""
        return ("source", "url", "sha256") if self.source == "download" else ()

    def make_corpus(self, folder: str, processes: int, progress: Progress) -> None:
        """Fetch the file."""
        from odyssey.corpora.jsb import download

        assert self.sha256 is not None, "a download is not made without a checksum"
        download(self._address, self.sha256, self._fetched(folder))

    @property
    def _address(self) -> str:
        assert self.url is not None, "a download is not made without an address"
        return self.url

    def _fetched(self, folder: str) -> Path:
        return Path(folder) / Path(self._address).name

    def description(self, name: str) -> Description:
        """Describe the features, in full what axes have no room for."""
        return replace(
            super().description(name), measure="negative log-likelihood (nats per frame)"
        )

    def features(
        self, name: str, corpus: str | None, processes: int, progress: Progress
    ) -> Sequences:
        """Make piano-rolls, to be predicted step by step."""
        from odyssey.corpora import jsb
        from odyssey.features import pianoroll

        if self.source == "music21":
            chorales = jsb.read_music21(workers=processes, progress=progress)
            return pianoroll.sequences(chorales, self.description(name))
        read = {"json": jsb.read_json, "pickle": jsb.read_pickle, "download": jsb.read_file}
        path = self.path if corpus is None else self._fetched(corpus)
        assert path is not None, "there is a file, or it was fetched"
        chorales = read[self.source](path, self.sha256)
        description = self.description(name)
        if found := jsb.others(chorales):
            log.warning("%s is not the paper's corpus: it has %s", path, found)
            description = replace(description, source=f"{self.source} of {found}")
        return pianoroll.sequences(chorales, description)
