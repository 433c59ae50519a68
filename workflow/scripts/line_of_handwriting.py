"""Take the first test line of a corpus of handwriting, to be shown: pen points and text out."""

from pathlib import Path

import numpy as np

from odyssey.console import job
from odyssey.corpora import iam

with job(snakemake.log[0]):
    root = Path(snakemake.input.corpus)
    splits = iam.read_splits(root)
    board = next(board for board, of in splits.items() if of.split == "test")
    line = iam.read_board(root, board, "test")[0]
    np.savez(
        snakemake.output[0],
        points=line.points,
        stroke_lengths=line.stroke_lengths,
        text=line.text,
        synthetic=snakemake.params.synthetic,
    )
