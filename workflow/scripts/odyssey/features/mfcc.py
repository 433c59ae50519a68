"""Speech to frames: mel-frequency cepstral coefficients, and the phone of each frame."""

import kaldi_native_fbank
import numpy as np

from odyssey.corpora import timit
from odyssey.corpora.errors import CorpusError
from odyssey.corpora.splits import SPLITS
from odyssey.corpora.timit import SAMPLE_RATE, Utterance
from odyssey.features.scaling import standardised
from odyssey.features.sequences import Description, Sequences
from odyssey.processes import Progress, results

WINDOW = 400  # samples: 25 ms
STEP = 160  # samples: 10 ms


def mfcc(samples: np.ndarray) -> np.ndarray:
    """Compute 12 MFCC and the log energy of each window, with first and second derivatives.

    Windows of 25 ms every 10 ms; only those that lie within the audio. Pre-emphasis 0.97 and a
    Hamming window, a power spectrum of 512 points, 26 triangular filters evenly spaced in mel from
    0 to 8000 Hz, their logarithms' cosine transform, a cepstral lifter of 22: HTK's definitions,
    but that HTK's filters take magnitudes by default. The energy is that of the window before
    pre-emphasis. A derivative is the slope of the line fitted to five frames; at the ends the first
    and last frame are repeated, where HTK repeats the first and last derivative.

    Parameters
    ----------
    samples : numpy.ndarray of int16, shape (samples,)
        At 16 kHz; one window (400 samples) at least.

    Returns
    -------
    numpy.ndarray of float32, shape (frames, 39)
        MFCC 1 to 12, log energy; their first derivatives; their second derivatives.

    References
    ----------
    Greff et al. (2017), "Datasets", which leaves filters and lifter open; Young et al., "The
    HTK Book" (2006), chapter 5.
    """
    options = kaldi_native_fbank.MfccOptions()
    frame = options.frame_opts
    frame.samp_freq = SAMPLE_RATE
    frame.frame_length_ms = 1000 * WINDOW / SAMPLE_RATE
    frame.frame_shift_ms = 1000 * STEP / SAMPLE_RATE
    frame.window_type = "hamming"
    frame.preemph_coeff = 0.97
    frame.remove_dc_offset = False
    frame.dither = 0  # no random numbers: the same audio gives the same features
    frame.snip_edges = True
    options.mel_opts.num_bins = 26
    options.mel_opts.low_freq = 0
    options.mel_opts.high_freq = SAMPLE_RATE / 2
    options.num_ceps = 13
    options.cepstral_lifter = 22
    options.use_energy = True
    options.raw_energy = True
    options.htk_compat = True  # the energy comes last
    computer = kaldi_native_fbank.OnlineMfcc(options)
    computer.accept_waveform(SAMPLE_RATE, samples.astype(np.float32))
    computer.input_finished()
    cepstra = np.stack([computer.get_frame(t) for t in range(computer.num_frames_ready)])
    derivatives = kaldi_native_fbank.DeltaOptions(order=2, window=2)
    return np.asarray(kaldi_native_fbank.compute_deltas(derivatives, cepstra))


def frame_labels(boundaries: np.ndarray, phones: np.ndarray) -> np.ndarray:
    """Give each window the phone that covers most of it; of two that cover the same, the first.

    Parameters
    ----------
    boundaries : numpy.ndarray of int64, shape (phones + 1,)
        Phone p covers the samples from boundaries[p] up to boundaries[p + 1].
    phones : numpy.ndarray of int32, shape (phones,)

    Returns
    -------
    numpy.ndarray of int32, shape (frames,)
        For the windows that end by the last boundary.
    """
    frames = max(0, 1 + (int(boundaries[-1]) - WINDOW) // STEP)
    starts = STEP * np.arange(frames)[:, None]
    ends = starts + WINDOW
    covered = np.minimum(ends, boundaries[1:]) - np.maximum(starts, boundaries[:-1])
    return phones[covered.argmax(axis=1)] if frames else phones[:0]


def extract(utterance: Utterance) -> tuple[np.ndarray, np.ndarray]:
    """Compute the frames of an utterance up to its last label.

    Returns
    -------
    values : numpy.ndarray of float32, shape (frames, 39)
    labels : numpy.ndarray of int32, shape (frames,)

    Raises
    ------
    CorpusError
        If a file cannot be read, or the labels cover less than one window.
    """
    recording = timit.load(utterance)
    labels = frame_labels(recording.boundaries, recording.phones)
    if not len(labels):
        raise CorpusError(
            f"{utterance.labels}: the labels cover {recording.boundaries[-1]} samples, "
            f"less than one window of {WINDOW}"
        )
    return mfcc(recording.samples[: recording.boundaries[-1]]), labels


def sequences(
    utterances: list[Utterance],
    description: Description,
    processes: int = 1,
    progress: Progress | None = None,
) -> Sequences:
    """Turn utterances into sequences with mean 0 and standard deviation 1 over the training set.

    The result does not depend on the number of processes.

    Raises
    ------
    CorpusError
        If a file is damaged; the first such utterance in the list is named.

    References
    ----------
    Greff et al. (2017), "Datasets".
    """
    jobs = [(utterance,) for utterance in utterances]
    values, labels = zip(*results(extract, jobs, processes, progress), strict=True)
    split = np.array([SPLITS.index(utterance.split) for utterance in utterances], dtype=np.uint8)
    lengths = np.array([len(frames) for frames in values], dtype=np.int64)
    training = np.repeat(split == SPLITS.index("train"), lengths)
    return Sequences(
        description=description,
        values=standardised(np.concatenate(values), training).astype(np.float32),
        lengths=lengths,
        targets=np.concatenate(labels),
        target_lengths=lengths,
        split=split,
        names=np.array([utterance.name for utterance in utterances]),
    )
