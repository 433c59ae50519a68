"""The stacked engine: many trials of a search side by side, each as if it were alone."""

from collections.abc import Callable

import numpy as np
import torch

from odyssey.features.sequences import Sequences
from odyssey.training.decoding import edit_distance, labels_of
from odyssey.training.engine import Epoch, Evaluation, evaluation
from odyssey.training.networks import Network, Weights
from odyssey.training.stacked import EVALUATION_MEGABYTES
from odyssey.training.stacked.epochs import Begun, Rates, Step, rates, steps
from odyssey.training.stacked.forward import Running, Units
from odyssey.training.stacked.lanes import Stack, apart, together
from odyssey.training.stacked.losses import Targets, losses, wrong_frames
from odyssey.training.stacked.network import Way, gradients, outputs
from odyssey.training.stacked.noise import gaussian_noise
from odyssey.training.stacked.reading import read


class StackedEngine:
    """Networks in training on the same sequences.

    Parameters
    ----------
    networks : list of Network
        A trial each; they differ in their hidden units alone.
    sequences : Sequences
    weights : list of dict of str to numpy.ndarray
        Of each trial, as `odyssey.training.networks.weight_shapes` says.
    velocities : list of dict of str to numpy.ndarray, or None
        None: all zero.
    device : str
        ``"cpu"`` or ``"cuda"``.
    dtype : torch.dtype
        float32 in a study.
    """

    def __init__(
        self,
        networks: list[Network],
        sequences: Sequences,
        weights: list[Weights],
        velocities: list[Weights] | None = None,
        device: str = "cpu",
        dtype: torch.dtype = torch.float32,
    ):
        self.networks, self.sequences = networks, sequences
        self.network = max(networks, key=lambda network: network.hidden_size)
        self.device, self.dtype = torch.device(device), dtype
        self.kind: type[np.floating] = np.float64 if dtype == torch.float64 else np.float32
        self.reading = read(self.network.cell)
        self.weights = self._stack(weights)
        self.velocities = (
            self._stack(velocities)
            if velocities
            else {key: torch.zeros_like(w) for key, w in self.weights.items()}
        )
        sizes = np.array([network.hidden_size for network in networks])
        number = self._put(sizes.repeat(self.network.directions).reshape(-1, 1, 1))
        each = torch.arange(self.network.hidden_size, device=self.device)
        self.units = Units(each < number if len(set(sizes)) > 1 else None, number.to(dtype))
        self._put_sequences()

    def _put(self, array: np.ndarray, dtype: torch.dtype | None = None) -> torch.Tensor:
        return torch.as_tensor(np.ascontiguousarray(array), dtype=dtype).to(self.device)

    def _put_sequences(self) -> None:
        """Bring the data to the device; behind the last frame, one of zeros that does not count."""
        s = self.sequences
        self.values = self._put(np.pad(s.values, ((0, 1), (0, 0))), self.dtype)
        kind = {"squared": self.dtype, "sigmoid": torch.uint8}.get(self.network.loss, torch.int64)
        beside = [(0, 0)] * (s.targets.ndim - 1)
        self.targets = self._put(np.pad(s.targets, [(0, 1), *beside]), kind)
        scored = np.ones(len(s.values), bool) if s.scored is None else s.scored
        self.scored = self._put(np.pad(scored, (0, 1)))

    def _stack(self, weights: list[Weights]) -> Stack:
        stacked = together(self.networks, self.reading, weights, self.kind)
        return {key: self._put(array) for key, array in stacked.items()}

    def state(self) -> list[tuple[Weights, Weights]]:
        """Return copies of each trial's weights and velocities."""
        parts = (self._apart(stack) for stack in (self.weights, self.velocities))
        return list(zip(*parts, strict=True))

    def _apart(self, stack: Stack) -> list[Weights]:
        arrays = {key: a.cpu().numpy() for key, a in stack.items()}
        return apart(self.networks, self.reading, arrays, self.kind)

    @torch.no_grad()
    def train_epoch(
        self,
        epochs: list[Epoch],
        begun: Begun | None = None,
        pause: Callable[[], bool] = lambda: False,
    ) -> Begun:
        """Present the training sequences to each trial, with its updates.

        Nothing is copied from the device before the end. (With ctc the labels of each step are
        brought to it, and PyTorch's loss may wait.)

        Parameters
        ----------
        epochs : list of Epoch
            A trial each.
        begun : Begun, optional
            Where to go on.
        pause : callable
            Asked after each sequence whether to stop there.

        Returns
        -------
        Begun
            At the end all sequences have been presented. A trial whose loss ceases to be finite
            goes on to the end, and spoils no other.
        """
        begun = begun or Begun(0, np.zeros(len(epochs)))
        presented, optimisers = begun.presented, rates(epochs, self._put, self.dtype)
        keys = self._put(np.stack([epoch.noise_key for epoch in epochs]).astype(np.int64))
        total = self._put(begun.loss.copy())
        waiting = self._stack(begun.waiting) if begun.waiting else None
        for step in steps(epochs, self.sequences, self._put, presented):
            self._look_ahead(optimisers, step)
            loss, found = self._of_step(step, optimisers.noise, keys)
            total += loss
            if waiting is not None:
                found = {key: waiting[key] + g for key, g in found.items()}
            self._update(optimisers, step, found)
            if optimisers.batches:
                waiting = {key: g.masked_fill(_like(step.ends, g), 0) for key, g in found.items()}
            presented += 1
            if pause():
                break
        summed: np.ndarray = total.cpu().numpy()
        if waiting is None or presented == len(epochs[0].order):
            return Begun(presented, summed)
        return Begun(presented, summed, self._apart(waiting))

    def _look_ahead(self, of: Rates, step: Step) -> None:
        """Go where the velocities lead, before the gradient, with Nesterov's momentum."""
        ahead = of.nesterov & step.begins
        factor = torch.where(ahead, of.momentum, 1)
        for key, w in self.weights.items():
            v = self.velocities[key].mul_(_like(factor, w))
            w.add_(v * _like(ahead, w))

    def _update(self, of: Rates, step: Step, found: Stack) -> None:
        """Follow the gradients of the trials whose batch ends."""
        size = torch.where(step.ends, of.step, 0)
        factor = torch.where(step.ends & ~of.nesterov, of.momentum, 1)
        for key, w in self.weights.items():
            g, v = found[key], self.velocities[key]
            if of.clip is not None:
                clip = _like(of.clip, g)
                g = g.clamp(-clip, clip)
            change = g * _like(size, g)
            if of.classical:
                v.mul_(_like(factor, v)).sub_(change)
                by_velocity = v * _like(step.ends, v)
                w.add_(torch.where(_like(of.nesterov, v), -change, by_velocity))
            else:
                v.sub_(change)
                w.sub_(change)

    def _of_step(
        self, step: Step, noise: torch.Tensor | None, keys: torch.Tensor
    ) -> tuple[torch.Tensor, Stack]:
        """Return each trial's loss (K,) and gradients, in the trials' own order."""
        directions = self.network.directions
        stack = {key: w[step.order] for key, w in self.weights.items()}
        units = Units(
            None if self.units.mask is None else self._lanes(self.units.mask, step.order),
            self._lanes(self.units.number, step.order),
        )
        time = torch.arange(len(step.running), device=self.device).view(-1, 1, 1)
        start, length = step.start.unsqueeze(1), step.length.unsqueeze(1)
        valid = time < length  # (T, K, 1)
        index = torch.where(valid, start + time, len(self.values) - 1)
        x = self.values[index]  # (T, K, 1, M)
        if noise is not None:
            drawn = gaussian_noise(
                keys[step.order], step.position, step.length * x.shape[3], len(time) * x.shape[3]
            )
            drawn = drawn.view(len(step.order), len(time), 1, -1).transpose(0, 1).to(self.dtype)
            added = drawn * noise[step.order].view(-1, 1, 1)
            x = x + added.masked_fill(~valid.unsqueeze(3), 0)
        running = Running(
            0,
            [trials * directions for trials in step.running],
            valid.repeat_interleave(directions, 1).unsqueeze(3),
        )
        turned = torch.where(valid, length - 1 - time, time)
        way = Way(self.network, self.reading, units, running, turned)
        logits, passed = outputs(way, stack, x, keep=True)
        with torch.enable_grad():
            logits = logits.detach().requires_grad_()
            loss = losses(logits, self._targets(index, step.targets[:, :, None]), self.network.loss)
            (of_logits,) = torch.autograd.grad(loss.sum(), logits)
        found = gradients(way, stack, passed, of_logits)
        return loss.detach()[step.back, 0].double(), {key: g[step.back] for key, g in found.items()}

    def _lanes(self, a: torch.Tensor, order: torch.Tensor) -> torch.Tensor:
        """Bring (L, ...) into the order of a step's trials."""
        return torch.unflatten(a, 0, (-1, self.network.directions))[order].flatten(0, 1)

    def _targets(self, index: torch.Tensor, of_ctc: np.ndarray) -> Targets:
        """Fetch the targets of frames (T, K, S), or of sequences (3, K, S) as in `Step`."""
        if self.network.loss != "ctc":
            return Targets(self.targets[index], self.scored[index])
        start, number, frames = of_ctc
        place = start[..., None] + np.arange(max(number.max(), 1))
        values = self.targets[self._put(place.clip(max=len(self.targets) - 1))]
        return Targets(values, frames=torch.from_numpy(frames), labels=torch.from_numpy(number))

    @torch.no_grad()
    def evaluate(self, split: str) -> list[Evaluation]:
        """Measure each network on a split, without noise."""
        s, trials, ctc = self.sequences, len(self.networks), self.network.loss == "ctc"
        indices = s.indices(split)
        loss, errors = np.zeros(trials), np.zeros(trials, int)
        at_once = max(1, int(1e6 * EVALUATION_MEGABYTES // self._bytes_a_frame()))
        by_length = indices[np.argsort(-s.lengths[indices], kind="stable")]
        while len(by_length):
            several = max(1, at_once // int(s.lengths[by_length[0]]))
            part, by_length = by_length[:several], by_length[several:]
            logits, targets = self._evaluated(part)
            loss += losses(logits, targets, self.network.loss).double().sum(1).cpu().numpy()
            if ctc:
                errors += self._edits(logits, part)
            elif self.network.loss == "softmax":
                errors += wrong_frames(logits, targets).cpu().numpy()
        frames = int(s.scored_lengths[indices].sum())
        labels = int(s.target_lengths[indices].sum()) if ctc else frames
        return [
            evaluation(self.network, float(loss[k]), frames, int(errors[k]), labels)
            for k in range(trials)
        ]

    def _bytes_a_frame(self) -> int:
        """Reckon what a frame that is evaluated takes: hidden layers, outputs, labels of ctc."""
        n, most = self.network, max(self.sequences.target_lengths)
        hidden = 3 * n.directions * n.layers * n.hidden_size
        outputs = 4 * n.outputs + (2 * most + 1 if n.loss == "ctc" else 0)
        each = self.weights["output.b"].element_size() * (hidden + outputs)
        return len(self.networks) * each + 4 * n.directions * n.inputs

    def _evaluated(self, part: np.ndarray) -> tuple[torch.Tensor, Targets]:
        """Run all networks over some sequences, the longest first."""
        s = self.sequences
        lengths = s.lengths[part]
        time = np.arange(lengths[0])[:, None]
        valid = time < lengths  # (T, S)
        frames = np.where(valid, s.starts[part] + time, len(s.values))
        index = self._put(frames[:, None])  # (T, 1, S)
        turned = self._put(np.where(valid, lengths - 1 - time, time)[:, None])
        running = Running(1, valid.sum(1).tolist(), self._put(valid[:, None, :, None]))
        way = Way(self.network, self.reading, self.units, running, turned)
        logits, _ = outputs(way, self.weights, self.values[index], keep=False)
        of_ctc = np.stack([s.target_starts[part], s.target_lengths[part], lengths])[:, None]
        return logits, self._targets(index, of_ctc.astype(np.int64))

    def _edits(self, logits: torch.Tensor, part: np.ndarray) -> np.ndarray:
        """Add up each trial's edit distances over some sequences."""
        s = self.sequences
        starts = s.target_starts[part]
        paths = logits.argmax(3).cpu().numpy()  # (T, K, S)
        found = np.zeros(paths.shape[1], int)
        for n, index in enumerate(part):
            wanted = s.targets[starts[n] : starts[n] + s.target_lengths[index]]
            for k in range(paths.shape[1]):
                path = paths[: s.lengths[index], k, n]
                found[k] += edit_distance(labels_of(path, logits.shape[3] - 1), wanted)
        return found


def _like(a: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """Give (K,) the axes of weights (K, ...)."""
    return a.view(-1, *[1] * (weights.dim() - 1))
