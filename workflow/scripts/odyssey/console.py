"""What a person at the terminal sees of a job: its log, its progress, and errors in one line."""

import logging
import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

ENDINGS = (signal.SIGTERM, signal.SIGUSR1)  # with which a cluster announces that time is over


@contextmanager
def job(log_file: str | os.PathLike[str]) -> Iterator[None]:
    """Run a job: log to a file, and end on a user's fault with one line instead of a traceback.

    Parameters
    ----------
    log_file : path-like
        Gets the log, and the traceback of a fault.

    Raises
    ------
    SystemExit
        With status 1 after a `ValueError` or `OSError`, whose message goes to standard error; with
        128 and the signal's number if it was told to end: by the keyboard, or by SIGTERM or
        SIGUSR1, with which clusters announce that a job's time is over.
    """
    Path(log_file).parent.mkdir(parents=True, exist_ok=True)
    logging.basicConfig(
        filename=log_file,
        filemode="w",
        level=logging.INFO,
        format="%(asctime)s %(levelname)s %(message)s",
        force=True,
    )
    logging.raiseExceptions = False  # on a full disk the log is the first thing not to be written
    for number in ENDINGS:
        signal.signal(number, _end)
    try:
        yield
    except (ValueError, OSError) as error:
        logging.exception("the job ends here")
        sys.exit(f"Error: {error}")
    except KeyboardInterrupt as told:
        number = told.args[0] if told.args else signal.SIGINT
        logging.info("told to end by %s", signal.Signals(number).name)
        sys.exit(128 + number)
    except Exception:
        logging.exception("the job ends here")
        raise


def _end(number: int, _frame: FrameType | None) -> None:
    for further in ENDINGS:  # would cut short what the first has begun
        signal.signal(further, signal.SIG_IGN)
    raise KeyboardInterrupt(number)


def tell(text: str) -> None:
    """Log a line, and show it at the terminal."""
    logging.info("%s", text)
    print(text, file=sys.stderr, flush=True)  # noqa: T201


class Progress:
    """A line on the terminal every few seconds while a job works; silent where there is none.

    Parameters
    ----------
    title : str
        What is being worked on.
    every : float
        Seconds between lines.
    """

    def __init__(self, title: str, every: float = 5.0):
        self.title, self.every = title, every
        self.shown = time.monotonic()

    def __call__(self, text: str) -> None:
        """Log a step, and show it if it is time again."""
        logging.info("%s", text)
        if sys.stderr.isatty() and time.monotonic() - self.shown >= self.every:
            print(f"{self.title}: {text}", file=sys.stderr, flush=True)  # noqa: T201
            self.shown = time.monotonic()
