"""What every test file shares: one cache of compiled kernels and the outer ring."""

from collections.abc import Callable, Iterator

import pytest
from hypothesis import settings

from lenet1998.kernels import cache

# An example that hypothesis draws may take its time, on a busy machine too.
settings.register_profile("lenet1998", deadline=None)
settings.load_profile("lenet1998")


def pytest_configure(config: pytest.Config) -> None:
    """Keep compiled kernels in .pytest_cache: for all tests, for the programs that they start, and for the next time.

    The key of a kernel has all that its machine code depends on, so what has changed is compiled anew. Where others
    could write to that folder, nothing would be kept there, and the user's own cache is taken.
    """
    if config.pluginmanager.hasplugin("cacheprovider"):
        patch = pytest.MonkeyPatch()
        patch.setenv("XDG_CACHE_HOME", str(config.cache.mkdir("kernels")))
        try:
            cache.directory()
        except OSError:
            patch.undo()


@pytest.fixture
def numpy_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands compile no kernel for few patterns, which takes longer the more networks there are."""
    from lenet1998.commands import networks
    from lenet1998.engines import make_engine

    monkeypatch.setattr(networks, "make_engine", lambda name, *rest: make_engine("numpy", *rest))


@pytest.fixture
def prints(capsys: pytest.CaptureFixture[str]) -> Callable:
    """Carries out a command of `lenet1998`, which must end with this exit code, and returns what was printed."""
    from lenet1998.commands.main import main

    def carried_out(*words: object, code: int = 0):
        assert main([*map(str, words)]) == code
        return capsys.readouterr()

    return carried_out


@pytest.fixture
def refused(prints: Callable) -> Callable:
    """Carries out a command that ends with exit code 2, and returns the line that says why."""

    def carried_out(*words: object) -> str:
        (line,) = [line for line in prints(*words, code=2).err.splitlines() if line.startswith("lenet1998: ")]
        return line

    return carried_out


@pytest.fixture
def undrawn() -> Iterator[None]:
    """`tests.programs.undrawn`, for tests that look at no picture."""
    from tests import programs

    with programs.undrawn():
        yield


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A test is in the outer ring for a reason, which the marker gives."""
    for item in items:
        for mark in item.iter_markers("outer"):
            if len(mark.args) != 1 or not isinstance(mark.args[0], str):
                raise pytest.UsageError(f'{item.nodeid}: say why, @pytest.mark.outer("why")')
