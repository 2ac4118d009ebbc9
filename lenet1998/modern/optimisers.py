"""How the gradient of a mini-batch changes the parameters, for everything but the paper's own online update.

An optimiser works on flat vectors, in place. The gradient it is given is the mean over the mini-batch; `decay` adds
to it that of the L2 penalty, lambda/2 times the sum of the squared weights, biases left out. Arrays in `state()` are
the live ones, so that a checkpoint can save them and a compiled engine can change them. Formulas are those of the
sources, with g for the gradient and eta for the rate, which may be a vector: SDLM (equation 21) with mini-batches is
`SGD` with a step size for each parameter, or `Momentum` with them.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lenet1998.parameters import Parameters
from lenet1998.registry import Registry

if TYPE_CHECKING:
    from lenet1998.recipe import Recipe

EPSILON = 1e-8
"""Keeps divisions by a root of zero finite."""

Rate = float | np.ndarray


class Optimiser(ABC):
    """`values` are the parameters to be changed: they give the state its size and dtype. `decay` is lambda for each
    parameter, an array like `values`, or None for no decay at all."""

    def __init__(self, values: np.ndarray, decay: np.ndarray | None = None):
        self.decay = decay

    @classmethod
    def of(cls, recipe: Recipe, values: np.ndarray, decay: np.ndarray | None) -> Optimiser:
        """The optimiser with the recipe's numbers."""
        return cls(values, decay)

    def step(self, values: np.ndarray, gradient: np.ndarray, rate: Rate) -> None:
        """One update of `values`, in place; `gradient` is used up."""
        if self.decay is not None:
            gradient += self.decay * values
        self.update(values, gradient, rate)

    @abstractmethod
    def update(self, values: np.ndarray, gradient: np.ndarray, rate: Rate) -> None:
        """The formula, with the decay already in the gradient."""

    def state(self) -> dict[str, np.ndarray]:
        """The arrays that the next step depends on, by name."""
        return {}

    def restore(self, saved: dict[str, np.ndarray]) -> None:
        """Take over what `state` gave. Raises ValueError for other names, shapes, dtypes or numbers not finite."""
        own = self.state()
        if set(saved) != set(own):
            raise ValueError(f"the optimiser's state has {sorted(saved)} instead of {sorted(own)}")
        for name, array in own.items():
            if saved[name].shape != array.shape or saved[name].dtype != array.dtype:
                raise ValueError(f"the optimiser's {name} is {saved[name].dtype} {saved[name].shape}")
            if not np.isfinite(saved[name]).all():
                raise ValueError(f"a value of the optimiser's {name} is not finite")
        for name, array in own.items():
            array[...] = saved[name]


class SGD(Optimiser):
    """w <- w - eta g: gradient descent on the mini-batch, without a memory.

    >>> w = np.array([1.0])
    >>> SGD(w).step(w, np.array([2.0]), rate=0.25)
    >>> w.tolist()
    [0.5]
    """

    def update(self, values: np.ndarray, gradient: np.ndarray, rate: Rate) -> None:
        values -= rate * gradient


class Momentum(Optimiser):
    """v <- beta v - eta g, w <- w + v: the heavy ball (Polyak 1964)."""

    def __init__(self, values: np.ndarray, momentum: float = 0.9, decay: np.ndarray | None = None):
        super().__init__(values, decay)
        self.momentum = momentum
        self.velocity = np.zeros_like(values)

    @classmethod
    def of(cls, recipe: Recipe, values: np.ndarray, decay: np.ndarray | None) -> Optimiser:
        return cls(values, recipe.momentum, decay)

    def update(self, values: np.ndarray, gradient: np.ndarray, rate: Rate) -> None:
        self.velocity *= self.momentum
        self.velocity -= rate * gradient
        values += self.velocity

    def state(self) -> dict[str, np.ndarray]:
        return {"velocity": self.velocity}


class RMSProp(Optimiser):
    """s <- rho s + (1 - rho) g^2, w <- w - eta g / (sqrt(s) + epsilon) (Tieleman and Hinton 2012, lecture 6.5)."""

    def __init__(self, values: np.ndarray, rms_decay: float = 0.999, decay: np.ndarray | None = None):
        super().__init__(values, decay)
        self.rms_decay = rms_decay
        self.square = np.zeros_like(values)

    @classmethod
    def of(cls, recipe: Recipe, values: np.ndarray, decay: np.ndarray | None) -> Optimiser:
        return cls(values, decay=decay)

    def update(self, values: np.ndarray, gradient: np.ndarray, rate: Rate) -> None:
        self.square *= self.rms_decay
        self.square += (1 - self.rms_decay) * np.square(gradient)
        values -= rate * gradient / (np.sqrt(self.square) + EPSILON)

    def state(self) -> dict[str, np.ndarray]:
        return {"square": self.square}


class Adam(Optimiser):
    """m <- b1 m + (1 - b1) g, s <- b2 s + (1 - b2) g^2, and after t steps (Kingma and Ba 2015, algorithm 1)
    w <- w - eta m / (1 - b1^t) / (sqrt(s / (1 - b2^t)) + epsilon): both means corrected for their start at zero.
    """

    def __init__(
        self,
        values: np.ndarray,
        momentum: float = 0.9,
        rms_decay: float = 0.999,
        decay: np.ndarray | None = None,
    ):
        super().__init__(values, decay)
        self.momentum, self.rms_decay = momentum, rms_decay
        self.mean, self.square = np.zeros_like(values), np.zeros_like(values)
        self.steps = np.zeros(1, np.int64)

    @classmethod
    def of(cls, recipe: Recipe, values: np.ndarray, decay: np.ndarray | None) -> Optimiser:
        return cls(values, recipe.momentum, decay=decay)

    def update(self, values: np.ndarray, gradient: np.ndarray, rate: Rate) -> None:
        self.steps += 1
        self.mean *= self.momentum
        self.mean += (1 - self.momentum) * gradient
        self.square *= self.rms_decay
        self.square += (1 - self.rms_decay) * np.square(gradient)
        steps = int(self.steps[0])
        by_mean, by_square = 1 - self.momentum**steps, 1 - self.rms_decay**steps
        values -= rate / by_mean * self.mean / (np.sqrt(self.square / by_square) + EPSILON)

    def state(self) -> dict[str, np.ndarray]:
        return {"mean": self.mean, "square": self.square, "steps": self.steps}


@dataclass(frozen=True)
class Method:
    """An optimiser, and whether its rates are step sizes from second derivatives (equation 21) in place of eta."""

    kind: type[Optimiser]
    by_curvature: bool = False


OPTIMISERS = Registry(
    "optimiser",
    {
        "sdlm": Method(SGD, by_curvature=True),
        "sdlm_momentum": Method(Momentum, by_curvature=True),
        "sgd": Method(SGD),
        "momentum": Method(Momentum),
        "rmsprop": Method(RMSProp),
        "adam": Method(Adam),
    },
)
"""Methods by name; one of the user's own may be a type of optimiser."""


def method_of(recipe: Recipe) -> Method:
    """The recipe's method."""
    found = OPTIMISERS[recipe.optimiser]
    return found if isinstance(found, Method) else Method(found)


def make_optimiser(recipe: Recipe, parameters: Parameters) -> Optimiser:
    """The recipe's optimiser for these parameters."""
    decay = recipe.weight_decay * parameters.decaying if recipe.weight_decay else None
    return method_of(recipe).kind.of(recipe, parameters.values, decay)
