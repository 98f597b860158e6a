// What the page costs and what it may do, before it shows anything.

import assert from "node:assert/strict";
import { gunzipSync } from "node:zlib";
import { after, before, test } from "node:test";
import { Browser, startServer } from "./harness.mjs";

const FIRST_LOAD_BYTES_MAX = 150 * 1024;

let server;
let browser;
before(async () => {
  server = await startServer();
  browser = await Browser.start();
});
after(async () => {
  // A complaint of the browser fails here; the server ends all the same.
  try {
    await browser?.stop();
  } finally {
    await server?.stop();
  }
});

/** The bytes that the server sends for a file to a browser that takes gzip. */
async function packed(path) {
  const answer = await fetch(server.url + path, { headers: { "accept-encoding": "gzip" } });
  assert.equal(answer.headers.get("content-encoding"), "gzip", path);
  return Number(answer.headers.get("content-length"));
}

test("the first load is small and the diagram viewer is not part of it", async () => {
  const { page, open } = await browser.person(server);
  const files = new Set();
  page.on("request", (request) => {
    const path = new URL(request.url()).pathname;
    if (path === "/" || path.startsWith("/assets/")) files.add(path);
  });
  await open("/");
  await page.getByRole("navigation", { name: "Views" }).waitFor();
  const sizes = await Promise.all([...files].map(packed));
  const sum = sizes.reduce((a, b) => a + b, 0);
  assert.ok(files.size >= 3, [...files].join(" "));
  assert.ok(sum > 10_000 && sum <= FIRST_LOAD_BYTES_MAX, `${sum} bytes for ${[...files]}`);
  assert.ok(![...files].some((file) => file.includes("viewer")), [...files].join(" "));
  browser.quiet();
});

test("every view is the same page, with a policy that lets nothing else in", async () => {
  const home = await (await fetch(server.url)).text();
  for (const path of ["/processes", "/processes/1", "/instances/1", "/incidents", "/flows/a", "/flows/a/b", "/trace/1"]) {
    const answer = await fetch(server.url + path);
    const policy = answer.headers.get("content-security-policy") ?? "";
    assert.ok(policy.includes("default-src 'none'"), policy);
    assert.ok(!policy.includes("unsafe"), policy);
    assert.equal(await answer.text(), home);
  }
  assert.equal((await fetch(`${server.url}/no-such-view`)).status, 404);
  assert.equal((await fetch(`${server.url}/assets/none.js`)).status, 404);
  assert.equal((await fetch(`${server.url}/assets/..%2Findex.html`)).status, 404);
  assert.equal((await fetch(`${server.url}/api`)).status, 200);
});

test("packed and unpacked files are the same, and are kept by name for ever", async () => {
  const home = await (await fetch(server.url)).text();
  const name = /\/assets\/index-[\w-]+\.js/.exec(home)?.[0];
  const plain = await fetch(server.url + name, { headers: { "accept-encoding": "identity" } });
  assert.equal(plain.headers.get("content-encoding"), null);
  assert.match(plain.headers.get("cache-control") ?? "", /immutable/);
  const raw = await fetch(`${server.url}${name}.gz`, {
    headers: { "accept-encoding": "identity" },
  });
  const unpacked = gunzipSync(Buffer.from(await raw.arrayBuffer())).toString();
  assert.equal(unpacked, await plain.text());
});
