import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Case, parseCase } from "./case";

export const FOLDER = join(import.meta.dirname, "../../../tests/vectors");

export function areas(): string[] {
  return readdirSync(FOLDER, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith("__"))
    .map((entry) => entry.name);
}

export function cases(area: string): Case[] {
  return readdirSync(join(FOLDER, area))
    .filter((name) => name.endsWith(".txt"))
    .sort()
    .map((name) => parseCase(readFileSync(join(FOLDER, area, name), "utf-8")));
}
