"""The noise of many trials at once: `odyssey.seeds.gaussian_noise`, on tensors."""

import math

import torch

from odyssey.seeds import THREEFRY_PARITY, THREEFRY_ROTATIONS

WORD = 0xFFFFFFFF  # PyTorch adds and shifts 64-bit integers, of which these are the low half


def gaussian_noise(
    keys: torch.Tensor, sequences: torch.Tensor, sizes: torch.Tensor, most: int
) -> torch.Tensor:
    """Draw what one presentation adds to each trial's inputs.

    Parameters
    ----------
    keys : torch.Tensor of int64, shape (K, 2)
        Of the epoch, a trial each (`odyssey.seeds.noise_key`).
    sequences, sizes : torch.Tensor of int64, shape (K,)
        Each trial's position among the training sequences, and its frames times inputs.
    most : int
        The largest of the sizes.

    Returns
    -------
    torch.Tensor of float32, shape (K, most)
        Standard normal as far as a trial's size; beyond it, whatever there is.
    """
    pairs = torch.arange((most + 1) // 2, device=keys.device)
    bits0, bits1 = _threefry(keys, pairs, sequences)
    u0, u1 = (((bits >> 8).double() + 0.5) * 2.0**-24 for bits in (bits0, bits1))
    radius, angle = torch.sqrt(-2.0 * torch.log(u0)), 2.0 * math.pi * u1
    normal = torch.cat([radius * torch.cos(angle), radius * torch.sin(angle)], 1)  # (K, 2 * pairs)
    place = torch.arange(most, device=keys.device)
    half = ((sizes + 1) // 2).unsqueeze(1)
    sine = (place - half + len(pairs)).clamp(max=2 * len(pairs) - 1)
    return normal.gather(1, torch.where(place < half, place, sine)).float()


def _threefry(
    keys: torch.Tensor, low: torch.Tensor, high: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Encrypt counters as `odyssey.seeds.threefry` does: (K, pairs) of one key a trial."""
    key0, key1 = keys.T.unsqueeze(2)  # (K, 1) each
    schedule = (key0, key1, key0 ^ key1 ^ THREEFRY_PARITY)
    x0, x1 = (low + key0) & WORD, ((high.unsqueeze(1) + key1) & WORD).expand(-1, len(low))
    for group in range(5):
        for rotation in THREEFRY_ROTATIONS[group % 2]:
            x0 = (x0 + x1) & WORD
            x1 = (((x1 << rotation) & WORD) | (x1 >> (32 - rotation))) ^ x0
        x0 = (x0 + schedule[(group + 1) % 3]) & WORD
        x1 = (x1 + schedule[(group + 2) % 3] + group + 1) & WORD
    return x0, x1
