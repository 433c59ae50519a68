"""The stacked engine: many trials of a cell side by side, for GPUs."""
