"""The dashboard in a browser, against a node that fetches from one peer and sends to another: see Tests/Dashboard/run."""

import http.client
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.parse

from browser import Browser, Failed

SEED, NODE, MEMBER, STRANGER = "127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.5"
# Markup, as a name from somebody else.
NAME = "<img src=x onerror=console.log(1)> & co.bin"
NAMED = ["button", "link", "textbox", "searchbox", "progressbar", "image", "table", "dialog", "columnheader", "rowheader"]


def check(holds, what):
    if not holds:
        raise Failed(what)


class World:
    """A seed, a node, and who comes to it, each a process."""

    def __init__(self, build):
        self.build, self.processes = build, []
        self.folder = tempfile.mkdtemp(prefix="dash-")
        self.socket, self.port = f"{self.folder}/run/control.sock", 0
        os.mkdir(f"{self.folder}/out")
        self.content = f"{self.folder}/out/{NAME}"
        with open(self.content, "wb") as file:
            file.write(os.urandom(3 << 20))

    def start(self, program, *words):
        process = subprocess.Popen(
            [f"{self.build}/{program}", *words], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.processes.append(process)
        return process

    def swarmctl(self, *words):
        return self.start("swarmctl", *words, "--json")

    def said(self, process, event):
        """The next thing of that kind that a process says."""
        for line in process.stdout:
            if (found := json.loads(line))["event"] == event:
                return found
        raise Failed(f"no {event} from {process.args[1:]}; it ended with {process.wait()}")

    def share(self):
        sharing = self.swarmctl("share", self.content, "--listen", f"{SEED}:0", "--allow", NODE, "--piece-length", "16384")
        return self.said(sharing, "invite")["magnet"]

    def run_node(self):
        with open(f"{self.folder}/node.json", "w") as file:
            json.dump({"Swarmd": {
                "Listen": [f"{NODE}:{self.listen_port()}"], "StateDirectory": f"{self.folder}/state",
                "ControlSocket": self.socket, "Control": {"Listen": f"127.0.0.1:{self.port}"}}}, file)
        node = self.start("swarmd", "--config", f"{self.folder}/node.json")
        deadline = time.monotonic() + 20
        while True:
            told = subprocess.run([f"{self.build}/swarmctl", "dashboard", "--socket", self.socket, "--json"],
                                  capture_output=True, text=True)
            if told.returncode == 0:
                self.url = json.loads(told.stdout)["url"]
                self.port = urllib.parse.urlparse(self.url).port
                return node
            if node.poll() is not None or time.monotonic() > deadline:
                raise Failed(f"the node does not run: {told.stdout}")
            time.sleep(0.05)

    def listen_port(self):
        return 16881

    def ask(self, method, path, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        token = self.url.split("=")[1]
        connection.request(method, path, json.dumps(body) if body else None, {"authorization": f"Bearer {token}"})
        answer = connection.getresponse()
        text = answer.read()
        check(answer.status < 300, f"{method} {path}: {answer.status} {text}")
        return json.loads(text)

    def invite(self, magnet):
        """The invite, from the node instead of the seed."""
        info_hash = magnet.split("btih:")[1][:40]
        return f"magnet:?xt=urn:btih:{info_hash}&x.pe={NODE}:{self.listen_port()}"

    def fetch(self, magnet, address, name):
        return self.swarmctl("fetch", self.invite(magnet), "--into", f"{self.folder}/{name}", "--listen", f"{address}:0")

    def end(self, process):
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def close(self):
        for process in self.processes:
            self.end(process)
        shutil.rmtree(self.folder, ignore_errors=True)


def judge(browser, what):
    """Names for who hears the page, contrast for who sees little, in both schemes, and room for everything at each width."""
    for width, scheme in [(1280, "light"), (1280, "dark"), (1024, "light"), (768, "light"), (390, "light")]:
        browser.use(width, scheme=scheme)
        # Colours change over a moment.
        browser.run("new Promise((done) => setTimeout(done, 500))")
        with open(os.path.join(os.path.dirname(__file__), "judges.js"), encoding="utf-8") as file:
            wrong = browser.run(file.read())
        check(not wrong, f"{what}, {width}, {scheme}: {wrong}")
    browser.use()
    seen = set()
    for node in browser.tell("Accessibility.getFullAXTree")["nodes"]:
        role = node.get("role", {}).get("value")
        if node.get("ignored") or role not in NAMED:
            continue
        seen.add(role)
        check(node.get("name", {}).get("value", "").strip(), f"{what}: a {role} has no name: {node}")
    return seen


def tabbed(browser):
    """What the tab key reaches, in its order; each with a ring around it."""
    browser.run("document.activeElement.blur()")
    out = []
    for _ in range(80):
        browser.key("Tab")
        name, ring = browser.run("""(() => { const it = document.activeElement;
            if (it === document.body) return ["", ""];
            return [it.id || it.getAttribute("aria-label") || it.textContent.trim(), getComputedStyle(it).outlineStyle];
        })()""")
        if name in out:
            break
        # From the last the tab key leads out of the page, and then to the first.
        if name:
            check(ring != "none", f"no ring around {name}")
            out.append(name)
    return out


def play(world, browser, pictures):
    def picture(name, width=1280, scheme="light"):
        if pictures:
            browser.use(width, 900 if width > 600 else 844, scheme)
            time.sleep(0.4)
            browser.picture(f"{pictures}/{name}-{width}-{scheme}.png")
            browser.use()

    def pictured(name):
        for width in [1280, 390]:
            for scheme in ["light", "dark"]:
                picture(name, width, scheme)

    browser.use()
    node = world.run_node()
    page = world.url.split("#")[0]

    # Without the token there is a page, and nothing on it.
    browser.open(page)
    browser.wait("!document.querySelector('#login').hidden", "the page asks for the token")
    pictured("token")
    browser.run("document.querySelector('#token').focus()")
    browser.type("0" * 64)
    browser.key("Enter")
    browser.wait("document.querySelector('#token-error').textContent.includes('not take')", "a wrong token is refused")
    check(browser.run("document.querySelector('#board').hidden"), "a wrong token shows something")
    check(any("401" in one for one in browser.complaints), "the browser saw no 401")
    browser.complaints.clear()

    browser.open("about:blank")
    browser.open(world.url)
    browser.wait("document.querySelector('#link-text')?.textContent === 'Live'", "the page is live")
    browser.wait("!document.querySelector('#no-swarm').hidden", "there is no swarm yet")
    check(browser.run("location.href") == page, "the token is still in the address")
    pictured("empty")

    # A swarm with a name that would be markup, a member that lets us in, and a stranger.
    magnet = world.share()
    target = f"/v1/torrents/{magnet.split('btih:')[1][:40]}"
    # Slowly at first, so that there is a transfer to look at.
    world.ask("POST", "/v1/torrents", {"invite": magnet, "folder": f"{world.folder}/in",
                                       "limits": {"download": 300000, "upload": 0}})
    browser.wait(f"document.querySelector('#swarm-table a')?.textContent === {json.dumps(NAME)}", "the name, as text")
    check(browser.run("document.querySelectorAll('#board img, #board script').length") == 0, "a name became markup")
    browser.wait(f"document.querySelector('#peer-table').innerText.includes('{SEED}:')", "the seed, among the peers")
    check("named by the invite" in browser.text("#peer-table"), "who let the seed in")
    browser.wait("document.querySelector('#swarm-table .state').textContent === 'Downloading'", "it downloads")
    browser.wait("/^[1-9]/.test(document.querySelector('#node-down').textContent)", "a rate")
    browser.wait("document.querySelector('#peer-table').innerText.includes('sends to us')", "what the seed does")
    browser.wait("document.querySelector('#why-text').textContent.includes('limit')", "why it is no faster")
    pictured("transfer")
    world.ask("PUT", f"{target}/limits", {"download": 0, "upload": 0})
    browser.wait("document.querySelector('#swarm-table .state').textContent === 'Seeding'", "the node has everything")
    browser.wait("document.querySelector('#pieces-text').textContent.startsWith('192 of 192 pieces')", "the pieces")
    colours = browser.run("""(() => { const canvas = document.querySelector("#pieces");
        return new Set(canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data).size; })()""")
    check(colours > 3, "no piece is drawn")
    explained = world.ask("GET", f"{target}/explain")["explanation"]["summary"]
    browser.wait(f"document.querySelector('#why-text').textContent === {json.dumps(explained)}", f"says: {explained}")
    stranger = world.fetch(magnet, STRANGER, "stranger")
    browser.wait(f"document.querySelector('#refusal-table').innerText.includes('{STRANGER}:')", "the stranger is refused")
    check("no member" in browser.text("#refusal-table").lower(), "why the stranger is refused")
    world.end(stranger)

    # A member is let in by hand and fetches; then it is revoked, and is cut.
    browser.run("document.querySelector('#rule').focus()")
    browser.type("nonsense")
    browser.key("Enter")
    browser.wait("document.querySelector('#rule-error').textContent.startsWith('Not done')", "what is no rule is refused")
    pictured("error")
    browser.complaints.clear()
    browser.run("document.querySelector('#rule').select()")
    browser.type(MEMBER)
    browser.key("Enter")
    browser.wait(f"document.querySelector('#member-table').innerText.includes('{MEMBER}')", "the new member")
    world.ask("PUT", f"{target}/limits", {"download": 0, "upload": 800000})
    member = world.fetch(magnet, MEMBER, "member")
    browser.wait("document.querySelector('#peer-table').innerText.includes('is sent to')", "it is sent to the member")
    check("dialled us" in browser.text("#peer-table") and "listed by hand" in browser.text("#peer-table"), "who it is")
    browser.wait("/up [1-9]/.test(document.querySelector('#plot-text').textContent)", "the rate that goes out")
    check(browser.run("new Set(document.querySelector('#plot-up').getAttribute('d').match(/ [\\d.]+/g)).size") > 1,
          "the rate is no curve")
    pictured("data")
    world.said(member, "finished")
    with open(world.content, "rb") as one, open(f"{world.folder}/member/{NAME}", "rb") as other:
        check(one.read() == other.read(), "the member got other bytes")
    reached = tabbed(browser)
    for name in ["pause", "rule", f"Revoke {MEMBER}", NAME]:
        check(name in reached, f"the tab key does not reach {name}: {reached}")
    roles = judge(browser, "with data")
    check({"button", "link", "textbox", "image", "table", "progressbar"} <= roles, f"only {roles} were judged")
    browser.use(390, 844)
    browser.run(f"document.querySelector('[aria-label=\"Revoke {MEMBER}\"]').click()")
    browser.wait("document.querySelector('#revoke').open", "the page asks before it revokes")
    picture("revoke", 390)
    browser.run("document.querySelector('#revoke [value=yes]').click()")
    browser.wait(f"!document.querySelector('#member-table').innerText.includes('{MEMBER}')", "the member is gone")
    again = world.fetch(magnet, MEMBER, "again")
    browser.wait(f"document.querySelector('#refusal-table').innerText.includes('{MEMBER}:')", "it is refused now")
    world.end(again)
    browser.use()

    browser.run("document.querySelector('#pause').click()")
    browser.wait("document.querySelector('#pause').textContent === 'Resume'", "it is paused")
    browser.wait("document.querySelector('#why-text').textContent.includes('paused')", "who paused it")
    browser.run("document.querySelector('#pause').click()")
    browser.wait("document.querySelector('#swarm-table .state').textContent === 'Seeding'", "it is resumed")

    check(not browser.complaints, f"the browser complains: {browser.complaints}")

    # The node goes away, and comes back.
    world.end(node)
    browser.wait("document.querySelector('#link').dataset.is === 'away'", "the page says that the node is away")
    pictured("away")
    world.run_node()
    browser.wait("document.querySelector('#link-text').textContent === 'Live'", "the page found it again", 30)
    browser.wait("document.querySelector('#node-uptime').textContent.includes('second') || "
                 "document.querySelector('#node-uptime').textContent === 'a moment'", "it looked anew")

    for url in browser.requests:
        check(url.startswith((page, "about:", "data:")), f"the page asked for {url}")
    return f"{len(browser.requests)} requests, all to the node; {len(reached)} stops of the tab key"


def main():
    build = os.path.abspath(sys.argv[1])
    pictures = os.path.abspath(sys.argv[2]) if len(sys.argv) > 2 else None
    if pictures:
        os.makedirs(pictures, exist_ok=True)
    started = time.monotonic()
    world = World(build)
    try:
        browser = Browser()
        try:
            print(f"dashboard: {play(world, browser, pictures)}; {time.monotonic() - started:.1f} s")
        finally:
            browser.end()
    except Failed as failure:
        print(f"dashboard: FAILED: {failure}", file=sys.stderr)
        return 1
    finally:
        world.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
