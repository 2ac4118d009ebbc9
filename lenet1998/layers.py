"""The layers of section II-B, in NumPy, written to be read beside the paper.

A layer computes its units' weighted sums a = w.x + b (equation 5) or squashes them, for P patterns at once; what all
have in common, and why one `adjoint` serves twice, is said in `lenet1998.layer`.
"""

import numpy as np

from lenet1998.layer import Algebra, Layer, Shape, Views
from lenet1998.squash import squash, squash_slope


class Convolution(Layer):
    """C1, C3, C5: each map convolves the maps that `table` joins to it with trainable kernels, and adds one bias.

    `table` is bool (maps below, maps), as in Table I. Kernels lie in the order of the table's columns, (kernels, k,
    k). In the paper the stride is 1 and nothing is padded, so a map shrinks by k - 1. `padding` puts as many zeros
    round the maps below; where the windows do not fit at the right and lower ends, what is left there is not seen.

    >>> Convolution("C1", np.ones((3, 32), bool), kernel=7, padding=3).connect((3, 32, 32))
    (32, 32, 32)
    """

    def __init__(self, name: str, table: np.ndarray, kernel: int, stride: int = 1, padding: int = 0):
        self.name, self.table, self.k, self.stride, self.padding = name, table, kernel, stride, padding
        self.maps = table.shape[1]

    def connect(self, below: Shape) -> Shape:
        maps, *sizes = below
        rows, columns = ((size + 2 * self.padding - self.k) // self.stride + 1 for size in sizes)
        if maps != len(self.table) or min(rows, columns) < 1:
            raise ValueError(f"{self.name}: {below} below does not fit {len(self.table)} maps and kernels of {self.k}")
        self.below, self.shape = below, (self.maps, rows, columns)
        # Where each kernel stands among all maps x maps below: the dense matrix is zero elsewhere.
        self.places = slice(None) if self.table.all() else np.flatnonzero(self.table.T)
        return self.shape

    def parameter_shapes(self) -> dict[str, Shape]:
        return {"weight": (int(self.table.sum()), self.k, self.k), "bias": (self.maps,)}

    def fan_in(self, parameter: str) -> np.ndarray:
        per_map = self.table.sum(axis=0) * self.k**2
        return per_map if parameter == "bias" else np.repeat(per_map, self.table.sum(axis=0))[:, None, None]

    def connections(self) -> int:
        return self.macs() + int(np.prod(self.shape))

    def macs(self) -> int:
        """As many as the windows have taps, those on the padding included."""
        return int(self.table.sum()) * self.k**2 * self.shape[1] * self.shape[2]

    def forward(self, x: np.ndarray) -> np.ndarray:
        self.windows = self._windows(x)
        a = self._matrix(self.values["weight"]) @ self.windows
        a += self.values["bias"][:, None]
        return a.reshape(-1, *self.shape)

    def adjoint(self, cotangent: np.ndarray, algebra: Algebra, into: Views) -> np.ndarray | None:
        cotangent = cotangent.reshape(len(cotangent), self.maps, -1)
        every_kernel = np.tensordot(cotangent, algebra(self.windows), axes=([0, 2], [0, 2]))
        into["weight"] += every_kernel.reshape(-1, self.k, self.k)[self.places]
        into["bias"] += cotangent.sum(axis=(0, 2))
        if self.lowest:
            return None
        return self._overlap(self._matrix(algebra(self.values["weight"])).T @ cotangent)

    def _matrix(self, kernels: np.ndarray) -> np.ndarray:
        """The kernels as a dense matrix (maps, maps below * k * k), with zeros where the table joins no maps."""
        if self.table.all():
            return kernels.reshape(self.maps, -1)
        dense = np.zeros((self.table.size, self.k * self.k), dtype=kernels.dtype)
        dense[self.places] = kernels.reshape(len(kernels), self.k * self.k)
        return dense.reshape(self.maps, -1)

    def _windows(self, x: np.ndarray) -> np.ndarray:
        """Every k x k window of x, as columns: (P, maps below * k * k, positions)."""
        if self.padding:
            x = np.pad(x, ((0, 0), (0, 0), (self.padding,) * 2, (self.padding,) * 2))
        x = np.ascontiguousarray(x)
        per_pattern, per_map, per_row, per_column = x.strides
        windows = np.ndarray(
            (len(x), self.below[0], self.k, self.k, *self.shape[1:]),
            x.dtype,
            x.data,
            strides=(per_pattern, per_map, per_row, per_column, self.stride * per_row, self.stride * per_column),
        )
        return windows.reshape(len(x), self.below[0] * self.k**2, -1)

    def _overlap(self, windows: np.ndarray) -> np.ndarray:
        """The transpose of `_windows`: each input collects what every window that holds it brings.

        Taps are added first along the columns, then along the rows: 2k slices instead of k^2.
        """
        (maps, height, width), (_, rows, columns) = self.below, self.shape
        edge, step = self.padding, self.stride
        windows = windows.reshape(-1, maps, self.k, self.k, rows, columns)
        strips = np.zeros((len(windows), maps, self.k, rows, width + 2 * edge), dtype=windows.dtype)
        x = np.zeros((len(windows), maps, height + 2 * edge, width + 2 * edge), dtype=windows.dtype)
        for tap in range(self.k):
            strips[..., tap : tap + step * columns : step] += windows[:, :, :, tap]
        for tap in range(self.k):
            x[:, :, tap : tap + step * rows : step] += strips[:, :, tap]
        return x[:, :, edge : edge + height, edge : edge + width]


class Subsampling(Layer):
    """S2, S4: the sum (section II-B) or the average (II-A) of each 2x2 window, times a coefficient, plus a bias.

    The unit has one trainable input, its window's sum; so the coefficient's curvature is that sum squared times h, and
    each of the four inputs receives coefficient^2 h, and the quarter of an average is squared too. Each map below has
    `each` maps here, one after the other: one in LeNet-5, two in LeNet-4 (section III-C.8).
    """

    def __init__(self, name: str, average: bool = False, each: int = 1):
        self.name, self.each = name, each
        self.scale = 0.25 if average else 1.0

    def connect(self, below: Shape) -> Shape:
        maps, height, width = below
        if height % 2 or width % 2:
            raise ValueError(f"{self.name}: 2x2 windows do not tile {height}x{width}")
        self.below, self.shape = below, (self.each * maps, height // 2, width // 2)
        return self.shape

    def parameter_shapes(self) -> dict[str, Shape]:
        return {"coefficient": (self.shape[0],), "bias": (self.shape[0],)}

    def fan_in(self, parameter: str) -> np.ndarray:
        return np.array(4)

    def connections(self) -> int:
        return 5 * int(np.prod(self.shape))

    def macs(self) -> int:
        return 4 * int(np.prod(self.shape))

    def forward(self, x: np.ndarray) -> np.ndarray:
        rows = x[:, :, ::2] + x[:, :, 1::2]
        self.pooled = (rows[..., ::2] + rows[..., 1::2]).repeat(self.each, axis=1)
        self.pooled *= self.scale
        return self.pooled * self._per_map("coefficient") + self._per_map("bias")

    def adjoint(self, cotangent: np.ndarray, algebra: Algebra, into: Views) -> np.ndarray:
        into["coefficient"] += (cotangent * algebra(self.pooled)).sum(axis=(0, 2, 3))
        into["bias"] += cotangent.sum(axis=(0, 2, 3))
        by_map = cotangent * algebra(self._per_map("coefficient") * self.scale)
        pooled = by_map.reshape(len(by_map), -1, self.each, *self.shape[1:]).sum(axis=2)
        return pooled.repeat(2, axis=2).repeat(2, axis=3)

    def _per_map(self, parameter: str) -> np.ndarray:
        return self.values[parameter][:, None, None]


class FullConnection(Layer):
    """F6: every unit sees every unit below (equation 5); a matrix (units, inputs) and a bias each.

    As the output layer its weighted sums are penalties, and the smallest wins, as with RBF units.
    """

    def __init__(self, name: str, units: int):
        self.name, self.units = name, units

    def connect(self, below: Shape) -> Shape:
        self.below, self.shape = below, (self.units,)
        return self.shape

    def parameter_shapes(self) -> dict[str, Shape]:
        return {"weight": (self.units, int(np.prod(self.below))), "bias": (self.units,)}

    def fan_in(self, parameter: str) -> np.ndarray:
        return np.array(int(np.prod(self.below)))

    def connections(self) -> int:
        return self.macs() + self.units

    def macs(self) -> int:
        return self.units * int(np.prod(self.below))

    def forward(self, x: np.ndarray) -> np.ndarray:
        self.x = x.reshape(len(x), -1)
        return self.x @ self.values["weight"].T + self.values["bias"]

    def adjoint(self, cotangent: np.ndarray, algebra: Algebra, into: Views) -> np.ndarray | None:
        into["weight"] += np.tensordot(cotangent, algebra(self.x), axes=(0, 0))
        into["bias"] += cotangent.sum(axis=0)
        if self.lowest:
            return None
        return (cotangent @ algebra(self.values["weight"])).reshape(-1, *self.below)


class Positions(Layer):
    """Section VII: where a field is wider than the network's own, the outputs at its n positions are patterns each.

    From maps of one row, (units, 1, n), for P patterns to the units of P * n, pattern by pattern.
    """

    def connect(self, below: Shape) -> Shape:
        units, rows, self.n = below
        if rows != 1:
            raise ValueError(f"maps of {rows} rows are no row of positions")
        self.below, self.shape = below, (units,)
        return self.shape

    def forward(self, x: np.ndarray) -> np.ndarray:
        return x[:, :, 0].swapaxes(1, 2).reshape(-1, *self.shape)

    def adjoint(self, cotangent: np.ndarray, algebra: Algebra, into: Views) -> np.ndarray:
        return cotangent.reshape(-1, self.n, *self.shape).swapaxes(1, 2)[:, :, None]


class Squash(Layer):
    """x = f(a), equation 6; the adjoint multiplies by f'(a), or by f'(a)^2: equation 27, with f'' dropped."""

    def forward(self, x: np.ndarray) -> np.ndarray:
        self.x = squash(x)
        return self.x

    def adjoint(self, cotangent: np.ndarray, algebra: Algebra, into: Views) -> np.ndarray:
        return cotangent * algebra(squash_slope(self.x))
