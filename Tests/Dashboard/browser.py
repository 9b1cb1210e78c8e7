"""A headless Chromium, driven by the DevTools protocol over a pipe."""

import base64
import json
import os
import shutil
import subprocess
import tempfile
import threading
import time


class Failed(Exception):
    """What the test looks for is not so."""


class Browser:
    """One page of a browser of its own, and everything that it asked for and complained of."""

    def __init__(self):
        self.profile = tempfile.mkdtemp(prefix="dashboard-")
        self.requests, self.complaints = [], []
        self.answers, self.arrived, self.number = {}, threading.Condition(), 0
        from_us, self.to_browser = os.pipe()
        self.from_browser, to_us = os.pipe()
        # The browser reads commands from descriptor 3, and writes what happens to 4.
        self.process = subprocess.Popen(
            ["bash", "-c", f'exec chromium "$@" 3<&{from_us} 4>&{to_us}', "-", "--headless=new", "--no-sandbox",
             "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-sync", "--disable-extensions",
             "--disable-background-networking", "--disable-component-update", "--hide-scrollbars",
             "--remote-debugging-pipe", f"--user-data-dir={self.profile}", "about:blank"],
            pass_fds=[from_us, to_us], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        os.close(from_us)
        os.close(to_us)
        self.session = None
        threading.Thread(target=self.listen, daemon=True).start()
        deadline = time.monotonic() + 30
        while not (pages := [one for one in self.tell("Target.getTargets")["targetInfos"] if one["type"] == "page"]):
            if time.monotonic() > deadline:
                raise Failed("the browser opened no page")
            time.sleep(0.05)
        self.session = self.tell("Target.attachToTarget", targetId=pages[0]["targetId"], flatten=True)["sessionId"]
        for domain in ["Page", "Runtime", "Network", "Log", "Accessibility", "DOM"]:
            self.tell(f"{domain}.enable")

    def listen(self):
        rest = b""
        while data := os.read(self.from_browser, 1 << 20):
            *messages, rest = (rest + data).split(b"\0")
            for message in messages:
                self.take(json.loads(message))
        with self.arrived:
            self.number = None
            self.arrived.notify_all()

    def take(self, message):
        fields = message.get("params", {})
        match message.get("method"):
            case None:
                with self.arrived:
                    self.answers[message["id"]] = message
                    self.arrived.notify_all()
            case "Network.requestWillBeSent":
                self.requests.append(fields["request"]["url"])
            case "Runtime.exceptionThrown":
                self.complaints.append(json.dumps(fields["exceptionDetails"])[:600])
            case "Runtime.consoleAPICalled":
                self.complaints.append(json.dumps(fields["args"])[:600])
            # An answer above 399, and a violation of the policy, are entries too.
            case "Log.entryAdded":
                self.complaints.append(f"{fields['entry']['text']} ({fields['entry'].get('url')})")

    def tell(self, command, **fields):
        with self.arrived:
            if self.number is None:
                raise Failed("the browser ended")
            self.number += 1
            number = self.number
        message = {"id": number, "method": command, "params": fields}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.to_browser, json.dumps(message).encode() + b"\0")
        with self.arrived:
            self.arrived.wait_for(lambda: number in self.answers or self.number is None, 30)
            answer = self.answers.pop(number, None)
        if answer is None or "error" in answer:
            raise Failed(f"{command}: {answer}")
        return answer["result"]

    def run(self, script):
        """The value of an expression of JavaScript, in the page."""
        answer = self.tell("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise Failed(f"{script}: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    def wait(self, script, what, limit=20):
        """Until an expression is true; one that fails is not yet: a page that loads lacks what will be there."""
        deadline = time.monotonic() + limit
        while not self.run(f"(() => {{ try {{ return {script}; }} catch {{ return false; }} }})()"):
            if time.monotonic() > deadline:
                raise Failed(f"not within {limit} s: {what}; the page says:\n{self.text()}")
            time.sleep(0.05)

    def text(self, place="body"):
        return self.run(f"document.querySelector({json.dumps(place)})?.innerText ?? ''")

    def open(self, url):
        self.tell("Page.navigate", url=url)

    def key(self, key, **more):
        codes = {"Tab": 9, "Enter": 13, "Escape": 27}
        for kind in ["rawKeyDown", "char", "keyUp"]:
            if kind != "char" or key == "Enter":
                text = {"text": "\r"} if kind == "char" else {}
                self.tell("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=codes[key],
                          **text, **more)

    def type(self, text):
        self.tell("Input.insertText", text=text)

    def use(self, width=1280, height=900, scheme="light"):
        self.tell("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1,
                  mobile=width < 600)
        self.tell("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    def picture(self, path, whole=True):
        data = self.tell("Page.captureScreenshot", captureBeyondViewport=whole)["data"]
        with open(path, "wb") as file:
            file.write(base64.b64decode(data))

    def end(self):
        try:
            self.session = None
            self.tell("Browser.close")
        except (Failed, OSError):
            pass
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.profile, ignore_errors=True)
