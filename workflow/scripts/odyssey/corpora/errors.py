"""What is said when a corpus on disk is not as it should be."""


class CorpusError(ValueError):
    """A fault of a corpus: one line that names the file, the fault, and what to do about it.

    Parameters
    ----------
    message : str
        Its line breaks, which what lies in a file may bring along, become spaces.
    """

    def __init__(self, message: str):
        super().__init__(" ".join(line.strip() for line in message.splitlines()))


def shown(value: object) -> str:
    """Write out what stands in a file, in at most 60 characters, so that a line can hold it."""
    try:
        text = repr(value)
    except ValueError:  # Python refuses to write a whole number of so many digits
        return "a number of thousands of digits"
    return text if len(text) <= 60 else f"{text[:59]}…"
