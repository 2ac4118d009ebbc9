"""What every test file shares: an example that hypothesis draws may take its time, on a busy machine too; and the look
of figures, which commands set for as long as they run, is no concern of the next test."""

from collections.abc import Iterator

import pytest
from hypothesis import settings

from lenet1998.pictures.look import LOOK

settings.register_profile("lenet1998", deadline=None)
settings.load_profile("lenet1998")


@pytest.fixture(autouse=True)
def usual_look() -> Iterator[None]:
    yield
    LOOK.reset()
