"""Two parameters' way down: the slope against central differences, and what a rate per parameter is for."""

import numpy as np

from experiments import sdlm_seen
from experiments.sdlm_seen import Slice, sliced
from lenet1998.data import load
from lenet1998.recipe import Recipe
from lenet1998.training import Trainer


def test_the_slope_is_that_of_the_loss():
    trainer = Trainer(Recipe(dtype="float64"), load("synthetic", train_size=20, test_size=5), seed=1, engine="numpy")
    seen = Slice(trainer.engine, trainer.recipe, trainer.data.train, [3, 2000])
    here = trainer.network.parameters.values[[3, 2000]]
    ends = [[seen.at(here + sign * 1e-4 * axis) for sign in (1, -1)] for axis in np.eye(2)]
    np.testing.assert_allclose(seen.slope(here), [(up - down) / 2e-4 for up, down in ends], rtol=1e-5)


def test_a_rate_per_parameter_comes_further_down_and_the_network_is_left_as_it_was(monkeypatch):
    monkeypatch.setattr(sdlm_seen, "GRID", 15)
    trainer = Trainer(Recipe(), load("synthetic", train_size=300, test_size=5), seed=1)
    before = trainer.network.parameters.values.copy()
    found = sliced(trainer, trainer.curvature(1))
    np.testing.assert_array_equal(trainer.network.parameters.values, before)
    assert found["h"][0] >= 100 * found["h"][1] and found["ways"]["SGD"][0] == found["ways"]["SDLM"][0]
    across, up = map(np.array, found["axes"])
    end = {
        name: found["loss"][np.abs(up - way[-1][1]).argmin()][np.abs(across - way[-1][0]).argmin()]
        for name, way in found["ways"].items()
    }
    assert np.min(found["loss"]) <= end["SDLM"] < end["SGD"]
