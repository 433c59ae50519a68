"""The readable engine: a cell's equations, PyTorch's autograd, plain loops."""

import numpy as np
import torch

from odyssey import seeds
from odyssey.cells.equations import Cell, State
from odyssey.features.sequences import Sequences
from odyssey.training.decoding import best_path, edit_distance
from odyssey.training.engines import Evaluation, Optimiser, Weights
from odyssey.training.networks import Network


def recur(x: torch.Tensor, weights: dict[str, torch.Tensor], cell: Cell) -> torch.Tensor:
    """Run a cell over a sequence.

    Parameters
    ----------
    x : torch.Tensor, shape (T, M)
    weights : dict of str to torch.Tensor
        As the cell names them.
    cell : Cell

    Returns
    -------
    torch.Tensor, shape (T, N)
        The outputs y; all states are 0 before the first step.
    """
    w = State(**weights)
    zero = x.new_zeros(len(next(iter(weights.values()))))  # (N,)
    before = State(**dict.fromkeys(cell.states, zero))
    outputs = []
    for frame in x:
        before = cell.step(frame, before, w)
        outputs.append(before.y)
    return torch.stack(outputs)


def forward(x: torch.Tensor, weights: dict[str, torch.Tensor], network: Network) -> torch.Tensor:
    """Run the network over a sequence.

    Parameters
    ----------
    x : torch.Tensor, shape (T, M)
    weights : dict of str to torch.Tensor
        As `odyssey.training.networks.weight_shapes` says.
    network : Network

    Returns
    -------
    torch.Tensor, shape (T, outputs)
        Before softmax or sigmoid.
    """

    def part(direction):
        return {k.split(".")[1]: w for k, w in weights.items() if k.startswith(direction)}

    y = recur(x, part("forward."), network.cell)  # (T, N)
    if network.directions == 2:
        y_backward = recur(x.flip(0), part("backward."), network.cell)
        y = torch.cat([y, y_backward.flip(0)], dim=1)  # (T, 2N)
    return y @ weights["output.W"].T + weights["output.b"]


def sequence_loss(logits: torch.Tensor, targets: torch.Tensor, loss: str) -> torch.Tensor:
    """Sum a sequence's loss over its frames and outputs.

    Parameters
    ----------
    logits : torch.Tensor, shape (T, outputs)
    targets : torch.Tensor
        softmax: (T,) classes; sigmoid: (T, outputs) of 0 and 1; ctc: (labels,) classes.
    loss : str

    Returns
    -------
    torch.Tensor, scalar
        In nats.

    References
    ----------
    Greff et al. (2017), "Network architectures and training"; Graves et al. (2006) for CTC.
    """
    if loss == "softmax":
        return torch.nn.functional.cross_entropy(logits, targets.long(), reduction="sum")
    if loss == "sigmoid":
        return torch.nn.functional.binary_cross_entropy_with_logits(
            logits, targets.to(logits.dtype), reduction="sum"
        )
    return torch.nn.functional.ctc_loss(
        logits.log_softmax(1),
        targets.long(),
        torch.tensor(len(logits)),
        torch.tensor(len(targets)),
        blank=logits.shape[1] - 1,
        reduction="sum",
    )


