"""A page in Firefox without a window, driven over its Marionette protocol, by a socket of this computer."""

import json
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

FIREFOX = next(filter(None, map(shutil.which, ("firefox", "firefox-esr"))), None)
PORT = "MarionetteActivePort"
"""The file of the profile in which Firefox says on which port it listens."""
# A script in the page, which sees the page's constants; its policy allows such a script and forbids eval.
_EVALUATE = """
const [expression, done] = arguments;
requestAnimationFrame(() => setTimeout(() => {
  const script = document.createElement("script");
  script.textContent = `window.found = JSON.stringify((${expression}) ?? null)`;
  document.head.append(script);
  script.remove();
  done((window.wrappedJSObject || window).found);
}));
"""


class Page:
    """One page, with those methods of `tests.chromium.Page` that its test needs."""

    def __init__(self, port: int):
        self.answers = socket.create_connection(("127.0.0.1", port), timeout=600).makefile("rwb")
        self.count = 0
        self._answer()  # a greeting
        self.call("WebDriver:NewSession")

    def _answer(self) -> Any:
        length = bytearray()
        while (byte := self.answers.read(1)) != b":":
            length += byte
        return json.loads(self.answers.read(int(length)))

    def call(self, command: str, **parameters: Any) -> Any:
        """The answer to a command. Raises RuntimeError where it is refused."""
        self.count += 1
        message = json.dumps([0, self.count, command, parameters]).encode()
        self.answers.write(b"%d:%s" % (len(message), message))
        self.answers.flush()
        _, _, error, result = self._answer()
        if error:
            raise RuntimeError(f"{command}: {error}")
        return result

    def value(self, expression: str) -> Any:
        """The value of a JavaScript expression, JSON's types, after the next frame has been shown."""
        found = self.call("WebDriver:ExecuteAsyncScript", script=_EVALUATE, args=[expression], sandbox=None)["value"]
        return json.loads(found)

    def text(self, selector: str) -> str:
        return self.value(f"document.querySelector({json.dumps(selector)}).textContent")

    def mouse(self, points: Sequence[tuple[float, float]]) -> None:
        """Press at the first point, go through the others, release at the last; in CSS pixels of the window."""
        moves = [{"type": "pointerMove", "x": round(x), "y": round(y), "duration": 0} for x, y in points]
        steps = [moves[0], {"type": "pointerDown", "button": 0}, *moves[1:], {"type": "pointerUp", "button": 0}]
        self.call("WebDriver:PerformActions", actions=[{"type": "pointer", "id": "mouse", "actions": steps}])


@contextmanager
def opened(path: Path, profile: Path) -> Iterator[Page]:
    """A page of a file, in a Firefox of its own with a new profile."""
    assert FIREFOX
    profile.mkdir()
    (profile / "user.js").write_text('user_pref("marionette.port", 0);\n', encoding="utf-8")
    command = [FIREFOX, "--headless", "--no-remote", "--marionette", "--profile", str(profile), "about:blank"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as program:
        try:
            while not (profile / PORT).exists() or not (profile / PORT).read_text():
                assert program.poll() is None, "Firefox has ended"
                time.sleep(0.1)
            page = Page(int((profile / PORT).read_text()))
            page.call("WebDriver:Navigate", url=path.as_uri())
            yield page
        finally:
            program.kill()
