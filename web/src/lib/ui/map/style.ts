import type { LayerSpecification, StyleSpecification } from "maplibre-gl";
import type { MapInfo } from "../../state/maps";

/** How maps look: calm, so that people and places stand out. Base map below, the operator's street map above it. Pure. */

interface Colours {
  water: string;
  land: string;
  line: string;
  green: string;
  built: string;
  road: string;
  roadEdge: string;
  text: string;
  halo: string;
}
const LIGHT: Colours = {
  water: "#c5dbe0",
  land: "#f5f2ec",
  line: "#b8ae9e",
  green: "#dde6d2",
  built: "#e6dfd3",
  road: "#ffffff",
  roadEdge: "#d5ccbd",
  text: "#3a4644",
  halo: "#f5f2ec",
};
const DARK: Colours = {
  water: "#0c2226",
  land: "#1b2221",
  line: "#4a5553",
  green: "#1e2b22",
  built: "#262f2d",
  road: "#3a4543",
  roadEdge: "#141a19",
  text: "#c3cecb",
  halo: "#141a19",
};
// Drawn on the device from the app's own font: no glyph is fetched.
const FONT = ["Inter Variable"];

function baseLayers(c: Colours): LayerSpecification[] {
  return [
    { id: "land", type: "fill", source: "base", "source-layer": "land", paint: { "fill-color": c.land } },
    {
      id: "borders",
      type: "line",
      source: "base",
      "source-layer": "borders",
      paint: { "line-color": c.line, "line-width": 1, "line-dasharray": [3, 2] },
    },
  ];
}

function baseNames(c: Colours, above: number): LayerSpecification[] {
  return [
    {
      id: "towns",
      type: "symbol",
      source: "base",
      "source-layer": "places",
      maxzoom: above,
      layout: {
        "text-field": ["get", "name"],
        "text-font": FONT,
        "text-size": ["interpolate", ["linear"], ["get", "population"], 12_000, 11, 1_000_000, 16],
        "symbol-sort-key": ["-", 0, ["get", "population"]],
        "text-padding": 6,
      },
      paint: { "text-color": c.text, "text-halo-color": c.halo, "text-halo-width": 1.5 },
    },
  ];
}

/** The layers of the Protomaps base map schema that a building site needs. */
function streetLayers(c: Colours): LayerSpecification[] {
  const source = { source: "streets" } as const;
  const width = (narrow: number, wide: number): ["interpolate", ["exponential", number], ["zoom"], ...number[]] => [
    "interpolate",
    ["exponential", 1.6],
    ["zoom"],
    9,
    narrow,
    18,
    wide,
  ];
  return [
    { id: "s-earth", type: "fill", ...source, "source-layer": "earth", paint: { "fill-color": c.land } },
    { id: "s-landuse", type: "fill", ...source, "source-layer": "landuse", paint: { "fill-color": c.green } },
    { id: "s-water", type: "fill", ...source, "source-layer": "water", paint: { "fill-color": c.water } },
    { id: "s-buildings", type: "fill", ...source, "source-layer": "buildings", paint: { "fill-color": c.built } },
    {
      id: "s-roads-edge",
      type: "line",
      ...source,
      "source-layer": "roads",
      layout: { "line-cap": "round", "line-join": "round" },
      paint: { "line-color": c.roadEdge, "line-width": width(0.8, 16) },
    },
    {
      id: "s-roads",
      type: "line",
      ...source,
      "source-layer": "roads",
      layout: { "line-cap": "round", "line-join": "round" },
      paint: { "line-color": c.road, "line-width": width(0.4, 13) },
    },
    {
      id: "s-road-names",
      type: "symbol",
      ...source,
      "source-layer": "roads",
      minzoom: 14,
      layout: {
        "symbol-placement": "line",
        "text-field": ["coalesce", ["get", "name:de"], ["get", "name"], ""],
        "text-font": FONT,
        "text-size": 12,
      },
      paint: { "text-color": c.text, "text-halo-color": c.halo, "text-halo-width": 1.5 },
    },
    {
      id: "s-places",
      type: "symbol",
      ...source,
      "source-layer": "places",
      layout: {
        "text-field": ["coalesce", ["get", "name:de"], ["get", "name"], ""],
        "text-font": FONT,
        "text-size": 13,
      },
      paint: { "text-color": c.text, "text-halo-color": c.halo, "text-halo-width": 1.5 },
    },
  ];
}

/** The style for the maps that a server has; `base` is drawn from memory, `streets` in pieces. */
export function styleFor(maps: readonly MapInfo[], dark: boolean, origin: string): StyleSpecification {
  const c = dark ? DARK : LIGHT;
  const base = maps.find((map) => map.name === "base");
  const streets = maps.find((map) => map.name === "streets");
  const layers: LayerSpecification[] = [{ id: "water", type: "background", paint: { "background-color": c.water } }];
  const sources: StyleSpecification["sources"] = {};
  if (base) {
    sources["base"] = { type: "vector", url: "pmtiles://base" };
    layers.push(...baseLayers(c));
  }
  if (streets) {
    const url = `pmtiles://${origin}/maps/streets.pmtiles?v=${streets.version}`;
    sources["streets"] = { type: streets.kind, url } as StyleSpecification["sources"][string];
    if (streets.kind === "vector") layers.push(...streetLayers(c));
    else layers.push({ id: "s-raster", type: "raster", source: "streets" });
  }
  if (base) layers.push(...baseNames(c, streets ? 9 : 24));
  return { version: 8, sources, layers };
}

/** What the maps' licences ask to name, each once. */
export function credits(maps: readonly MapInfo[]): string {
  // The file may hold markup; only its text is shown.
  const plain = (text: string): string => text.replace(/<[^>]*>/g, "").trim();
  return [...new Set(maps.map((map) => plain(map.attribution)).filter((text) => text !== ""))].join(" · ");
}
