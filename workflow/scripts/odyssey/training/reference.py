"""The readable engine: a cell's equations, PyTorch's autograd, plain loops."""

import numpy as np
import numpy.typing as npt
import torch

from odyssey import seeds
from odyssey.cells.equations import Cell, State
from odyssey.features.sequences import Sequences
from odyssey.training.decoding import best_path, edit_distance
from odyssey.training.engine import Evaluation, Optimiser, evaluation
from odyssey.training.networks import Network, Weights, directions_of


def recur(x: torch.Tensor, weights: dict[str, torch.Tensor], cell: Cell) -> torch.Tensor:
    """Run a cell over a sequence.

    Parameters
    ----------
    x : torch.Tensor, shape (T, M)
    weights : dict of str to torch.Tensor
        As the cell names them.

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

    Returns
    -------
    torch.Tensor, shape (T, outputs)
        Before softmax or sigmoid.
    """

    def part(direction: str) -> dict[str, torch.Tensor]:
        return {k.split(".")[1]: w for k, w in weights.items() if k.split(".")[0] == direction}

    y = x
    for layer in range(1, network.layers + 1):
        forward, *backward = directions_of(network, layer)
        outputs = [recur(y, part(forward), network.cell)]  # (T, N)
        outputs += [recur(y.flip(0), part(name), network.cell).flip(0) for name in backward]
        y = torch.cat(outputs, dim=1)  # (T, directions * N)
    return y @ weights["output.W"].T + weights["output.b"]


def sequence_loss(logits: torch.Tensor, targets: torch.Tensor, loss: str) -> torch.Tensor:
    """Sum a loss over frames and outputs.

    Parameters
    ----------
    logits : torch.Tensor, shape (T, outputs)
        Of a sequence, or of its scored frames.
    targets : torch.Tensor
        softmax: (T,) classes; sigmoid: (T, outputs) of 0 and 1; squared: (T, outputs); ctc:
        (labels,) classes.

    Returns
    -------
    torch.Tensor, scalar
        In nats; the sum of squared differences, without a factor, if the loss is squared.

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
    if loss == "squared":
        return (logits - targets).square().sum()
    return torch.nn.functional.ctc_loss(
        logits.log_softmax(1),
        targets.long(),
        torch.tensor(len(logits)),
        torch.tensor(len(targets)),
        blank=logits.shape[1] - 1,
        reduction="sum",
    )


class ReferenceEngine:
    """See `odyssey.training.engine.Engine`.

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
        dtype: torch.dtype = torch.float32,
        device: str = "cpu",
    ):
        torch.set_num_threads(1)  # a trial has one core
        self.arithmetic = f"PyTorch {torch.__version__}"
        self.network, self.sequences = network, sequences
        self.dtype, self.device = dtype, torch.device(device)
        self.frame_ends = np.cumsum(sequences.lengths)
        self.target_ends = np.cumsum(sequences.target_lengths)
        self.scored_lengths = sequences.scored_lengths
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

    def _inputs(self, index: int) -> torch.Tensor:
        end = self.frame_ends[index]
        return self._tensor(self.sequences.values[end - self.sequences.lengths[index] : end])

    def _results(self, index: int, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return logits and targets, of the scored frames alone."""
        s, end = self.sequences, self.target_ends[index]
        frames = slice(end - s.target_lengths[index], end)
        logits = forward(x, self.weights, self.network)
        targets = torch.tensor(s.targets[frames]).to(self.device)
        if s.scored is None:
            return logits, targets
        scored = torch.tensor(s.scored[frames]).to(self.device)
        return logits[scored], targets[scored]

    def _gradients(self, index: int, x: torch.Tensor) -> tuple[float, dict[str, torch.Tensor]]:
        loss = sequence_loss(*self._results(index, x), self.network.loss)
        # In a sequence of one frame, some weight may not reach the output yet.
        gradients = torch.autograd.grad(loss, [*self.weights.values()], materialize_grads=True)
        return loss.item(), dict(zip(self.weights, gradients, strict=True))

    def loss_and_gradients(self, index: int) -> tuple[float, Weights]:
        """See `Engine.loss_and_gradients`."""
        loss, gradients = self._gradients(index, self._inputs(index))
        return loss, {k: g.cpu().numpy() for k, g in gradients.items()}

    def train_epoch(
        self,
        order: npt.NDArray[np.int64],
        noise_key: npt.NDArray[np.uint32],
        input_noise: float,
        optimiser: Optimiser,
        batch: int = 1,
    ) -> float:
        """See `Engine.train_epoch`."""
        total, frames = 0.0, 0
        for begin in range(0, len(order), batch):
            self._look_ahead(optimiser)
            gradients: dict[str, torch.Tensor] = {}
            for position in order[begin : begin + batch]:
                index = self.train[position]
                x = self._inputs(index)
                if input_noise > 0:
                    noise = seeds.gaussian_noise(noise_key, int(position), x.numel())
                    x = x + input_noise * self._tensor(noise).view_as(x)
                loss, more = self._gradients(index, x)
                gradients = {k: gradients[k] + g if gradients else g for k, g in more.items()}
                total, frames = total + loss, frames + self.scored_lengths[index]
                if not np.isfinite(loss):
                    break
            self._update(gradients, optimiser)
            if not np.isfinite(loss):
                return loss
        return float(total / frames)

    @torch.no_grad()
    def _look_ahead(self, optimiser: Optimiser) -> None:
        """Before the gradient, with Nesterov's momentum."""
        if optimiser.nesterov:
            for k, w in self.weights.items():
                w += self.velocities[k].mul_(optimiser.momentum)

    @torch.no_grad()
    def _update(self, gradients: dict[str, torch.Tensor], optimiser: Optimiser) -> None:
        """Follow the gradient."""
        m = optimiser.momentum
        step = (1 - m) * optimiser.learning_rate
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

    @torch.no_grad()
    def evaluate(self, split: str) -> Evaluation:
        """See `Engine.evaluate`."""
        loss, errors, labels = 0.0, 0, 0
        indices = self.sequences.indices(split)
        for index in indices:
            logits, targets = self._results(index, self._inputs(index))
            loss += sequence_loss(logits, targets, self.network.loss).item()
            labels += len(targets)
            if self.network.loss == "softmax":
                errors += int((logits.argmax(1) != targets).sum())
            elif self.network.loss == "ctc":
                errors += edit_distance(best_path(logits.cpu().numpy()), targets.cpu().numpy())
        frames = int(self.scored_lengths[indices].sum())
        return evaluation(self.network, loss, frames, errors, labels)
