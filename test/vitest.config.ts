import { defineConfig } from "vitest/config";

export default defineConfig({
  root: new URL("..", import.meta.url).pathname,
  cacheDir: "node_modules/.vite",
  test: {
    include: ["test/**/*.test.ts"],
    exclude: ["test/peers/**"],
    testTimeout: 120_000, // shared machines stall; what hangs is seen all the same,
  },
});
