"""A page in Chromium without a window, driven by mouse, finger and keys over its DevTools protocol, by two pipes."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
Points = Sequence[tuple[float, float]]
CODES = {"ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39, "ArrowDown": 40, "Tab": 9, "Enter": 13, "Escape": 27,
         " ": 32, "PageUp": 33, "PageDown": 34, "End": 35, "Home": 36, "Backspace": 8, "Delete": 46}  # fmt: skip
"""Keys by their names, with the numbers that Chromium acts on."""


class Page:
    """One page. Places are in CSS pixels of the window."""

    def __init__(self, write: int, read: int):
        self.write, self.pending, self.count, self.session = write, os.fdopen(read, "rb"), 0, ""
        self.errors: list[str] = []

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """The answer to a command of the protocol. Raises RuntimeError where it is refused."""
        self.count += 1
        message = {"id": self.count, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.write, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next()
            if answer.get("method") == "Runtime.exceptionThrown":
                self.errors.append(str(answer["params"]["exceptionDetails"]))
            if answer.get("id") == self.count:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return answer["result"]

    def _next(self) -> dict[str, Any]:
        text = bytearray()
        while (byte := self.pending.read(1)) != b"\0":
            if not byte:
                raise RuntimeError("Chromium has ended")
            text += byte
        return json.loads(text)

    def value(self, expression: str) -> Any:
        """The value of a JavaScript expression, JSON's types, after the next frame has been shown."""
        after = f"new Promise((done) => requestAnimationFrame(() => setTimeout(() => done({expression}))))"
        result = self.call("Runtime.evaluate", expression=after, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in result:
            raise RuntimeError(result["exceptionDetails"]["exception"]["description"])
        return result["result"].get("value")

    def text(self, selector: str) -> str:
        return self.value(f"document.querySelector({json.dumps(selector)}).textContent")

    def place(self, selector: str, x: float = 0.5, y: float = 0.5) -> tuple[float, float]:
        """Where in the window a share of an element's width and height is, after scrolling to it."""
        found = self.value(
            f"(() => {{ const it = document.querySelector({json.dumps(selector)}); "
            "it.scrollIntoView({block: 'center'}); const {left, top, width, height} = it.getBoundingClientRect(); "
            f"return [left + {x} * width, top + {y} * height]; }})()"
        )
        return found[0], found[1]

    def mouse(self, points: Points) -> None:
        """Press at the first point, go through the others, release at the last."""

        def event(kind: str, x: float, y: float, buttons: int) -> None:
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", buttons=buttons, clickCount=1)

        event("mousePressed", *points[0], 1)
        for point in points[1:]:
            event("mouseMoved", *point, 1)
        event("mouseReleased", *points[-1], 0)

    def touch(self, points: Points) -> None:
        def event(kind: str, *points: tuple[float, float]) -> None:
            self.call("Input.dispatchTouchEvent", type=kind, touchPoints=[{"x": x, "y": y} for x, y in points])

        event("touchStart", points[0])
        for point in points[1:]:
            event("touchMove", point)
        event("touchEnd")

    def keys(self, *names: str) -> None:
        for name in names:
            text = {"Enter": "\r", " ": " "}.get(name, "")
            about = {"key": name, "code": "Space" if name == " " else name, "windowsVirtualKeyCode": CODES[name]}
            self.call("Input.dispatchKeyEvent", type="keyDown" if text else "rawKeyDown", text=text, **about)
            self.call("Input.dispatchKeyEvent", type="keyUp", **about)

    def look(self, width: int = 1280, height: int = 900, **features: str) -> None:
        """Give the window a size, and media features such as prefers_color_scheme a value."""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        named = [{"name": name.replace("_", "-"), "value": value} for name, value in features.items()]
        self.call("Emulation.setEmulatedMedia", features=named)


@contextmanager
def opened(path: Path, folder: Path) -> Iterator[Page]:
    """A page of a file, in a Chromium of its own that keeps its profile in a folder."""
    assert CHROMIUM
    to_read, write = os.pipe()
    read, to_write = os.pipe()

    def third_and_fourth() -> None:
        ours = os.dup(to_read), os.dup(to_write)
        os.dup2(ours[0], 3)
        os.dup2(ours[1], 4)

    command = [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--remote-debugging-pipe",
               "--touch-events=enabled", f"--user-data-dir={folder}", "about:blank"]  # fmt: skip
    with subprocess.Popen(command, pass_fds=(3, 4), preexec_fn=third_and_fourth, stderr=subprocess.DEVNULL) as program:
        os.close(to_read)
        os.close(to_write)
        page = Page(write, read)
        try:
            target = page.call("Target.createTarget", url="about:blank")["targetId"]
            page.session = page.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
            page.call("Runtime.enable")
            page.call("Page.enable")
            page.look()
            page.call("Page.navigate", url=path.as_uri())
            while page.value("document.readyState") != "complete":
                pass
            yield page
        finally:
            program.kill()
            os.close(write)
            page.pending.close()
