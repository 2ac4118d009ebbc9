"""The optimisers, compiled: what `lenet1998.modern.optimisers` does to flat vectors, on one parameter at a time.

An update after every pattern touches four or five numbers for each parameter, more than the pattern's own gradient
does; so it is one loop, which also leaves the gradient at zero for the next mini-batch. The optimiser's own arrays are
worked on where they are: a run may change engines between two passes, and a checkpoint saves them without asking.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from lenet1998.engine import NoKernels
from lenet1998.kernels.elementary import power
from lenet1998.kernels.lanes import add_lanes, load
from lenet1998.kernels.specialise import vectors
from lenet1998.modern.optimisers import EPSILON, SGD, Adam, Momentum, Optimiser, Rate, RMSProp

if TYPE_CHECKING:
    from lenet1998.kernels.plan import Call, Plan
    from lenet1998.network import Network

KINDS: tuple[type[Optimiser], ...] = (SGD, Momentum, RMSProp, Adam)
"""The optimisers that `update` knows, in the order of its argument `kind`."""


def rounded(kind, settings, made, patterns, numbers):
    """Fill `numbers`, of the network's dtype, for one more update by `patterns` patterns.

    `settings` are the rate, the share of the first memory that is kept, and that of the second, in float64; `made`
    counts updates. `numbers` become 1 / patterns, the rate, what is kept and added of both, and what makes up for a
    second memory that started at zero; Adam's rate makes up for the first.
    """
    made[0] += 1
    numbers[0] = 1 / patterns
    numbers[1] = settings[0]
    numbers[2], numbers[3] = settings[1], 1 - settings[1]
    numbers[4], numbers[5] = settings[2], 1 - settings[2]
    numbers[6] = 1.0
    if kind == 3:
        numbers[1] = settings[0] / (1 - power(settings[1], made[0]))
        numbers[6] = 1 / (1 - power(settings[2], made[0]))


def update(w, g, origin, kind, numbers, rates, decay, first, second, *, epsilon, lanes):
    """Update `w` from the sum of its gradients, `g`, and clear it; return the sum of the new weights.

    `w` is a parameter flattened; in the flat vectors `rates`, `decay`, `first` and `second` it starts at `origin`.
    Their use: for SGD and momentum, `rates`; for all, `decay` if it is not empty; and the memories that the optimiser
    has.
    """
    share, rate = numbers[0], numbers[1]
    keep, add, keep_square, add_square = numbers[2], numbers[3], numbers[4], numbers[5]
    by_square = numbers[6]
    if decay.size > 0:
        for i in range(w.size):
            g[i] = share * g[i] + decay[origin + i] * w[i]
        share = 1.0  # now it is the mean, with the decay
    if kind == 0:
        for i in range(w.size):
            w[i] -= rates[origin + i] * (share * g[i])
    elif kind == 1:
        for i in range(w.size):
            velocity = keep * first[origin + i] - rates[origin + i] * (share * g[i])
            first[origin + i] = velocity
            w[i] += velocity
    elif kind == 2:
        for i in range(w.size):
            mean = share * g[i]
            square = keep_square * first[origin + i] + add_square * (mean * mean)
            first[origin + i] = square
            w[i] -= rate * mean / (np.sqrt(square) + epsilon)
    else:
        for i in range(w.size):
            mean = share * g[i]
            momentum = keep * first[origin + i] + add * mean
            square = keep_square * second[origin + i] + add_square * (mean * mean)
            first[origin + i] = momentum
            second[origin + i] = square
            w[i] -= rate * momentum / (np.sqrt(by_square * square) + epsilon)
    for i in range(w.size):
        g[i] = 0.0
    sums = vectors(1)
    for i in range(0, w.size, lanes):
        sums[0] = sums[0] + load(w, i, w.size - i)
    return add_lanes(sums[0])


def emit(network: Network, plan: Plan) -> tuple[Call, list[Call]]:
    """The call before an update, and one for each parameter."""
    origins, origin = {}, 0
    for key, shape in network.parameters.shapes.items():
        origins[key] = origin
        origin += math.prod(shape)
    calls = []
    for name, (key, _) in list(plan.parameters.items()):
        arguments = [plan.flat(name), plan.flat(f"{name}_by"), str(origins[key]), "kind", "numbers", *_VECTORS]
        calls.append(plan.call(update, "update", arguments, epsilon=EPSILON))
    return plan.call(rounded, "rounded", ["kind", "settings", "made", "stop - start", "numbers"]), calls


def require_kernel(optimiser: Optimiser) -> None:
    """Raise NoKernels for an optimiser that `update` does not know."""
    if type(optimiser) not in KINDS:
        raise NoKernels(f"the numba engine has no kernels for {type(optimiser).__name__}")


def arguments(optimiser: Optimiser, rate: Rate, values: np.ndarray) -> tuple:
    """What a compiled function takes of an optimiser: kind, settings, made, numbers, and the flat vectors.

    Raises NoKernels for an optimiser that has none, and TypeError for a vector of rates with RMSProp and Adam.
    """
    require_kernel(optimiser)
    nothing = np.empty(0, values.dtype)
    state = optimiser.state()
    made = state.pop("steps", np.zeros(1, np.int64))
    first, second, *_ = [*state.values(), nothing, nothing]
    rates = nothing
    if isinstance(optimiser, (SGD, Momentum)):
        rates, rate = np.full(len(values), rate, values.dtype), 0.0
    settings = [float(rate), getattr(optimiser, "momentum", 0.0), getattr(optimiser, "rms_decay", 0.0)]
    decay = nothing if optimiser.decay is None else np.array(optimiser.decay, values.dtype)
    numbers = np.empty(7, values.dtype)
    return KINDS.index(type(optimiser)), np.array(settings), made, numbers, rates, decay, first, second


_VECTORS = ("rates", "decay", "first", "second")
