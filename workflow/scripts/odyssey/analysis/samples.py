"""Real data that is a mere sample of a corpus, and has to be called so wherever it is shown."""

from collections.abc import Mapping

import pandas as pd

# By the kind of the task and the source of its data.
SAMPLES = {("timit", "nltk"): "sample of 160 utterances"}


def samples(frame: pd.DataFrame, kinds: Mapping[str, str]) -> dict[str, str]:
    """Say of the tasks that have no more than a sample what it is: "sample of 160 utterances".

    Read are `task` and `source`; `kinds` goes from the study's tasks to their kinds.
    """
    sources = frame[["task", "source"]].drop_duplicates()
    found = {}
    for task, source in zip(sources["task"], sources["source"], strict=True):
        if words := SAMPLES.get((kinds.get(task, ""), source)):
            found[task] = words
    return found