class ReferenceEngine:
    """See `odyssey.training.engines.Engine`.

    Parameters
    ----------
    network : Network
    sequences : Sequences
    weights : dict of str to numpy.ndarray
    dtype : torch.dtype
        float32 in a study; float64 where it serves as the standard for other engines.
    device : str
        ``"cpu"`` or ``"cuda"``.
    """

    def __init__(
        self,
        network: Network,
        sequences: Sequences,
        weights: Weights,
        dtype=torch.float32,
        device: str = "cpu",
    ):
        torch.set_num_threads(1)  # a trial has one core
        self.arithmetic = f"PyTorch {torch.__version__}"
        self.network, self.sequences = network, sequences
        self.dtype, self.device = dtype, torch.device(device)
        self.frame_ends = np.cumsum(sequences.lengths)
        self.target_ends = np.cumsum(sequences.target_lengths)
        self.train = sequences.indices("train")
        self.restore(weights, None)

    def restore(self, weights: Weights, velocities: Weights | None) -> None:
        """See `Engine.restore`."""
        self.weights = {k: self._tensor(w).requires_grad_() for k, w in weights.items()}
        self.velocities = {
            k: torch.zeros_like(w) if velocities is None else self._tensor(velocities[k])
            for k, w in self.weights.items()
        }

    def state(self) -> tuple[Weights, Weights]:
        """See `Engine.state`."""
        return (
            {k: w.detach().cpu().numpy().copy() for k, w in self.weights.items()},
            {k: v.cpu().numpy().copy() for k, v in self.velocities.items()},
        )

    def _tensor(self, array: np.ndarray) -> torch.Tensor:
        return torch.tensor(array, dtype=self.dtype, device=self.device)

    def _sequence(self, index: int) -> tuple[torch.Tensor, torch.Tensor]:
        s = self.sequences
        end, target_end = self.frame_ends[index], self.target_ends[index]
        x = self._tensor(s.values[end - s.lengths[index] : end])
        targets = torch.tensor(s.targets[target_end - s.target_lengths[index] : target_end])
        return x, targets.to(self.device)

    def _logits(self, x: torch.Tensor) -> torch.Tensor:
        return forward(x, self.weights, self.network)

    def _gradients(self, x, targets) -> tuple[float, dict[str, torch.Tensor]]:
        loss = sequence_loss(self._logits(x), targets, self.network.loss)
        # In a sequence of one frame, some weight may not reach the output yet.
        gradients = torch.autograd.grad(loss, [*self.weights.values()], materialize_grads=True)
        return loss.item(), dict(zip(self.weights, gradients, strict=True))

    def loss_and_gradients(self, index: int) -> tuple[float, Weights]:
        """See `Engine.loss_and_gradients`."""
        loss, gradients = self._gradients(*self._sequence(index))
        return loss, {k: g.cpu().numpy() for k, g in gradients.items()}

    def train_epoch(
        self,
        order: np.ndarray,
        noise_key: np.ndarray,
        input_noise: float,
        optimiser: Optimiser,
    ) -> float:
        """See `Engine.train_epoch`."""
        total, frames = 0.0, 0
        for position in order:
            x, targets = self._sequence(self.train[position])
            if input_noise > 0:
                noise = seeds.gaussian_noise(noise_key, int(position), x.numel())
                x = x + input_noise * self._tensor(noise).view_as(x)
            loss = self._update(x, targets, optimiser)
            total, frames = total + loss, frames + len(x)
            if not np.isfinite(loss):
                return loss
        return total / frames

    def _update(self, x, targets, optimiser: Optimiser) -> float:
        m = optimiser.momentum
        step = (1 - m) * optimiser.learning_rate
        if optimiser.nesterov:
            with torch.no_grad():
                for k, w in self.weights.items():
                    w += self.velocities[k].mul_(m)
        loss, gradients = self._gradients(x, targets)
        with torch.no_grad():
            for k, w in self.weights.items():
                g, v = gradients[k], self.velocities[k]
                if optimiser.clip is not None:
                    g = g.clamp(-optimiser.clip, optimiser.clip)
                if optimiser.nesterov:
                    v -= step * g
                    w -= step * g
                else:
                    v.mul_(m).sub_(step * g)
                    w += v
        return loss

    @torch.no_grad()
    def evaluate(self, split: str) -> Evaluation:
        """See `Engine.evaluate`."""
        loss = errors = frames = labels = 0
        for index in self.sequences.indices(split):
            x, targets = self._sequence(index)
            logits = self._logits(x)
            loss += sequence_loss(logits, targets, self.network.loss).item()
            frames += len(x)
            labels += len(targets)
            if self.network.loss == "softmax":
                errors += int((logits.argmax(1) != targets).sum())
            elif self.network.loss == "ctc":
                errors += edit_distance(best_path(logits.cpu().numpy()), targets.cpu().numpy())
        loss /= frames
        if self.network.loss == "sigmoid":
            return Evaluation(measure=loss, loss=loss)
        return Evaluation(measure=100 * errors / labels, loss=loss)
