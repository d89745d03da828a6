import { judge, parseCase } from "../protocol/case";
import { OPERATIONS } from "../protocol/operations";

/** The vectors in a browser (tests/app/test_vectors.py of the project): what does not give what it must. */
Object.assign(globalThis, {
  areas: Object.keys(OPERATIONS),
  async differing(area: string, texts: string[]): Promise<string[]> {
    const found: string[] = [];
    for (const one of texts.map(parseCase)) {
      const { result, wanted } = await judge(OPERATIONS[area]!, one);
      const [got, expected] = [result, wanted].map((value) =>
        JSON.stringify(typeof value === "string" ? value : Object.entries(value).sort()),
      );
      if (got !== expected) found.push(`${area}/${one.name}: ${got} instead of ${expected}`);
    }
    return found;
  },
});
