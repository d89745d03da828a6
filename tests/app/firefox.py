"""Firefox ESR through WebDriver BiDi (W3C), which it speaks by itself: a socket and JSON, no driver between."""

import asyncio
import itertools
import json
from pathlib import Path
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from packages import need

from .link import Link

FIREFOX = "/usr/bin/firefox-esr"
PREFS: dict[str, Any] = {
    # Without a desktop there is no system to show notifications; the browser then does it itself.
    "alerts.useSystemBackend": False,
    "app.update.auto": False,
    "browser.shell.checkDefaultBrowser": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "dom.push.alwaysConnect": True,
    "dom.push.connection.enabled": True,
    "dom.push.testing.allowInsecureServerURL": True,
    "intl.accept_languages": "de-DE",
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    # 1: allowed, as if the person had agreed.
    "permissions.default.desktop-notification": 1,
    "toolkit.telemetry.enabled": False,
}


# What people see a thing as -> how it is written. The name is what is said of it, or what stands in it.
ROLES = {
    "article": "article",
    "button": "button",
    "dialog": "dialog[open]",
    "heading": "h1, h2, h3",
    "img": "img, [role=img]",
    "link": "a[href]",
    "radio": "input[type=radio]",
    "switch": "[role=switch]",
    "textbox": "textarea, input:not([type]), input[type=text], input[type=search]",
}
# Looks again whenever the page changes; the test's timeout is the limit.
LOOK = """(role, name, whole, gone) => new Promise((done) => {
  const called = (one) =>
    one.getAttribute("aria-label") ?? (one.labels?.[0] ?? one).innerText ?? one.getAttribute("alt") ?? "";
  const fits = (one) => {
    const found = (one.alt || called(one)).trim();
    const right = whole ? found === name : found.includes(name);
    return right && !one.disabled && one.checkVisibility({ visibilityProperty: true });
  };
  const look = () => {
    // What lies behind an open dialog cannot be reached.
    const ground = [...document.querySelectorAll("dialog[open]")].at(-1);
    const all = ground && !role.startsWith("dialog") ? ground : document;
    const one = [...all.querySelectorAll(role)].find(fits);
    if (gone ? one : !one) return false;
    one?.scrollIntoView({ block: "nearest" });
    done(one ?? null);
    return true;
  };
  if (look()) return;
  const watch = new MutationObserver(() => look() && watch.disconnect());
  watch.observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
})"""
READ = """(text) => new Promise((done) => {
  const look = () => document.body.innerText.includes(text);
  if (look()) return done();
  const watch = new MutationObserver(() => {
    if (!look()) return;
    watch.disconnect();
    done();
  });
  watch.observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
})"""
KEYS = {"Enter": "\ue007", "Escape": "\ue00c"}


class Tab:
    """One tab. What it does with a page it does by the browser's own events: pointer, keys, chosen files."""

    def __init__(self, browser: "Firefox", context: str) -> None:
        self._browser = browser
        self._context = context

    async def ask(self, method: str, **params: Any) -> Any:
        return await self._browser.ask(method, context=self._context, **params)

    async def go(self, url: str) -> None:
        await self.ask("browsingContext.navigate", url=url, wait="complete")

    async def reload(self) -> None:
        await self.ask("browsingContext.reload", wait="complete")

    async def front(self) -> None:
        """Bring it before the others."""
        await self.ask("browsingContext.activate")

    async def close(self) -> None:
        await self.ask("browsingContext.close")

    async def run(self, function: str, *given: Any) -> Any:
        """Call an (async) function in the tab with JSON values; gives its JSON value."""
        wrapped = f"async (text) => JSON.stringify((await ({function})(...JSON.parse(text))) ?? null)"
        result = await self._call(wrapped, {"type": "string", "value": json.dumps(given)})
        return json.loads(result["value"])

    async def _call(self, function: str, *given: dict[str, Any]) -> Any:
        answer = await self._browser.ask(
            "script.callFunction",
            functionDeclaration=function,
            arguments=list(given),
            awaitPromise=True,
            target={"context": self._context},
        )
        assert answer["type"] == "success", answer["exceptionDetails"]["text"]
        return answer["result"]

    async def find(self, role: str, name: str, *, exact: bool = False) -> dict[str, Any]:
        """Wait until there is one that people can see and reach."""
        found = await self._look(role, name, exact, gone=False)
        return {"sharedId": found["sharedId"]}

    async def gone(self, role: str, name: str) -> None:
        """Wait until there is none any more."""
        await self._look(role, name, exact=False, gone=True)

    async def _look(self, role: str, name: str, exact: bool, *, gone: bool) -> Any:
        values: list[dict[str, Any]] = [{"type": "string", "value": ROLES[role]}, {"type": "string", "value": name}]
        flags: list[dict[str, Any]] = [{"type": "boolean", "value": exact}, {"type": "boolean", "value": gone}]
        return await self._call(LOOK, *values, *flags)

    async def reads(self, text: str) -> None:
        """Wait until this stands on the page."""
        await self.run(READ, text)

    async def click(self, role: str, name: str, *, exact: bool = False, button: int = 0) -> None:
        await self.press(await self.find(role, name, exact=exact), button)

    async def press(self, node: dict[str, Any], button: int = 0) -> None:
        """The pointer onto its middle, down and up."""
        move = {"type": "pointerMove", "x": 0, "y": 0, "origin": {"type": "element", "element": node}}
        steps = [move, {"type": "pointerDown", "button": button}, {"type": "pointerUp", "button": button}]
        await self.ask("input.performActions", actions=[{"type": "pointer", "id": "mouse", "actions": steps}])

    async def write(self, name: str, text: str) -> None:
        """Into the field of this name, key by key."""
        await self.click("textbox", name)
        await self.keys(*text)

    async def keys(self, *keys: str) -> None:
        """Each a name of KEYS or what one key gives (one grapheme)."""
        steps = [{"type": kind, "value": KEYS.get(key, key)} for key in keys for kind in ("keyDown", "keyUp")]
        await self.ask("input.performActions", actions=[{"type": "key", "id": "keys", "actions": steps}])

    async def choose(self, selector: str, *files: Path) -> None:
        """Choose files for an input; the system's own dialog is not the page's."""
        found = await self.ask("browsingContext.locateNodes", locator={"type": "css", "value": selector})
        element = {"sharedId": found["nodes"][0]["sharedId"]}
        await self.ask("input.setFiles", element=element, files=[str(file) for file in files])


