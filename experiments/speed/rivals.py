"""The same online step of LeNet-5 in PyTorch (eager, batch of one) and JAX (`lax.scan`), for benchmark_speed.

Written for that comparison alone, as their users would write it: the C3 table as a mask on a full convolution,
equation 9, one update after every pattern with a step size for every parameter. Before anything is timed, their
gradients must equal the NumPy engine's. The network they compute is read off `lenet1998.network`'s layers; what they
cannot express is refused.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from lenet1998.layers import Convolution, FullConnection, Layer, Squash, Subsampling
from lenet1998.loss import MAP
from lenet1998.network import Network
from lenet1998.output import RBF
from lenet1998.squash import A, S

Tensor = Any  # torch.Tensor or jax.Array, neither of which need be installed
Step = Callable[[np.ndarray, np.ndarray], None]
"""Learns the inputs (P, 1, 32, 32) with labels (P,) one by one, weights kept from call to call."""


def torch_rival(network: Network, penalties: MAP) -> tuple[Callable[..., np.ndarray], Step]:
    """PyTorch: (gradient of one pattern as a flat vector, the online step)."""
    import torch
    from torch.nn import functional

    torch.set_num_threads(1)
    parameters = {
        name: torch.tensor(view, requires_grad=True)
        for name, view in network.parameters.named(network.parameters.values).items()
    }
    masks = {layer.name: torch.tensor(_mask(layer)) for layer in network.layers if isinstance(layer, Convolution)}

    def apply(layer: Layer, x: Tensor) -> Tensor:
        p = {key: parameters[f"{layer.name}.{key}"] for key in layer.parameter_shapes()}
        if isinstance(layer, Convolution):
            dense = torch.zeros(masks[layer.name].shape + p["weight"].shape[1:])
            dense[masks[layer.name]] = p["weight"]
            return functional.conv2d(x, dense, p["bias"])
        if isinstance(layer, Subsampling):
            pooled = functional.avg_pool2d(x, 2) * (4 * layer.scale)
            return pooled * p["coefficient"][:, None, None] + p["bias"][:, None, None]
        if isinstance(layer, FullConnection):
            return functional.linear(x.flatten(1), p["weight"], p["bias"])
        if isinstance(layer, Squash):
            return A * torch.tanh(S * x)
        if isinstance(layer, RBF):
            return ((x[:, None, :] - torch.tensor(layer.codes, dtype=x.dtype)) ** 2).sum(2)
        raise TypeError(f"no PyTorch twin of {type(layer).__name__}")

    def loss(x: np.ndarray, label: int) -> Tensor:
        y = torch.from_numpy(x)
        for layer in network.layers:
            y = apply(layer, y)
        y = penalties.penalty_scale * y[0]
        return y[label] + torch.logsumexp(torch.cat((-y, torch.tensor([-penalties.j]))), 0)

    def gradient(x: np.ndarray, label: int) -> np.ndarray:
        found = torch.autograd.grad(loss(x, label), list(parameters.values()))
        return np.concatenate([part.numpy().ravel() for part in found])

    steps = [torch.full_like(p, 1e-6) for p in parameters.values()]

    def learn(inputs: np.ndarray, labels: np.ndarray) -> None:
        for k in range(len(inputs)):
            found = torch.autograd.grad(loss(inputs[k : k + 1], int(labels[k])), list(parameters.values()))
            with torch.no_grad():
                for p, g, step in zip(parameters.values(), found, steps, strict=True):
                    p.sub_(step * g)

    return gradient, learn


def jax_rival(network: Network, penalties: MAP) -> tuple[Callable[..., np.ndarray], Step]:
    """JAX: (gradient of one pattern as a flat vector, the online step, compiled with `lax.scan`)."""
    import jax
    from jax import lax
    from jax import numpy as jnp

    parameters = {name: jnp.asarray(view) for name, view in network.parameters.named(network.parameters.values).items()}

    def apply(layer: Layer, parameters: dict[str, Tensor], x: Tensor) -> Tensor:
        p = {key: parameters[f"{layer.name}.{key}"] for key in layer.parameter_shapes()}
        if isinstance(layer, Convolution):
            mask = _mask(layer)
            dense = jnp.zeros(mask.shape + p["weight"].shape[1:]).at[np.nonzero(mask)].set(p["weight"])
            return lax.conv(x, dense, (1, 1), "VALID") + p["bias"][:, None, None]
        if isinstance(layer, Subsampling):
            pooled = x.reshape(1, layer.below[0], layer.shape[1], 2, layer.shape[2], 2).sum((3, 5)) * layer.scale
            return pooled * p["coefficient"][:, None, None] + p["bias"][:, None, None]
        if isinstance(layer, FullConnection):
            return x.reshape(1, -1) @ p["weight"].T + p["bias"]
        if isinstance(layer, Squash):
            return A * jnp.tanh(S * x)
        if isinstance(layer, RBF):
            return ((x[:, None, :] - jnp.asarray(layer.codes, x.dtype)) ** 2).sum(2)
        raise TypeError(f"no JAX twin of {type(layer).__name__}")

    def loss(parameters: dict[str, Tensor], x: Tensor, label: Tensor) -> Tensor:
        for layer in network.layers:
            x = apply(layer, parameters, x)
        y = penalties.penalty_scale * x[0]
        return y[label] + jax.nn.logsumexp(jnp.append(-y, -penalties.j))

    def gradient(x: np.ndarray, label: int) -> np.ndarray:
        found = jax.grad(loss)(parameters, x, label)
        return np.concatenate([np.asarray(found[name]).ravel() for name in parameters])

    def update(parameters: dict[str, Tensor], pattern: tuple[Tensor, Tensor]) -> tuple[dict[str, Tensor], None]:
        g = jax.grad(loss)(parameters, pattern[0][None], pattern[1])
        return {name: value - 1e-6 * g[name] for name, value in parameters.items()}, None

    scan = jax.jit(lambda parameters, patterns: lax.scan(update, parameters, patterns)[0])
    state = {"parameters": parameters}

    def learn(inputs: np.ndarray, labels: np.ndarray) -> None:
        state["parameters"] = jax.block_until_ready(scan(state["parameters"], (inputs, labels.astype(np.int32))))

    return gradient, learn


RIVALS = {"torch": torch_rival, "jax": jax_rival}


def _mask(layer: Convolution) -> np.ndarray:
    """Where kernels stand among maps x maps below: bool, in the order of the kernels."""
    return np.ascontiguousarray(layer.table.T)
