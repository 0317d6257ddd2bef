// Bundles the page: node build.mjs FOLDER
// Writes FOLDER/index.html and, in FOLDER/assets, files with hashed names.
import { build } from "esbuild";
import { mkdir, readFile, readdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { gzip } from "node:zlib";

const here = import.meta.dirname;
const target = path.resolve(process.argv[2]);
const assets = path.join(target, "assets");

const WORKERS = {
  editor: "monaco-editor/esm/vs/editor/editor.worker.js",
  graphql: "monaco-graphql/esm/graphql.worker.js",
  json: "monaco-editor/esm/vs/language/json/json.worker.js",
};

const common = {
  absWorkingDir: here,
  outdir: assets,
  bundle: true,
  minify: true,
  metafile: true,
  target: ["es2022"],
  legalComments: "linked",
  logLevel: "warning",
  entryNames: "[name]-[hash]",
  chunkNames: "chunk-[hash]",
  assetNames: "[name]-[hash]",
};

// graphiql/style.css already contains the styles of all parts of Monaco that are
// used; the style sheets that Monaco's modules import would be bundled twice.
const styleOnce = {
  name: "monaco-style-once",
  setup(bundler) {
    bundler.onLoad({ filter: /monaco-editor[\\/].*\.css$/ }, () => ({ contents: "", loader: "css" }));
  },
};

// Monaco contains a copy of DOMPurify 3.1.7 (CVE-2025-26791). The lock file's version replaces it,
// with the same exported names.
const purifier = {
  name: "dompurify-of-the-lock-file",
  setup(bundler) {
    bundler.onLoad({ filter: /monaco-editor[\\/].*[\\/]dompurify\.js$/ }, () => ({
      contents: `import purify from "dompurify";
export default purify;
export const { version, isSupported, sanitize, setConfig, clearConfig, isValidAttribute, addHook,
  removeHook, removeHooks, removeAllHooks } = purify;`,
      resolveDir: here,
    }));
  },
};

function outputOf(result, entry) {
  const [file] = Object.entries(result.metafile.outputs).find(([, output]) =>
    output.entryPoint?.endsWith(entry),
  );
  return file;
}

async function bundleWorkers() {
  const result = await build({ ...common, entryPoints: WORKERS, format: "iife" });
  const files = Object.entries(WORKERS).map(([label, entry]) => [
    label,
    path.basename(outputOf(result, entry)),
  ]);
  return { result, files: Object.fromEntries(files) };
}

async function bundlePage(workerFiles) {
  return build({
    ...common,
    entryPoints: ["src/main.jsx"],
    format: "esm",
    splitting: true,
    jsx: "automatic",
    loader: { ".graphql": "text", ".svg": "file", ".woff2": "file" },
    define: { WORKER_FILES: JSON.stringify(workerFiles) },
    plugins: [styleOnce, purifier],
  });
}

const LICENCES_HEAD = `Third-party code in the GraphiQL page of sangkien.

GraphiQL's style sheet holds these fonts besides: Roboto (Apache-2.0),
Fira Code (OFL-1.1), Codicons (CC-BY-4.0).`;

// Comments in the bundle keep only some notices, but licences require their whole text.
async function collectLicences(results) {
  const inputs = results.flatMap((result) => Object.keys(result.metafile.inputs));
  const folders = inputs
    .map((input) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input)?.[0])
    .filter((folder) => folder !== undefined);
  const texts = await Promise.all([...new Set(folders)].sort().map(licenceOf));
  return [LICENCES_HEAD, ...new Set(texts)].join("\n\n");
}

async function licenceOf(folder) {
  const place = path.join(here, folder);
  const about = JSON.parse(await readFile(path.join(place, "package.json")));
  const names = (await readdir(place)).filter((file) =>
    /^(licen[cs]e|notice|copying|thirdpartynotices)([.-].*)?$/i.test(file),
  );
  const texts = await Promise.all(names.map((file) => readFile(path.join(place, file), "utf8")));
  const source = about.repository?.url ?? about.repository ?? about.homepage ?? "";
  const head = `${"=".repeat(72)}\n${about.name} ${about.version} (${about.license})\n${source}`;
  return [head, ...texts].join("\n\n");
}

async function writePage(result) {
  const page = outputOf(result, "src/main.jsx");
  const iconName = Object.keys(result.metafile.outputs).find((file) => file.endsWith(".svg"));
  const inPage = {
    script: page,
    style: result.metafile.outputs[page].cssBundle,
    icon: iconName,
    licences: "licences.txt",
  };
  const template = await readFile(path.join(here, "src/index.html"), "utf8");
  // Relative to the page at /graphql, so that it also works behind a path prefix.
  const html = template.replace(/{{(\w+)}}/g, (_, key) => `graphql/assets/${path.basename(inPage[key])}`);
  await writeFile(path.join(target, "index.html"), html);
}

// Compressed once here instead of for every request.
async function compress() {
  const files = (await readdir(assets)).filter((file) => /\.(css|js|svg|txt)$/.test(file));
  await Promise.all(
    files.map(async (file) => {
      const packed = await promisify(gzip)(await readFile(path.join(assets, file)), { level: 9 });
      await writeFile(path.join(assets, `${file}.gz`), packed);
    }),
  );
}

await mkdir(assets, { recursive: true });
const workers = await bundleWorkers();
const page = await bundlePage(workers.files);
await writeFile(
  path.join(assets, "licences.txt"),
  await collectLicences([workers.result, page]),
);
await writePage(page);
await compress();
