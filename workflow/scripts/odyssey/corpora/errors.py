"""What is said when a corpus on disk is not as it should be."""


class CorpusError(ValueError):
    """A fault of a corpus: one line that names the file, the fault, and what to do about it."""
