/**
 * The texts of one part of the app, both languages side by side. German is the source: a key that stands there and not in
 * English, or the other way round, does not compile. `{name}` is replaced by a value; keys ending in `.one` and `.other`
 * are forms for a number.
 */
export function area<const G extends Readonly<Record<string, string>>>(
  de: G,
  en: Readonly<Record<keyof G, string>>,
): { readonly de: G; readonly en: Readonly<Record<keyof G, string>> } {
  return { de, en };
}
