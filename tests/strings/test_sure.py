"""What two networks make of a digit, and how sure a line is."""

import numpy as np

from lenet1998.strings.picture import Form
from lenet1998.strings.sure import FEATURES, Characters, Looked, by_strings, evidence, sureness, together


class Corner:
    """A network of characters in whose eyes what has ink in one pixel is the class 0, and all else the class 1."""

    def forward(self, forms: np.ndarray) -> np.ndarray:
        return 50.0 * (np.arange(11) != np.where(forms[:, 4, 4, None] > 0, 0, 1))


def test_it_looks_a_pixel_to_each_side():
    forms = np.zeros((3, 28, 28), np.uint8)
    forms[1, 4, 4] = forms[2, 4:6, 3:6] = 255
    likely = np.exp(Characters(Corner(), 1.0, 12.0).logs(forms))
    assert likely[:, 0].round(2).tolist() == [0.0, 0.2, 0.8]


NOTHING = np.empty((0, 12))
WEIGHTS = [0.0, 1.0, 1.0, -1.0, 2.0, -1.0, 1.0]


def logs(*likeliest: int, classes: int = 12) -> np.ndarray:
    found = np.full((len(likeliest), classes), -5.0)
    found[np.arange(len(likeliest)), likeliest] = -0.1
    return found


def test_a_digit_is_what_both_networks_together_make_of_it():
    strings = logs(3, 7, classes=11)
    strings[1, 2] = -0.3  # nearly as likely
    form = Form(np.zeros((32, 60), np.uint8), np.arange(60.0), np.array([[10, 20], [30, 40]]))
    digits = together(strings, [15, 35], form, Looked(logs(3, 2), logs(3, 2)), Characters(Corner(), 1.0, 1.0))
    assert digits.labels == [3, 2] and not digits.shared.any()


def test_digits_that_share_their_ink_are_seen_by_pieces():
    image = np.zeros((32, 60), np.uint8)
    image[6:26, 10:40] = 255
    form = Form(image, np.arange(60.0), np.array([[10, 40]]))
    digits = together(logs(0, 5, classes=11), [15, 35], form, Looked(logs(9), logs(9)), Characters(Corner(), 1.0, 12.0))
    assert digits.shared.all() and digits.characters[:, 9].max() < -0.1


def test_of_the_outputs_of_a_run_the_likeliest_counts():
    penalties = np.full((4, 10), 9.0)
    penalties[1, 4], penalties[2, 4], penalties[3, 6] = 3.0, 0.0, 0.0
    found = by_strings(penalties, 5.0, [(20, 25), (28, 29)])
    assert found.argmax(axis=1).tolist() == [4, 6]
    assert np.exp(found[0, 4]) > 0.98 > np.exp(by_strings(penalties, 5.0, [(20, 21)])[0, 4])


def test_each_doubt_about_a_digit_makes_its_line_less_sure():
    form = Form(np.zeros((32, 60), np.uint8), np.arange(60.0), np.array([[10, 20], [30, 40]]))
    digits = together(logs(3, 7, classes=11), [15, 35], form, Looked(logs(3, 7), logs(3, 7)), None)
    doubts = [digits._replace(shared=np.array([False, True]))]
    doubts += [digits._replace(**{name: getattr(digits, name) - [[0], [1]]}) for name in digits._fields[:2]]
    sure, *less = (sureness(evidence(each, NOTHING), WEIGHTS) for each in [digits, *doubts])
    assert len(FEATURES) == evidence(digits, NOTHING).shape[1] and all(each < sure - 0.01 for each in less)
    assert sureness(evidence(digits, NOTHING, glare=True), WEIGHTS) < sure - 0.01
    rubbish, doubtful = (np.log([[*[rest / 11] * 11, 1 - rest]]) for rest in (0.01, 0.3))
    left_out = [sureness(evidence(digits, each), WEIGHTS) for each in (rubbish, doubtful)]
    assert sure > left_out[0] > left_out[1] + 0.01, "what is left out may have been a digit"


def test_one_letter_that_looks_like_a_digit_after_half_a_turn_turns_no_line():
    upright, turned = logs(3, 7, 4, 11), logs(11, 11, 11, 6)
    upright[3] = turned[:3] = -1.5
    upright[3, 11] = turned[:3, 11] = -0.1
    turned[3, 6], upright[3, :11] = 0.0, -8.0
    assert Looked(upright, turned).gain < 0 < Looked(turned, upright).gain


def test_a_line_that_looks_nearly_as_much_like_digits_after_half_a_turn_may_be_turned_but_one_digit_not():
    upright = logs(1, 6, 8)
    same, less = Looked(upright, upright - 0.1), Looked(upright, upright - 0.3)
    assert same.is_turned and not less.is_turned
    assert not Looked(upright[:1], upright[:1] - 0.1).is_turned and Looked(upright[:1] - 0.1, upright[:1]).is_turned
