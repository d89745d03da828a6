import { expect, test } from "vitest";

test("WebCrypto is there", () => expect(crypto.subtle).toBeDefined());
