"""Figure 2: a line of handwriting with its transcription."""

import numpy as np

from odyssey.console import job
from odyssey.figures import figure_2, style

with job(snakemake.log[0]):
    line = np.load(snakemake.input.line)
    title = style.task_title(snakemake.params.title, bool(line["synthetic"]))
    drawn = figure_2.draw(line["points"], line["stroke_lengths"], str(line["text"]), title)
    style.save(drawn, snakemake.output)
