let policy: { createScriptURL(url: string): unknown } | null = null;

/** Scripts come from the app's own build only: the one Trusted Types policy says so. */
export function trusted(url: string): URL {
  const own = (candidate: string): string => {
    if (new URL(candidate, location.href).origin !== location.origin) throw new TypeError("a foreign script");
    return candidate;
  };
  policy ??=
    typeof trustedTypes === "undefined"
      ? { createScriptURL: own }
      : trustedTypes.createPolicy("werkfunk", { createScriptURL: own });
  return policy.createScriptURL(url) as unknown as URL;
}
