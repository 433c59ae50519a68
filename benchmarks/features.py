"""Time the feature extraction of a corpus of TIMIT's size: 6300 files of 3 s, two processes.

    python benchmarks/features.py

A few sentences of the speech stand-in are cut to 3 s and written 6300 times, so that every file is
opened, read and parsed; TIMIT itself would spare the 2012 files that belong to no split. The time
and the machine go into results/features.csv.
"""

import argparse
import csv
import io
import os
import platform
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import soundfile

from odyssey.corpora import synthetic_speech, timit
from odyssey.features import mfcc
from odyssey.tasks import read_settings

RESULTS = Path(__file__).parent / "results" / "features.csv"
SAMPLES = 3 * timit.SAMPLE_RATE
GOAL = 240  # seconds, on two cores


def write_corpus(folder: Path, files: int) -> list[timit.Utterance]:
    """Write so many utterances of 3 s; 12 of 14 are for training, as in TIMIT."""
    counts = synthetic_speech.write(folder / "few", 1, 2, 1, 1, words=(11, 11), processes=2)
    spoken = []
    for utterance in timit.read(folder / "few", "synthetic", counts):
        recording = timit.load(utterance)
        if recording.boundaries[-1] >= SAMPLES:
            audio = io.BytesIO()
            sphere = {"format": "NIST", "subtype": "PCM_16", "endian": "LITTLE"}
            soundfile.write(audio, recording.samples[:SAMPLES], timit.SAMPLE_RATE, **sphere)
            spoken.append((audio.getvalue(), _labels(recording)))
    utterances = []
    for number in range(files):
        audio, labels = spoken[number % len(spoken)]
        name = folder / f"{number}"
        name.with_suffix(".WAV").write_bytes(audio)
        name.with_suffix(".PHN").write_text(labels)
        split = {0: "validation", 1: "test"}.get(number % 14, "train")
        paths = (str(name.with_suffix(kind)) for kind in (".WAV", ".PHN"))
        utterances.append(timit.Utterance(f"{number}", split, *paths))
    return utterances


def _labels(recording: timit.Recording) -> str:
    ends = np.minimum(recording.boundaries, SAMPLES)
    covered = np.flatnonzero(ends[:-1] < ends[1:])
    phones = [timit.PHONES[recording.phones[n]] for n in covered[:-1]]
    phones.append("h#")  # with which the labels of a recording end, even of one that was cut
    return "".join(
        f"{ends[n]} {ends[n + 1]} {phone}\n" for n, phone in zip(covered, phones, strict=True)
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--files", type=int, default=6300)
    parser.add_argument("--processes", type=int, default=2)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        utterances = write_corpus(Path(folder), arguments.files)
        began = time.perf_counter()
        sequences = mfcc.sequences(
            utterances,
            read_settings({"kind": "timit"}).description("timit"),
            arguments.processes,
        )
        seconds = time.perf_counter() - began
    RESULTS.parent.mkdir(exist_ok=True)
    row = {
        "files": len(sequences.lengths),
        "frames": int(sequences.lengths.sum()),
        "processes": arguments.processes,
        "seconds": f"{seconds:.1f}",
        "load": f"{os.getloadavg()[0]:.1f}",
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
    }
    with RESULTS.open("w", newline="") as file:
        writer = csv.DictWriter(file, row, lineterminator="\n")
        writer.writeheader()
        writer.writerow(row)
    print(", ".join(f"{key} {value}" for key, value in row.items()))
    if arguments.files >= 6300 and seconds > GOAL:
        sys.exit(f"Error: {seconds:.0f} s; the goal is {GOAL} s on two cores")


if __name__ == "__main__":
    main()
