"""The errors of the protocol, all with a stable `code`.

ProtocolError
  EncodingRefused     bytes that are not the one allowed encoding (CBOR, COSE, padding, records, links)
  KeyRefused          a public key that must not be used
  SignatureRefused    a signature that does not hold
  SealRefused         a box, message, slot or chunk that does not open, or not to what it claims
  ChainRefused        a statement that breaks a rule of its chain
"""


class ProtocolError(Exception):
    """Something breaks the protocol. `code` is stable; `detail` is for developers and holds no secrets."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code = code
        self.detail = detail


class EncodingRefused(ProtocolError):
    """Bytes that are not the one allowed encoding."""


class KeyRefused(ProtocolError):
    """A public key that must not be used."""


class SignatureRefused(ProtocolError):
    """A signature that does not hold."""


class SealRefused(ProtocolError):
    """Something sealed that does not open, or not to what it claims to be."""


class ChainRefused(ProtocolError):
    """A statement that breaks a rule of its chain."""
