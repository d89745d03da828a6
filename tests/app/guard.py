"""What no page of the app may do, whatever the test is about: talk to another origin, log errors, break its policy, ask the
same thing over and over.
"""

import contextlib
import re
import time
from collections import defaultdict, deque

from playwright.async_api import BrowserContext, ConsoleMessage, Error, Request, Response, WebError, Worker

from .link import Link

# A browser logs each failed request by itself; what was asked of whom and answered is judged by the test and below.
NETWORK = re.compile(
    r"^Failed to load resource: |^WebSocket connection to .* failed: "
    # The service worker's script, when the network goes while a page registers it.
    r"|^An unknown error occurred when fetching the script\."
)
# A browser process of its own also calls its maker, whatever is switched off; a page's request there is found above it.
MAKER = re.compile(r"^(http://)?[a-z0-9.-]+\.(google|googleapis|gstatic)\.com(:443|/|$)")
OFTEN, WITHIN_S = 60, 5.0
"""Asked so often in so short a time, it is asked because it was answered."""
VIOLATIONS = """() => addEventListener("securitypolicyviolation", (event) =>
  console.error(`policy violated: ${event.violatedDirective} ${event.blockedURI} ${event.sample}`))"""


class Guard:
    """Watches one browser context; `check` at the test's end."""

    def __init__(self, context: BrowserContext, origin: str, link: Link) -> None:
        self.origin = origin
        self.link = link
        self.expected: list[str] = []
        """Patterns of errors that a test provokes."""
        self.found: list[str] = []
        self._asked: defaultdict[str, deque[float]] = defaultdict(lambda: deque(maxlen=OFTEN))
        context.on("request", self._request)
        context.on("response", self._response)
        context.on("console", self._console)
        context.on("weberror", self._error)
        context.on("page", lambda page: page.on("worker", self._worker))

    async def begin(self, context: BrowserContext) -> None:
        await context.add_init_script(f"({VIOLATIONS})()")

    async def _worker(self, worker: Worker) -> None:
        # A page that goes away takes its worker along.
        with contextlib.suppress(Error):
            await worker.evaluate(VIOLATIONS)

    def check(self) -> None:
        """Every finding that the test did not announce."""
        targets = [target for target in self.link.foreign if not MAKER.search(target)]
        found = self.found + [f"foreign target: {target}" for target in targets]
        left = [one for one in found if not any(re.search(pattern, one) for pattern in self.expected)]
        assert not left, "\n".join(left)

    def _request(self, request: Request) -> None:
        own = request.url.startswith((f"{self.origin}/", f"blob:{self.origin}/", "data:"))
        if not own:
            self.found.append(f"foreign request: {request.url}")
        # Pieces of one file are not the same thing.
        if request.method == "GET" and "range" not in request.headers:
            times = self._asked[request.url]
            times.append(time.monotonic())
            if len(times) == OFTEN and times[-1] - times[0] < WITHIN_S:
                times.clear()
                self.found.append(f"asked again and again: {request.url}")

    def _response(self, response: Response) -> None:
        # Refusals of the API are part of talking to it; a file of the app that is not there is not.
        if response.status >= 400 and not response.url.startswith(f"{self.origin}/v1/"):
            self.found.append(f"{response.status}: {response.url}")

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not NETWORK.search(message.text):
            self.found.append(f"console {message.type}: {message.text}")

    def _error(self, error: WebError) -> None:
        self.found.append(f"uncaught: {error.error.stack or error.error.message}")
