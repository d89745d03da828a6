"""Preparing a new server: the secret of the owner's set-up link and the names given to `init`."""

import hashlib
import secrets

from werkfunk.storage.store import Store


async def prepare(store: Store, organisation: str, owner: str) -> bytes:
    """Store what the set-up link's holder will need; gives the link's secret (16 bytes), of which only a hash is kept."""
    secret = secrets.token_bytes(16)
    await store.set_meta("setup_secret_hash", hashlib.sha256(secret).digest())
    await store.set_meta("organisation_name", organisation.encode())
    await store.set_meta("owner_name", owner.encode())
    return secret
