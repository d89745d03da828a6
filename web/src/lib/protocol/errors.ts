/** Something breaks the protocol. `code` is stable; `detail` is for developers and holds no secrets. */
export class ProtocolError extends Error {
  constructor(
    readonly code: string,
    readonly detail = "",
  ) {
    super(detail ? `${code}: ${detail}` : code);
    this.name = new.target.name;
  }
}

/** Bytes that are not the one allowed encoding (CBOR, COSE, padding, records, links). */
export class EncodingRefused extends ProtocolError {}
/** A public key that must not be used. */
export class KeyRefused extends ProtocolError {}
/** A signature that does not hold. */
export class SignatureRefused extends ProtocolError {}
/** Something sealed that does not open, or not to what it claims to be. */
export class SealRefused extends ProtocolError {}
/** A statement that breaks a rule of its chain. */
export class ChainRefused extends ProtocolError {}
