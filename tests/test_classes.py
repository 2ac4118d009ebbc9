"""Other classes than the ten digits: their codes, output units and names."""

import numpy as np
import pytest

from lenet1998.bitmaps import CODES
from lenet1998.errors import DataError, RecipeError
from lenet1998.networks import build
from lenet1998.output import for_classes, output_codes
from lenet1998.patterns import DataSet, Patterns
from lenet1998.recipe import Recipe, preset

LETTERS = tuple("ABCDEFGHIJKLMNOPQRSTUVWXYZ")


def test_letters_have_their_own_bitmaps():
    """Section II-B: the whole of ASCII is drawn so that classifiers of characters can be built."""
    network = build(for_classes(Recipe(), LETTERS))
    codes = network.layers[-1].codes
    assert codes.shape == (26, 84) and network.classes == 26
    assert all((code.reshape(12, 7) == CODES[letter]).all() for code, letter in zip(codes, LETTERS, strict=True))


def test_every_character_has_a_code_of_its_own():
    codes = output_codes("bitmap", 95, "".join(CODES))
    assert len(np.unique(codes, axis=0)) == 95


def test_what_is_no_character_has_a_random_code_and_ten_classes_the_old_ones():
    recipe = for_classes(Recipe(), tuple(str(number) for number in range(12)))
    assert (recipe.codes, recipe.classes, recipe.name) == ("random", 12, "default")
    codes = build(recipe).layers[-1].codes
    assert codes.shape == (12, 84) and len(np.unique(codes, axis=0)) == 12
    assert (output_codes("random") == np.random.default_rng(1998).choice([-1, 1], (10, 84))).all()


def test_a_recipe_that_has_chosen_keeps_its_choice():
    assert for_classes(Recipe(), ()) == Recipe()
    assert for_classes(Recipe(), tuple("0123456789")) == Recipe()
    assert for_classes(Recipe(codes="random"), LETTERS) == Recipe(codes="random", classes=26)
    modern = for_classes(preset("modern"), LETTERS)
    assert (modern.codes, modern.classes, build(modern).classes) == ("bitmap", 26, 26)
    small = for_classes(Recipe(network="mlp_300", codes="one_of_n"), ("a", "b", "c"))
    assert build(small).classes == 3


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (["classes=11"], "another character for each of classes=11, not characters=0123456789"),
        (["characters=012345678"], "another character for each of classes=10"),
        (["characters=0123456788"], "another character for each"),
        (["characters=abc\u00e9", "classes=4"], "not all in Figure 3"),
        (["classes=85", "codes=one_of_n"], "84 units for classes=85: choose codes=random"),
        (["classes=1", "codes=random"], "give a whole number from 2 to 256"),
        (["classes=257", "codes=random"], "give a whole number from 2 to 256"),
    ],
)
def test_classes_without_a_code_are_refused(settings, message):
    with pytest.raises(RecipeError, match=message):
        Recipe().override(settings)


def test_recorded_characters_must_be_a_text():
    with pytest.raises(RecipeError, match="not all in Figure 3"):
        Recipe.from_dict({"characters": list("0123456789")})


def patterns(*labels: int) -> Patterns:
    return Patterns(np.zeros((len(labels), 28, 28), np.uint8), np.array(labels, np.uint8))


def test_labels_are_counted_as_a_network_counts_them():
    data = DataSet("some", patterns(0, 1), patterns(1, 1, 0), "here", classes=("3", "8"))
    counted = data.counted_in("0123456789")
    assert counted.train.labels.tolist() == [3, 8] and counted.test.labels.tolist() == [8, 8, 3]
    assert data.counted_in(("3", "8")) is data
    with pytest.raises(DataError, match="some has the class '8', which is none of the network's 3 .3, 4, 5.: choose"):
        data.counted_in("345")
    digits = DataSet("mnist", patterns(5), patterns(5, 1), "here")
    assert digits.counted_in("51").test.labels.tolist() == [0, 1]
    assert digits.held_out(0).classes == ()
    assert data.held_out(1).classes == ("3", "8")
