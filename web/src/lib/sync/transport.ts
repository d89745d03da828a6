import { b64u, utf8 } from "../protocol/bytes";
import { sha256 } from "../protocol/kdf";
import type { Signer } from "../protocol/signing";
import type { Problem as ProblemBody, Session } from "../wire/api";
import { Problem } from "./api";
import type { Env } from "./env";

const RETRIES = 6;

/** Whether a refusal means "later" rather than "no". */
export function isNetwork(error: unknown): boolean {
  return error instanceof Problem && ["no_connection", "unavailable", "busy", "internal"].includes(error.code);
}

/** The code of a refusal; anything else is thrown on. */
export function codeOf(error: unknown): string {
  if (error instanceof Problem) return error.code;
  throw error;
}

export interface Ask {
  body?: BodyInit | undefined;
  headers?: Record<string, string> | undefined;
  query?: Record<string, number> | undefined;
  signed?: boolean | undefined;
  signal?: AbortSignal | undefined;
}

/** A request that nobody answers for so long is lost with its network: what waits for it tries again. */
const PATIENCE_MS = 60_000;

/** HTTP with DPoP (RFC 9449): each request signed by the device's key, tokens renewed by themselves. */
export class Transport {
  private token = "";
  private nonce = "";

  constructor(
    private readonly env: Env,
    private readonly device: Uint8Array | null = null,
    private readonly key: Signer | null = null,
  ) {}

  get base(): string {
    return this.env.base;
  }

  /** A JSON call. `path` with ids in lower-case hex. Throws Problem: the server's code, or `no_connection`. */
  async call<T>(
    method: string,
    path: string,
    options: { body?: unknown; query?: Record<string, number> } = {},
  ): Promise<T> {
    const json = options.body === undefined ? undefined : JSON.stringify(options.body);
    const answer = await this.request(method, path, {
      body: json,
      headers: json === undefined ? {} : { "content-type": "application/json" },
      query: options.query,
      signed: this.key !== null,
    });
    return (await received(answer.json())) as T;
  }

  /** A request with token and proof, repeated when the server asks for a nonce, a new token or patience. */
  async request(method: string, path: string, ask: Ask = {}): Promise<Response> {
    const signed = ask.signed ?? true;
    let renewed = false;
    for (let attempt = 0; attempt < RETRIES; attempt++) {
      if (signed && !this.token) await this.signIn();
      const headers = { ...ask.headers };
      if (signed) {
        headers["authorization"] = `DPoP ${this.token}`;
        headers["dpop"] = await this.proof(method, path, this.token);
      }
      const answer = await this.send(method, path, { ...ask, headers });
      if (answer.ok) return answer;
      const problem = await problemOf(answer);
      if (signed && problem.code === "use_dpop_nonce") continue;
      if (signed && problem.code === "unauthenticated" && !renewed) {
        renewed = true;
        this.token = "";
        continue;
      }
      if ((problem.code === "rate_limited" || problem.code === "busy") && attempt < RETRIES - 1) {
        await this.env.pause(200 * 2 ** attempt);
        continue;
      }
      throw problem;
    }
    throw new Problem("unavailable", "the server keeps asking for another nonce");
  }

  private async send(method: string, path: string, ask: Ask): Promise<Response> {
    const query = ask.query
      ? `?${new URLSearchParams(Object.entries(ask.query).map(([k, v]) => [k, String(v)])).toString()}`
      : "";
    let answer: Response;
    try {
      answer = await fetch(this.env.base + path + query, {
        method,
        headers: ask.headers ?? {},
        body: ask.body ?? null,
        signal: ask.signal ?? AbortSignal.timeout(PATIENCE_MS),
        cache: "no-store",
        credentials: "omit",
        redirect: "error",
      });
    } catch (error) {
      if (error instanceof DOMException && error.name === "AbortError") throw error;
      throw new Problem("no_connection");
    }
    this.nonce = answer.headers.get("dpop-nonce") ?? this.nonce;
    const date = Date.parse(answer.headers.get("date") ?? "");
    if (!Number.isNaN(date)) this.env.heard(date);
    return answer;
  }

  private async signIn(): Promise<void> {
    const path = "/v1/sessions";
    for (let attempt = 0; attempt < 3; attempt++) {
      const answer = await this.send("POST", path, {
        body: JSON.stringify({ device: btoa(String.fromCharCode(...(this.device ?? []))) }),
        headers: { "content-type": "application/json", dpop: await this.proof("POST", path, "") },
      });
      if (answer.ok) {
        this.token = ((await received(answer.json())) as Session).token;
        return;
      }
      const problem = await problemOf(answer);
      if (problem.code !== "use_dpop_nonce") throw problem;
    }
    throw new Problem("unavailable", "the server keeps asking for another nonce");
  }

  /** A proof for one request; `iat` is close enough, for freshness is the server's nonce. */
  private async proof(method: string, path: string, token: string): Promise<string> {
    const key = this.key;
    if (!key) throw new Problem("unauthenticated");
    const header = {
      typ: "dpop+jwt",
      alg: "Ed25519",
      jwk: { kty: "OKP", crv: "Ed25519", x: b64u(key.public) },
    };
    const claims: Record<string, unknown> = {
      jti: b64u(this.env.random(16)),
      htm: method,
      htu: this.env.base + path,
      iat: Math.floor(this.env.now() / 1000),
      nonce: this.nonce,
    };
    if (token) claims["ath"] = b64u(sha256(utf8(token)));
    const signed = `${b64u(utf8(JSON.stringify(header)))}.${b64u(utf8(JSON.stringify(claims)))}`;
    return `${signed}.${b64u(await key.sign(utf8(signed)))}`;
  }
}

/** An answer's body. Throws Problem `no_connection` when the network goes in the middle of it. */
export async function received<T>(body: Promise<T>): Promise<T> {
  try {
    return await body;
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new Problem("no_connection", "broken off");
  }
}

async function problemOf(answer: Response): Promise<Problem> {
  try {
    const body = (await answer.json()) as ProblemBody;
    return new Problem(body.code, body.detail ?? body.title);
  } catch {
    // A proxy's own page: something between here and the server.
    return new Problem(answer.status >= 500 ? "unavailable" : "no_connection", String(answer.status));
  }
}
