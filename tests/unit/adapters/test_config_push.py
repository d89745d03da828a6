"""Settings of push: typos and impossible contacts stop the server."""

import pytest

from werkfunk.adapters.config import Config, ConfigError, load


@pytest.mark.parametrize("contact", ["mailto:chef@elektro-huber.de", "https://funk.elektro-huber.de/hilfe", ""])
def test_a_contact_that_a_push_service_takes(contact: str) -> None:
    assert load(None, {"push_contact": contact}, {}).contact == contact


@pytest.mark.parametrize(
    "contact",
    ["chef@elektro-huber.de", "mailto:chef@localhost", "mailto:", "http://elektro-huber.de", "https://localhost"],
)
def test_a_contact_that_none_would_take(contact: str) -> None:
    with pytest.raises(ConfigError, match="push_contact"):
        load(None, {"push_contact": contact}, {})


def test_the_public_address_is_contact_enough() -> None:
    assert Config(public_url="https://funk.elektro-huber.de").contact == "https://funk.elektro-huber.de"
    assert Config(public_url="http://funk.lan").contact == ""


@pytest.mark.parametrize("services", ["push.example/path", "ftp://push.example", "*", "https://*.example", "http://"])
def test_services_are_hosts_or_origins(services: str) -> None:
    with pytest.raises(ConfigError, match="push_services"):
        load(None, {"push_services": services}, {})


def test_it_is_switched_off_by_a_word() -> None:
    assert load(None, {}, {}).push
    assert not load(None, {}, {"WERKFUNK_PUSH": "false"}).push
    assert not load(None, {"push": False}, {}).push
    for wrong in ("0", "off", ""):
        with pytest.raises(ConfigError, match="push must be true or false"):
            load(None, {}, {"WERKFUNK_PUSH": wrong})
    with pytest.raises(ConfigError, match="push must be true or false"):
        load(None, {"push": 1}, {})
