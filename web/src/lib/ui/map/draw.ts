import * as maplibre from "maplibre-gl";
import "maplibre-gl/dist/maplibre-gl.css";
import workerUrl from "maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url";
import { PMTiles, Protocol, type RangeResponse, type Source } from "pmtiles";
import { baseMap, type MapInfo } from "../../state/maps";
import { trusted } from "../../sync/trusted";

/** MapLibre, set up once: its worker from this app's own files, the base map from memory, street maps by ranges. */

const protocol = new Protocol();
let ready = false;

function setUp(): void {
  if (ready) return;
  ready = true;
  maplibre.addProtocol("pmtiles", protocol.tile);
  // The library asks its worker's address for two methods of strings; a TrustedScriptURL has none, but may be given them.
  const url = trusted(workerUrl);
  const text = String(url);
  maplibre.setWorkerUrl(
    Object.assign(url, {
      endsWith: (end: string) => text.endsWith(end),
      split: (by: RegExp) => text.split(by),
    }) as unknown as string,
  );
}

/** A map in memory. */
class Memory implements Source {
  constructor(private readonly data: ArrayBuffer) {}

  getKey(): string {
    return "base";
  }

  getBytes(offset: number, length: number): Promise<RangeResponse> {
    return Promise.resolve({ data: this.data.slice(offset, offset + length) });
  }
}

/** Make what the style's sources refer to. Throws TypeError when the base map is neither here nor to be had. */
export async function prepare(maps: readonly MapInfo[]): Promise<typeof maplibre> {
  setUp();
  const base = maps.find((map) => map.name === "base");
  if (base) protocol.add(new PMTiles(new Memory(await baseMap(base))));
  return maplibre;
}
