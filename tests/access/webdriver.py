"""A real browser: Chromium, driven as WebDriver says (https://www.w3.org/TR/webdriver2/), by Debian's chromium-driver."""

import base64
import http.client
import json
import os
import re
import shutil
import subprocess
import tempfile

from harness import PATIENCE, wait_until

DRIVER = shutil.which("chromedriver")
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # section 13: the name under which an answer has an element's reference


class Gone(AssertionError):
    """What was looked for is not there, or was a page that is left."""


class Chromium:
    """One window without a screen. Whoever makes it calls quit()."""

    def __init__(self):
        self._profile = tempfile.TemporaryDirectory()
        self._words = tempfile.TemporaryFile()
        self._driver = subprocess.Popen([DRIVER, "--port=0"], stdin=subprocess.DEVNULL, stdout=self._words, stderr=subprocess.STDOUT)
        port = wait_until(self._port, "a driver's port")
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        self._session = ""
        # It has no sandbox of its own as root, nor where its namespaces are not allowed; it opens pages of this test alone.
        arguments = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--window-size=800,1000",
                     f"--user-data-dir={self._profile.name}"]
        asked = {"browserName": "chrome", "acceptInsecureCerts": True, "goog:chromeOptions": {"args": arguments},
                 "goog:loggingPrefs": {"browser": "ALL"}}
        self._session = "/session/" + self._ask("POST", "/session", {"capabilities": {"alwaysMatch": asked}})["sessionId"]

    def _port(self) -> int:
        text = os.pread(self._words.fileno(), 1 << 16, 0).decode()
        found = re.search(r"started successfully on port (\d+)", text)
        return int(found[1]) if found else 0

    def _ask(self, method: str, path: str, body: dict | None = None):
        self._connection.request(method, self._session + path, None if body is None else json.dumps(body))
        value = json.loads(self._connection.getresponse().read())["value"]
        if isinstance(value, dict) and "error" in value:
            kind = Gone if value["error"] in ("no such element", "stale element reference") else AssertionError
            raise kind(f"{method} {path}: {value['error']}: {value['message']}")
        return value

    def quit(self) -> None:
        try:
            if self._session:
                self._ask("DELETE", "")
        finally:
            self._connection.close()
            self._driver.kill()
            self._driver.wait(PATIENCE)
            self._words.close()
            self._profile.cleanup()

    def until(self, what, describe: str) -> None:
        """Waits for it, over pages that are left meanwhile."""
        def is_so():
            try:
                return what()
            except Gone:
                return False
        wait_until(is_so, describe)

    def open(self, url: str) -> None:
        self._ask("POST", "/url", {"url": url})

    @property
    def url(self) -> str:
        return self._ask("GET", "/url")

    def _find(self, css: str) -> str:
        return self._ask("POST", "/element", {"using": "css selector", "value": css})[ELEMENT]

    def picture(self, css: str) -> bytes:
        """What it shows, as PNG."""
        return base64.b64decode(self._ask("GET", f"/element/{self._find(css)}/screenshot"))

    def write(self, css: str, text: str) -> None:
        element = self._find(css)
        self._ask("POST", f"/element/{element}/clear", {})
        self._ask("POST", f"/element/{element}/value", {"text": text})

    def click(self, css: str) -> None:
        self._ask("POST", f"/element/{self._find(css)}/click", {})

    def text(self, css: str) -> str:
        """What a reader sees of it: nothing of what is hidden."""
        return self._ask("GET", f"/element/{self._find(css)}/text")

    def is_shown(self, css: str) -> bool:
        found = self._ask("POST", "/elements", {"using": "css selector", "value": css})
        return any(self._ask("GET", f"/element/{one[ELEMENT]}/displayed") for one in found)

    def run(self, script: str):
        return self._ask("POST", "/execute/sync", {"script": script, "args": []})

    def cookies(self) -> list[dict]:
        return self._ask("GET", "/cookie")

    def complaints(self) -> list[str]:
        """What the console has had to say since this was last asked."""
        return [one["message"] for one in self._ask("POST", "/se/log", {"type": "browser"}) if one["level"] in ("SEVERE", "WARNING")]
