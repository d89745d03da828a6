/** The maps of the own server (`GET /v1/maps`), and the base map kept on this device, so that it is there without network. */

export interface MapInfo {
  name: string;
  kind: "vector" | "raster";
  size: number;
  min_zoom: number;
  max_zoom: number;
  bounds: [number, number, number, number];
  attribution: string;
  version: string;
}

// Not among the names that a new version of the app clears away (sw/shell.ts).
const CACHE = "maps";
/** The app comes to rest first. */
const REST_MS = 10_000;

/** Which maps there are; without network those known from before. */
export async function maps(): Promise<MapInfo[]> {
  const cache = await caches.open(CACHE);
  try {
    const answer = await fetch("/v1/maps");
    if (!answer.ok) throw new TypeError("no list");
    await cache.put("/v1/maps", answer.clone());
    return ((await answer.json()) as { maps: MapInfo[] }).maps;
  } catch {
    const kept = await cache.match("/v1/maps");
    return kept ? ((await kept.json()) as { maps: MapInfo[] }).maps : [];
  }
}

/** The whole base map; small enough to keep. Throws TypeError without network where it was never fetched. */
export async function baseMap(info: MapInfo): Promise<ArrayBuffer> {
  const cache = await caches.open(CACHE);
  const address = `/maps/${info.name}.pmtiles?v=${info.version}`;
  const kept = await cache.match(address);
  if (kept) return kept.arrayBuffer();
  const answer = await fetch(address);
  if (!answer.ok) throw new TypeError("no base map");
  for (const old of await cache.keys()) if (old.url.includes(`/maps/${info.name}.`)) await cache.delete(old);
  await cache.put(address, answer.clone());
  return answer.arrayBuffer();
}

/** Fetch the base map before it is needed, so that it is there where there is no network. Returns what gives it up. */
export function keepBaseMap(): () => void {
  const timer = setTimeout(() => {
    if (!navigator.onLine) return;
    const kept = maps().then((found) => {
      const base = found.find((map) => map.name === "base");
      return base && baseMap(base);
    });
    // Without network or room: at the next start, or when the map is opened.
    kept.catch(() => undefined);
  }, REST_MS);
  return () => {
    clearTimeout(timer);
  };
}
