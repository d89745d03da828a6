"""Firefox ESR through WebDriver BiDi (W3C), which it speaks by itself: a socket and JSON, no driver between."""

import asyncio
import itertools
import json
from pathlib import Path
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

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


class Firefox:
    """One browser with a profile of its own and one tab."""

    def __init__(self, profile: Path, prefs: dict[str, Any]) -> None:
        self._profile = profile
        self._prefs = PREFS | prefs
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}

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
        self.tab: str = (await self.ask("browsingContext.create", type="tab"))["context"]
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

    async def go(self, url: str) -> None:
        await self.ask("browsingContext.navigate", context=self.tab, url=url, wait="complete")

    async def run(self, function: str, *given: Any) -> Any:
        """Call an (async) function in the tab with JSON values; gives its JSON value."""
        wrapped = f"async (text) => JSON.stringify((await ({function})(...JSON.parse(text))) ?? null)"
        answer = await self.ask(
            "script.callFunction",
            functionDeclaration=wrapped,
            arguments=[{"type": "string", "value": json.dumps(given)}],
            awaitPromise=True,
            target={"context": self.tab},
        )
        assert answer["type"] == "success", answer["exceptionDetails"]["text"]
        return json.loads(answer["result"]["value"])
