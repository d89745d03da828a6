import { Problem } from "./api";

/** An error as a `Problem`. What nobody foresaw is `internal`, and told to whoever watches the worker. */
export function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof DOMException && error.name === "QuotaExceededError") return new Problem("quota");
  reportError(error);
  return new Problem("internal", String(error));
}

/** For `catch`: that there is no such thing, said as what it means to whoever asked. */
export function missing(code: string, detail?: string): (error: unknown) => never {
  return (error) => {
    throw error instanceof Problem && error.code === "not_found" ? new Problem(code, detail) : error;
  };
}
