"""The server's process with the tests' build of the app (`web/build-tests`): the same app, and the bare engine's page."""

from pathlib import Path

from werkfunk.cli import serving
from werkfunk.http import app_files

app_files.FOLDER = Path(__file__).parents[2] / "web" / "build-tests"

if __name__ == "__main__":
    serving.main()
