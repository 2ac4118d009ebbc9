"""`lenet1998 show` and `lenet1998 draw`: what they draw, what they answer, and what they refuse in one line."""

import webbrowser
from xml.etree import ElementTree

import matplotlib
import matplotlib.image
import pytest
from PIL import Image

from lenet1998 import pretrained
from lenet1998.commands import main as cli
from lenet1998.data import load
from lenet1998.pictures.film import crossing

DIGITS = ["--data", "synthetic", "--test-size", "20"]


@pytest.fixture(scope="module")
def trained():
    return pretrained.load("default").network()


def test_show_a_test_pattern(trained, tmp_path, prints):
    test = load("synthetic", train_size=1, test_size=20).test
    best, runner_up = trained.forward(test.images[7:8])[0].argsort()[:2]
    for name in ("a.png", "a.pdf", "a.SVG"):
        out = prints("show", "7", *DIGITS, "--out", tmp_path / name).out
        assert f"test pattern 7 of synthetic, a {test.labels[7]}: {best}, runner-up {runner_up}" in out
        assert out.splitlines()[-1] == str(tmp_path / name)
    assert matplotlib.image.imread(tmp_path / "a.png").std() > 0.1
    assert (tmp_path / "a.pdf").read_bytes().startswith(b"%PDF")
    svg = ElementTree.parse(tmp_path / "a.SVG")
    texts = ["".join(node.itertext()) for node in svg.iter("{http://www.w3.org/2000/svg}text")]
    for expected in ("C1", "6@28×28", f"code of {best}", "F6"):
        assert any(expected in text for text in texts), expected
    assert any("Dark: positive" in text and "Figure 13" in text for text in texts)
    assert any("Figure 2 of the paper" in text for text in texts)


def test_show_a_picture_as_predict_reads_it(tmp_path, prints, monkeypatch):
    digit = load("synthetic", train_size=1, test_size=20).test.images[3]
    Image.fromarray(255 - digit).save(tmp_path / "digit.png")
    monkeypatch.chdir(tmp_path)
    said = next(line for line in prints("predict", "digit.png").out.splitlines() if line.startswith("digit.png"))
    assert said in prints("show", "digit.png", "--checkpoint", "default").out
    assert (tmp_path / "runs" / "packaged-default" / "show.png").exists()


@pytest.mark.parametrize("command", ["predict", "read", "show"])
def test_a_file_s_name_moves_no_cursor(command, tmp_path, prints, monkeypatch):
    """A terminal would obey what a downloaded name holds: another title, other colours, lines that overwrite others."""
    digit = load("synthetic", train_size=1, test_size=20).test.images[3]
    monkeypatch.chdir(tmp_path)
    Image.fromarray(255 - digit).save("a\x1b]0;b\x07\r.png")
    said = prints(command, "a\x1b]0;b\x07\r.png").out
    assert said.replace("\n", "").isprintable() and "a\\x1b]0;b\\x07\\r.png: " in said


def test_animate_writes_a_gif(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("lenet1998.pictures.film.crossing", lambda *given: crossing(*given)[[10, 30]])
    monkeypatch.chdir(tmp_path)
    assert cli.main(["show", "7", *DIGITS, "--animate"]) == 0
    with Image.open(tmp_path / "runs" / "packaged-default" / "show.gif") as gif:
        assert (gif.format, gif.n_frames) == ("GIF", 2)
    assert "show.gif" in capsys.readouterr().out


def test_show_refuses_in_one_line(tmp_path, refused):
    assert "from 0 to 19" in refused("show", 20, *DIGITS)
    assert ".svg" in refused("show", 1, *DIGITS, "--out", tmp_path / "a.bmp")
    assert "--animate" in refused("show", 1, *DIGITS, "--out", tmp_path / "a.gif")
    assert ".gif" in refused("show", 1, *DIGITS, "--animate", "--out", tmp_path / "a.png")
    assert "nothing.png" in refused("show", tmp_path / "nothing.png")
    assert "number of a test pattern" in refused("show", tmp_path / "nothing.png", *DIGITS)
    assert "checkpoint" in refused("show", 1, "--checkpoint", tmp_path / "nothing.npz")
    (tmp_path / "file").write_text("in the way")
    assert "cannot write" in refused("show", 1, *DIGITS, "--out", tmp_path / "file" / "a.png")


@pytest.mark.parametrize("display", [True, False])
def test_draw_opens_the_page_of_export(tmp_path, prints, monkeypatch, display):
    """In the user's browser, again and again; without a display it says where the page is, and starts nothing."""
    monkeypatch.chdir(tmp_path)
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"):
        monkeypatch.delenv(name, raising=False)
    if display:
        monkeypatch.setenv("DISPLAY", ":0")
    opened = []
    monkeypatch.setattr(webbrowser, "open", lambda address: opened.append(address) or True)
    for _ in range(2):
        said = prints("draw", "--checkpoint", "default").out.splitlines()
        assert said[1] == "draw.html" and ("open this page" in said[-1]) == (not display)
    assert opened == [(tmp_path / "draw.html").as_uri()] * (2 if display else 0)
    assert cli.main(["export", "default", "--out", "export.html"]) == 0
    assert (tmp_path / "draw.html").read_bytes() == (tmp_path / "export.html").read_bytes()
    monkeypatch.setattr(webbrowser, "open", lambda address: False)
    assert "open this page" in prints("draw", "--out", "page.html").out and (tmp_path / "page.html").exists()


def test_draw_refuses_in_one_line(tmp_path, refused, monkeypatch):
    monkeypatch.setattr(webbrowser, "open", lambda address: pytest.fail("opened"))
    (tmp_path / "file").write_text("in the way")
    assert "cannot write" in refused("draw", "--out", tmp_path / "file" / "page.html")
    assert "ends in .html" in refused("draw", "--out", tmp_path / "checkpoint.npz")
    assert "checkpoint" in refused("draw", "--checkpoint", tmp_path / "nothing.npz")
