import { defineConfig } from "vitest/config";

export default defineConfig({
  root: new URL("..", import.meta.url).pathname,
  cacheDir: "node_modules/.vite",
  // Examples of docs/ import the package by its name.
  resolve: { alias: { rootwalk: new URL("../src/index.ts", import.meta.url).pathname } },
  test: {
    include: ["test/**/*.test.ts"],
    exclude: ["**/node_modules/**", "test/peers/**"], // test/packages has its own, with a link to all of this
    testTimeout: 120_000, // shared machines stall; what hangs is seen all the same,
  },
});
