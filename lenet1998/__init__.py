"""LeNet-5 as LeCun, Bottou, Bengio and Haffner described it in 1998.

The public names are those of ``__all__``, and with each its documentation; what else the modules have may change. Names
are looked up when they are first used, so that `import lenet1998` takes no time and needs no library.

>>> import lenet1998
>>> digits = lenet1998.data.load("synthetic", train_size=100, test_size=50)
>>> lenet1998.Trainer(lenet1998.Recipe(), digits, seed=1, engine="numpy").run_pass()["eta"]
0.0005
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the same names for editors and type checkers
    from lenet1998 import data as data
    from lenet1998 import pretrained as pretrained
    from lenet1998.engines import make_engine as make_engine
    from lenet1998.errors import CheckpointError as CheckpointError
    from lenet1998.errors import DataError as DataError
    from lenet1998.errors import DivergenceError as DivergenceError
    from lenet1998.errors import LeNetError as LeNetError
    from lenet1998.errors import RecipeError as RecipeError
    from lenet1998.evaluation import ErrorRate as ErrorRate
    from lenet1998.evaluation import error_rate as error_rate
    from lenet1998.interop import export as export
    from lenet1998.interop.estimator import LeNet5Classifier as LeNet5Classifier
    from lenet1998.loss import make_loss as make_loss
    from lenet1998.network import LeNet5 as LeNet5
    from lenet1998.network import Network as Network
    from lenet1998.networks import build as build
    from lenet1998.patterns import DataSet as DataSet
    from lenet1998.patterns import Patterns as Patterns
    from lenet1998.photos.digit import read_image as read_image
    from lenet1998.recipe import Recipe as Recipe
    from lenet1998.recipe import load_plugin as load_plugin
    from lenet1998.recipe import preset as preset
    from lenet1998.recipe import register as register
    from lenet1998.running import checkpoint as checkpoint
    from lenet1998.running.checkpoint import Checkpoint as Checkpoint
    from lenet1998.running.run import run as run
    from lenet1998.training import Trainer as Trainer

__version__ = "0.1.0"

_MODULES = {"checkpoint": "running", "data": "", "export": "interop", "pretrained": ""}
_HOMES = {
    "Checkpoint": "running.checkpoint",
    "CheckpointError": "errors",
    "DataError": "errors",
    "DataSet": "patterns",
    "DivergenceError": "errors",
    "ErrorRate": "evaluation",
    "LeNet5": "network",
    "LeNet5Classifier": "interop.estimator",
    "LeNetError": "errors",
    "Network": "network",
    "Patterns": "patterns",
    "Recipe": "recipe",
    "RecipeError": "errors",
    "Trainer": "training",
    "build": "networks",
    "error_rate": "evaluation",
    "load_plugin": "recipe",
    "make_engine": "engines",
    "make_loss": "loss",
    "preset": "recipe",
    "read_image": "photos.digit",
    "register": "recipe",
    "run": "running.run",
}

# scikit-learn is an extra, and ``from lenet1998 import *`` does without.
__all__ = [name for name in (*_MODULES, *_HOMES) if name != "LeNet5Classifier" or find_spec("sklearn")]


def __getattr__(name: str) -> object:
    if name in _MODULES:
        value: object = import_module(".".join(filter(None, (__name__, _MODULES[name], name))))
    elif name in _HOMES:
        value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
