"""The server's process with the tests' build of the app (`web/build-tests`): the same app, and the bare engine's page."""

import os
from pathlib import Path

from werkfunk.cli import serving
from werkfunk.http import app_files

BUILT = Path(__file__).parents[2] / "web" / "build-tests"
app_files.FOLDER = Path(os.environ.get("APP_FOLDER", BUILT))

if __name__ == "__main__":
    serving.main()
