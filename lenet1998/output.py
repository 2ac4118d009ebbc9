"""The output layer of section II-B: Euclidean radial basis function units, equation 7.

Unit i computes y_i = sum_j (x_j - w_ij)^2, the squared distance between F6 and the code of class i: a penalty, the
smaller the better. The codes are fixed, so the layer has no trainable parameter; section II-C says what
happens to equation 8 where they are not. It is the one place of the network that is not linear, and here the second
derivatives of appendix C start.

Section II-B draws the codes as stylised characters and argues against one unit per class; the recipe's `codes` lets an
experiment ask what that is worth. The paper's smaller networks have one output unit a class, and there the codes of
"one_of_n" are the units' targets.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from lenet1998.bitmaps import CODES, UNITS, character_codes
from lenet1998.layer import Algebra, Layer, Seed, Shape, Views, as_is

if TYPE_CHECKING:
    from lenet1998.recipe import Recipe


class RBF(Layer):
    """One unit for each row of `codes`, (classes, inputs) of +-1: fixed centres, or with `learns` where they start."""

    def __init__(self, name: str, codes: np.ndarray, learns: bool = False):
        self.name, self.codes, self.learns, self.start = name, codes, learns, codes

    def connect(self, below: Shape) -> Shape:
        if below != self.codes.shape[1:]:
            raise ValueError(f"{self.name}: codes of {self.codes.shape[1]} do not fit {below} units below")
        self.below, self.shape = below, self.codes.shape[:1]
        return self.shape

    def parameter_shapes(self) -> dict[str, Shape]:
        return {"centre": self.start.shape} if self.learns else {}

    def bind(self, values: Views, gradients: Views, curvatures: Views) -> None:
        super().bind(values, gradients, curvatures)
        if self.learns:
            self.codes = values["centre"]

    def connections(self) -> int:
        return self.codes.size

    def macs(self) -> int:
        return self.codes.size

    def forward(self, x: np.ndarray) -> np.ndarray:
        self.offsets = x[:, None, :] - self.codes.astype(x.dtype)
        return np.square(self.offsets).sum(axis=2)

    def adjoint(self, cotangent: np.ndarray, algebra: Algebra, into: Views) -> np.ndarray:
        """sum_i dE/dy_i 2 (x_j - w_ij); in the squared algebra this is the Gauss-Newton term of independent outputs.

        A centre sees its own unit alone, with the opposite sign: dE/dw_ij = -dE/dy_i 2 (x_j - w_ij).
        """
        if into:
            into["centre"] += np.einsum("pi,pij->ij", cotangent, algebra(-2 * self.offsets))
        return (cotangent[:, None, :] @ algebra(2 * self.offsets))[:, 0]

    def seed_curvature(self, seed: Seed) -> np.ndarray:
        """Seed the recursion: the exact d2E/dx_j2 on every unit of F6, (P, inputs).

        By the chain rule it is 2 sum_i dE/dy_i + sum_ik d2E/dy_i dy_k 2(x_j - w_ij) 2(x_j - w_kj); for equation 8 the
        second part is zero and the first is constant. Of a centre it is 2 dE/dy_i + d2E/dy_i2 4 (x_j - w_ij)^2. Where
        the first part is negative, under equation 9 for every class but the correct one, it is left out, as in
        Gauss-Newton.
        """
        if self.learns:
            self.adjoint(seed.diagonal - np.square(seed.root), np.square, self.curvatures)
            self.curvatures["centre"] += 2 * np.maximum(seed.gradient, 0).sum(axis=0)[:, None]
        slope_of_y = 2 * seed.gradient.sum(axis=1, keepdims=True)
        return slope_of_y + self.adjoint(seed.diagonal, np.square, {}) - np.square(self.adjoint(seed.root, as_is, {}))


_SEED = 1998


def output_codes(name: str, classes: int = 10, characters: str = "0123456789", units: int = UNITS) -> np.ndarray:
    """The codes of so many classes, (classes, units) of +-1; only "one_of_n" has other than 84 units.

    "bitmap" are the 7x12 drawings of Figure 3, of so many `characters`; "random" are fair coins, thrown once for all
    recipes and seeds; in "one_of_n" each class has its own block of units at +1, 8 or 9 where there are ten.

    >>> output_codes("one_of_n")[9, 70:].tolist()
    [-1, -1, -1, -1, -1, -1, 1, 1, 1, 1, 1, 1, 1, 1]
    >>> output_codes("one_of_n", units=10)[9].tolist()
    [-1, -1, -1, -1, -1, -1, -1, -1, -1, 1]
    >>> output_codes("bitmap", 2, "AZ").shape, output_codes("random", 30).shape
    ((2, 84), (30, 84))
    """
    if name == "bitmap":
        return character_codes(characters)
    if name == "random":
        return np.random.default_rng(_SEED).choice(np.array([-1, 1], np.int8), (classes, UNITS))
    block = np.arange(units) * classes // units
    return np.where(block == np.arange(classes)[:, None], 1, -1).astype(np.int8)


def for_classes(recipe: Recipe, classes: tuple[str, ...]) -> Recipe:
    """The recipe with an output unit for each of these classes, by their names; itself where there are none.

    Codes that were to be bitmaps are those of the classes' own characters, as section II-B has them for the whole of
    ASCII. Where a name is not a printable character Figure 3 has nothing to give, and all codes are random.

    >>> from lenet1998.recipe import Recipe
    >>> letters = for_classes(Recipe(), ("A", "B", "C"))
    >>> letters.classes, letters.characters, for_classes(Recipe(), ("coat", "bag")).codes
    (3, 'ABC', 'random')
    """
    if not classes:
        return recipe
    if recipe.codes != "bitmap" or recipe.output != "rbf":
        return replace(recipe, classes=len(classes))
    if set(classes) <= CODES.keys():
        return replace(recipe, classes=len(classes), characters="".join(classes))
    return replace(recipe, classes=len(classes), codes="random")
