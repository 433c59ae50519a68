"""The stacked engine: many trials of a search side by side, for GPUs."""

EVALUATION_MEGABYTES = 500  # of the sequences that are evaluated at once
