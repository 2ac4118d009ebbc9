"""The compiled engine: kernels for every layer, composed into one pass from the network's list of layers.

Online learning changes the weights after every pattern, so a pattern is all the work there is between two updates: 1.84
million floating-point operations, of which NumPy spends most of the time on being called. Here a whole pass over the
patterns, updates included, is one compiled function; so is one over mini-batches. Where to read: a kernel
(`convolution`, `subsampling`, `pooling`, `full`, `squash`, `output`, `losses`) is plain Python over one pattern, those
of `blocks` are over several, and `update` is the optimisers; `lanes` and `elementary` are the arithmetic that they are
made of, the same bits everywhere (`intrinsics`: for the compiler), `tiles` is how they share what they load;
`specialise` writes a kernel for given sizes; `compose` strings the layers together into a `plan`, and `modules` writes
that out; `cache` compiles and keeps the result; `engine` offers it to `lenet1998.engine`.
"""

from lenet1998.kernels.engine import NumbaEngine
from lenet1998.kernels.update import require_kernel

__all__ = ["NumbaEngine", "require_kernel"]
