"""Settings fail loudly: typos name what was meant, open doors are refused, secrets are masked."""

from pathlib import Path
from typing import Any

import pytest

from werkfunk.adapters.config import Config, ConfigError, load


@pytest.mark.parametrize(
    ("typo", "meant"),
    [("lisen", "listen"), ("publicurl", "public_url"), ("key-file", "key_file"), ("tls_certt", "tls_cert"),
     ("blob_max", "blob_max_mb"), ("event_per_second", "events_per_second"), ("LISTEN", "listen")],
)  # fmt: skip
def test_an_unknown_key_names_the_nearest(tmp_path: Path, typo: str, meant: str) -> None:
    (tmp_path / "werkfunk.toml").write_text(f'"{typo}" = "x"\n')
    if typo.islower():
        with pytest.raises(ConfigError, match=f"there is no setting '{typo}'; did you mean '{meant}'") as wrong:
            load(tmp_path, {}, {})
        assert "werkfunk.toml" in str(wrong.value)
        with pytest.raises(ConfigError, match=f"environment: there is no setting '{typo}'; did you mean '{meant}'"):
            load(None, {}, {f"WERKFUNK_{typo.upper()}": "x"})
    else:
        with pytest.raises(ConfigError, match="there is no setting"):
            load(tmp_path, {}, {})


def test_file_then_environment_then_command_line(tmp_path: Path) -> None:
    (tmp_path / "werkfunk.toml").write_text('blob_max_mb = 1\nevents_burst = 1\nlog_level = "error"\n')
    config = load(tmp_path, {"log_level": "debug", "listen": None}, {"WERKFUNK_EVENTS_BURST": "2", "PATH": "/bin"})
    assert (config.blob_max_mb, config.events_burst, config.log_level) == (1, 2, "debug")
    assert config.listen == Config().listen
    elsewhere = tmp_path / "other.toml"
    elsewhere.write_text("blob_max_mb = 7\n")
    assert load(tmp_path, {}, {"WERKFUNK_CONFIG": str(elsewhere)}).blob_max_mb == 7


@pytest.mark.parametrize(
    ("text", "said"),
    [('blob_max_mb = "1"', "blob_max_mb must be a whole number"), ("blob_max_mb = true", "must be a whole number"),
     ("listen = 8470", "listen must be text"), ("blob_max_mb = 0", "must be at least 1"), ("[server]", "no setting"),
     ("listen = ", "werkfunk.toml"), ('metrics = "everybody"', "off, loopback or all"),
     ('proxies = "10.0.0.0/8 nginx"', "'nginx' is neither an address nor a network")],
)  # fmt: skip
def test_what_cannot_be_meant_is_refused(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "werkfunk.toml").write_text(text + "\n")
    with pytest.raises(ConfigError, match=said):
        load(tmp_path, {}, {})


TLS = {"tls_cert": "cert.pem", "tls_key": "key.pem"}
PROXY = {"public_url": "https://funk.example.de"}


@pytest.mark.parametrize("listen", ["127.0.0.1:8470", "localhost:8470", "[::1]:8470", "127.8.8.8:1"])
@pytest.mark.parametrize("more", [{}, TLS, PROXY, {"public_url": "http://localhost:1"}])
def test_this_machine_may_always_connect(listen: str, more: dict[str, Any]) -> None:
    assert load(None, {"listen": listen, **more}, {}).listen == listen


@pytest.mark.parametrize("listen", ["0.0.0.0:8470", "[::]:8470", "192.168.1.5:8470", "[fe80::1]:8470"])
def test_others_may_connect_encrypted_only(listen: str) -> None:
    for more in ({}, {"public_url": "http://funk.example.de"}):
        with pytest.raises(ConfigError, match="everybody on the network could read along"):
            load(None, {"listen": listen, **more}, {})
    for more in (TLS, PROXY, {**TLS, **PROXY}):
        assert load(None, {"listen": listen, **more}, {}).listen == listen
    for half in ("tls_cert", "tls_key"):
        with pytest.raises(ConfigError, match="belong together"):
            load(None, {"listen": listen, half: "x.pem", **PROXY}, {})


@pytest.mark.parametrize("listen", ["8470", "localhost", "funk.example.de:8470", "127.0.0.1:99999", "127.0.0.1:x", ""])
def test_an_address_that_is_none(listen: str) -> None:
    with pytest.raises(ConfigError, match="write an address and a port"):
        load(None, {"listen": listen}, {})


@pytest.mark.parametrize("url", ["funk.example.de", "ftp://funk.example.de", "https://", "https://funk.example.de/app"])
def test_a_public_address_that_is_none(url: str) -> None:
    with pytest.raises(ConfigError, match="public_url"):
        load(None, {"public_url": url}, {})


def test_secrets_are_masked_wherever_settings_are_shown() -> None:
    config = Config(tls_cert="cert.pem", tls_key="/secret/place.pem")
    assert config.shown()["tls_key"] == "***"
    assert config.shown()["tls_cert"] == "cert.pem"
    assert "/secret/place.pem" not in repr(config)
    assert Config().shown()["tls_key"] == "", "what is not set is not hidden"
