"""Files as TIMIT and the NLTK sample of it have them, for tests to read and to damage."""

from pathlib import Path

import numpy as np
import soundfile

AUDIO = np.arange(-1000, 1000, dtype=np.int16)
PHN = "0 480 h#\n480 1200 iy\n1200 1900 h#\n"


def sphere(samples: np.ndarray, **fields: int) -> bytes:
    further = "".join(f"{name} -i {value}\n" for name, value in fields.items())
    header = (
        "NIST_1A\n   1024\ndatabase_id -s5 TIMIT\nchannel_count -i 1\n"
        f"sample_count -i {len(samples)}\nsample_rate -i 16000\nsample_n_bytes -i 2\n"
        f"sample_byte_format -s2 01\nsample_sig_bits -i 16\n{further}end_head\n"
    )
    return header.encode().ljust(1024) + samples.astype("<i2").tobytes()


def write_riff(path: Path, samples: np.ndarray, rate: int = 16000) -> None:
    soundfile.write(path, samples, rate, format="WAV", subtype="PCM_16")


def write_utterance(folder: Path, name: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.WAV").write_bytes(sphere(AUDIO))
    (folder / f"{name}.PHN").write_text(PHN)


def write_speaker(folder: Path) -> None:
    for name in ("SA1", "SA2", "SX3", "SX93", "SX183", "SX273", "SX363", "SI453", "SI1083", "SI9"):
        write_utterance(folder, name)


def lower_case(folder: Path) -> None:
    for path in sorted(folder.rglob("*"), reverse=True):
        path.rename(path.with_name(path.name.lower()))


NLTK_SPEAKERS = """
dr1-fvmh0 dr1-mcpm0 dr2-faem0 dr2-marc0 dr3-falk0 dr3-madc0 dr4-falr0 dr4-maeb0
dr5-ftlg0 dr5-mbgt0 dr6-fapb0 dr6-mbma1 dr7-fblv0 dr7-madd0 dr8-fbcg1 dr8-mbcg0
"""


def write_nltk_sample(root: Path) -> None:
    for name in NLTK_SPEAKERS.split():
        write_speaker(root / name)
        for path in list((root / name).glob("*.WAV")):
            path.unlink()
            write_riff(path, AUDIO)
    lower_case(root)
    (root / "timitdic.txt").write_text("; a file of the sample that is no utterance\n")