def through(link: Link) -> dict[str, Any]:
    """Preferences of a browser whose whole network is this link."""
    way = {"network.proxy.type": 1, "network.proxy.no_proxies_on": "", "network.proxy.allow_hijacking_localhost": True}
    for kind in ("http", "ssl"):
        way |= {f"network.proxy.{kind}": "127.0.0.1", f"network.proxy.{kind}_port": link.port}
    return way


class Firefox:
    """One browser with a profile of its own; `tab` is its first one."""

    def __init__(self, profile: Path, prefs: dict[str, Any]) -> None:
        need("firefox-esr")
        self._profile = profile
        self._prefs = PREFS | prefs
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self.errors: list[str] = []
        """What pages have logged as errors, uncaught ones too."""

    async def __aenter__(self) -> "Firefox":
        self._profile.mkdir()
        lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});" for name, value in self._prefs.items()]
        (self._profile / "user.js").write_text("\n".join(lines))
        self._process = await asyncio.create_subprocess_exec(
            FIREFOX, "--headless", "--no-remote", "--profile", str(self._profile), "--remote-debugging-port", "0",
            stderr=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.DEVNULL, env={"HOME": str(self._profile)},
        )  # fmt: skip
        address = ""
        assert self._process.stderr is not None
        while not address:
            line = (await self._process.stderr.readline()).decode()
            assert line, "Firefox ended before it was ready"
            if "WebDriver BiDi listening on " in line:
                address = line.rpartition(" ")[2].strip()
        self._drain = asyncio.create_task(self._process.stderr.read())
        self._socket: ClientConnection = await connect(address + "/session", max_size=None, proxy=None)
        self._reader = asyncio.create_task(self._read())
        await self.ask("session.new", capabilities={})
        await self.ask("session.subscribe", events=["log.entryAdded"])
        self.tab = await self.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._socket.close()
        self._process.terminate()
        await self._process.wait()
        await asyncio.gather(self._reader, self._drain)

    async def _read(self) -> None:
        try:
            async for text in self._socket:
                message = json.loads(text)
                if message.get("method") == "log.entryAdded" and message["params"]["level"] == "error":
                    self.errors.append(str(message["params"]["text"]))
                waiting = self._waiting.pop(message.get("id") or 0, None)
                if waiting is not None:
                    waiting.set_result(message)
        except ConnectionClosed:
            pass

    async def ask(self, method: str, **params: Any) -> Any:
        """One command. Fails the test on an error."""
        number = next(self._numbers)
        self._waiting[number] = asyncio.get_running_loop().create_future()
        await self._socket.send(json.dumps({"id": number, "method": method, "params": params}))
        answer = await self._waiting[number]
        assert answer["type"] == "success", answer
        return answer["result"]

    async def open(self) -> Tab:
        """Another tab, in front."""
        tab = Tab(self, (await self.ask("browsingContext.create", type="tab"))["context"])
        await tab.ask("browsingContext.setViewport", viewport={"width": 390, "height": 844}, devicePixelRatio=2)
        return tab
