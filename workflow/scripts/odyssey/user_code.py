"""What went wrong in a user's own Python file, and where in it."""

import traceback

from pydantic import PydanticUserError


def line_of(error: BaseException, file: str) -> int:
    """Return the line of a file from which an error came, or the first."""
    frames = traceback.extract_tb(error.__traceback__)
    return next((each.lineno or 1 for each in reversed(frames) if each.filename == file), 1)


def told(error: BaseException, file: str) -> str:
    """Say in one line what a user's file raised, and where in it."""
    if isinstance(error, SyntaxError):
        return f"{error.filename or file}:{error.lineno or 1}: {error.msg}"
    # What pydantic says of a misspelt constant goes on with advice and an address.
    said = str(error).split(". ")[0] if isinstance(error, PydanticUserError) else error
    return f"{file}:{line_of(error, file)}: {' '.join(f'{type(error).__name__}: {said}'.split())}"
