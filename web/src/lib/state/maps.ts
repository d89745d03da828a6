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

const CACHE = "werkfunk-maps";

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
