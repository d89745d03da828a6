"""Where the server's key lies, for every command that needs it."""

from pathlib import Path

from werkfunk.adapters.config import Config, ConfigError
from werkfunk.storage import keys as keyfiles
from werkfunk.storage.keys import Keys


def key_path(data: Path, config: Config) -> Path:
    """Where the key file lies."""
    return Path(config.key_file) if config.key_file else data / "server.key"


def open_keys(data: Path, config: Config) -> Keys:
    """The server's keys. Raises ConfigError, WrongKey."""
    try:
        return keyfiles.load(key_path(data, config))
    except FileNotFoundError:
        path = key_path(data, config)
        raise ConfigError(f"there is no key file {path}; was `werkfunk init --data {data}` run?") from None
