// Bundles source/ into editor.js and gathers the licences of what is in it.
// `npm ci && npm run build` after a change; `npm run check` tells whether editor.js is current.

import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { build } from "esbuild";

const BUNDLE = "editor.js";
const LICENCES = "LICENCES.txt";

/** Stands in the bundle, so that a test without node sees whether source/ has moved on. */
function fingerprint() {
  const files = ["package-lock.json", ...readdirSync("source").sort().map((name) => `source/${name}`)];
  const hash = createHash("sha256");
  for (const file of files) hash.update(readFileSync(file, "utf8").replaceAll("\r\n", "\n"));
  return hash.digest("hex");
}

async function bundle() {
  const result = await build({
    entryPoints: ["source/index.js"],
    bundle: true,
    format: "esm",
    minify: true,
    target: "es2022",
    charset: "utf8",
    metafile: true,
    write: false,
    banner: {
      js:
        "// Headroom's editor, built from source/ by build.mjs. Licences: LICENCES.txt\n" +
        `// From sources with SHA-256 ${fingerprint()}`,
    },
  });
  return { text: result.outputFiles[0].text, inputs: Object.keys(result.metafile.inputs) };
}

/** The licence of every package of which a file is in the bundle. */
function licences(inputs) {
  const found = inputs.map((path) => path.match(/^node_modules\/((?:@[^/]+\/)?[^/]+)/)?.[1]);
  const packages = [...new Set(found.filter(Boolean))].sort();
  const entries = packages.map((name) => {
    const { version } = JSON.parse(readFileSync(`node_modules/${name}/package.json`, "utf8"));
    const licence = readFileSync(`node_modules/${name}/LICENSE`, "utf8").trim();
    return `${name} ${version}\n\n${licence}\n`;
  });
  return entries.join(`\n${"-".repeat(80)}\n\n`);
}

const { text, inputs } = await bundle();
const files = { [BUNDLE]: text, [LICENCES]: licences(inputs) };
for (const [path, content] of Object.entries(files)) {
  if (!process.argv.includes("--check")) writeFileSync(path, content);
  else if (readFileSync(path, "utf8") !== content) {
    console.error(`${path} is not what source/ gives: run npm run build`);
    process.exitCode = 1;
  }
}
