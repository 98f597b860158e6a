import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { defineConfig, type Plugin } from "vite";

const outDir = "../crates/cli/console/dist";

/** A packed copy beside each file: the server has nothing to pack while somebody waits. */
function packed(): Plugin {
  return {
    name: "packed",
    apply: "build",
    closeBundle() {
      const files = readdirSync(outDir, { recursive: true, withFileTypes: true });
      for (const file of files.filter((file) => file.isFile())) {
        const path = join(file.parentPath, file.name);
        writeFileSync(`${path}.gz`, gzipSync(readFileSync(path), { level: 9 }));
      }
    },
  };
}

export default defineConfig({
  esbuild: { jsx: "automatic", jsxImportSource: "preact" },
  build: {
    outDir,
    emptyOutDir: true,
    target: "es2022",
    // The policy of the page allows no inline script, and browsers that run this need none.
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 700,
  },
  plugins: [packed()],
  server: {
    // `npm run dev` beside a running server.
    proxy: { "/v2": "http://127.0.0.1:8080", "/grevy": "http://127.0.0.1:8080" },
  },
});
