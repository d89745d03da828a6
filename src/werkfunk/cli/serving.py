"""The server's process: what `werkfunk serve` becomes (see `cli.server.serve`). Its one argument is a JSON object."""

import contextlib
import gc
import sys
import types
from pathlib import Path

import msgspec

# What a server never uses but libraries load with themselves, 10 MB of memory: rich and greenlet (structlog, where they
# are installed) and uvicorn's own command line (with click). uvicorn is pinned; `uvicorn.main` gives its package three names.
for needless in ("rich", "greenlet"):
    sys.modules.setdefault(needless, None)  # type: ignore[arg-type]
command_line = types.ModuleType("uvicorn.main")
command_line.__dict__.update(Server=None, main=None, run=None)
sys.modules.setdefault("uvicorn.main", command_line)

import uvloop  # noqa: E402

from werkfunk.adapters import config as configuration  # noqa: E402
from werkfunk.adapters.logs import configure  # noqa: E402
from werkfunk.app import Server  # noqa: E402
from werkfunk.cli.ending import ending  # noqa: E402
from werkfunk.cli.keyfile import open_keys  # noqa: E402
from werkfunk.cli.output import Exit, Printer  # noqa: E402
from werkfunk.storage.claim import claimed  # noqa: E402


def serve(task: str) -> None:
    """Run the server until a signal."""
    given = msgspec.json.decode(task)
    data, printer = Path(given["data"]), Printer(json=given["json"])
    config = configuration.load(data, given["overrides"])
    configure(config.log_level)
    keys = open_keys(data, config)

    def ready(port: int) -> None:
        # What is loaded by now stays: the collector need not look at it again and again.
        gc.collect()
        gc.freeze()
        url = config.origins(port)[0]
        printer.result({"url": url}, f"Werkfunk läuft auf {url} (beenden mit Strg+C)")

    # uvicorn raises the signal again after a graceful stop; for a person that is an ordinary end.
    with claimed(data), contextlib.suppress(KeyboardInterrupt):
        uvloop.run(Server(data, config, keys).serve(ready))


def main() -> None:
    """Entry point of the module."""
    code = Exit.DONE
    try:
        serve(sys.argv[1])
    except Exception as error:
        code = ending(error, json='"json":true' in sys.argv[1])
    sys.exit(int(code))


if __name__ == "__main__":
    main()
