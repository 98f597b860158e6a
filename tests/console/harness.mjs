// A real server with real data, and a browser that minds what the page does.

import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { connect, createServer } from "node:net";
import { createInterface } from "node:readline";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

export const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
const TARGET = process.env.CARGO_TARGET_DIR ?? resolve(ROOT, "target");
const CHROMIUM = process.env.GREVY_CHROMIUM ?? "/usr/bin/chromium";

/** GREVY_BIN, or what is built now. */
function binary() {
  if (process.env.GREVY_BIN) return process.env.GREVY_BIN;
  const page = resolve(ROOT, "crates/cli/console/dist/index.html");
  assert.ok(existsSync(page), "expected the built console, but there is none: cargo xtask console");
  execFileSync("cargo", ["build", "--quiet", "-p", "grevy-cli"], { cwd: ROOT, stdio: "inherit" });
  return resolve(TARGET, "debug/grevy");
}

/** A server of its own: ports that are free, nothing kept. */
export async function startServer(...more) {
  const ports = ["--http-port", "0", "--grpc-port", "0"];
  const child = spawn(binary(), ["--memory", ...ports, ...more], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, GREVY_LOG: "warn" },
  });
  const ended = new Promise((done) => child.once("exit", done));
  for await (const line of createInterface({ input: child.stdout })) {
    const found = /^REST\s+(\S+)\/v2$/.exec(line);
    if (found) return ready(new Server(found[1], child, ended));
  }
  throw new Error("expected the server to print its address, but it ended");
}

/** It listens before it has read its journal. */
async function ready(server) {
  for (const until = Date.now() + 60_000; Date.now() < until; ) {
    if ((await fetch(`${server.url}/v2/status`)).status === 204) return server;
    await new Promise((done) => setTimeout(done, 20));
  }
  throw new Error("expected the server to take commands within a minute, but it does not");
}

class Server {
  constructor(url, child, ended) {
    Object.assign(this, { url, child, ended });
  }

  async stop() {
    this.child.kill("SIGTERM");
    await this.ended;
  }

  async call(method, path, body) {
    const headers = body instanceof FormData ? {} : { "content-type": "application/json" };
    if (this.token) headers.authorization = `Bearer ${this.token}`;
    const answer = await fetch(this.url + path, {
      method,
      headers,
      body: body instanceof FormData ? body : body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await answer.text();
    assert.ok(answer.ok, `${method} ${path}: ${answer.status} ${text}`);
    return text === "" ? undefined : JSON.parse(text);
  }

  post(path, body = {}) {
    return this.call("POST", `/v2${path}`, body);
  }

  async deploy(name, xml) {
    const form = new FormData();
    form.append("resources", new Blob([xml]), name);
    const { deployments } = await this.post("/deployments", form);
    return deployments[0].processDefinition.processDefinitionKey;
  }

  async create(id, variables = {}, more = {}) {
    const body = { processDefinitionId: id, variables, ...more };
    return (await this.post("/process-instances", body)).processInstanceKey;
  }

  /** Takes jobs of a type and answers each. */
  async work(type, count, answer) {
    let left = count;
    while (left > 0) {
      const { jobs } = await this.post("/jobs/activation", {
        type,
        worker: "test",
        timeout: 60_000,
        maxJobsToActivate: Math.min(left, 100),
        requestTimeout: 10_000,
      });
      assert.ok(jobs.length > 0, `expected ${left} more jobs of type ${type}, but there is none`);
      left -= jobs.length;
      await Promise.all(jobs.map((job) => answer(job)));
    }
  }

  complete(type, count = 1, variables = {}) {
    return this.work(type, count, (job) =>
      this.post(`/jobs/${job.jobKey}/completion`, { variables }),
    );
  }

  fail(type, count, message) {
    return this.work(type, count, (job) =>
      this.post(`/jobs/${job.jobKey}/failure`, { retries: 0, errorMessage: message }),
    );
  }
}

/** A browser whose pages may neither complain nor ask anybody else. */
export class Browser {
  static async start() {
    const args = ["--no-sandbox", "--disable-background-networking"];
    return new Browser(await chromium.launch({ executablePath: CHROMIUM, args }));
  }

  constructor(browser) {
    this.browser = browser;
    this.complaints = [];
  }

  /** A person at a screen of their own, who knows nothing of what others did there. */
  async person(server, options = {}) {
    const context = await this.browser.newContext({ acceptDownloads: true, ...options });
    context.on("request", (request) => {
      const url = new URL(request.url());
      const ours = url.origin === server.url || ["data:", "blob:"].includes(url.protocol);
      if (!ours) this.complaints.push(`asked ${request.url()}`);
    });
    context.on("page", (page) => this.#mind(page));
    const page = await context.newPage();
    return { context, page, open: (path) => page.goto(server.url + path) };
  }

  #mind(page) {
    page.setDefaultTimeout(15_000);
    page.on("pageerror", (error) => this.complaints.push(`${page.url()}: ${error.stack}`));
    page.on("console", (message) => {
      if (!["error", "warning"].includes(message.type())) return;
      this.complaints.push(`${page.url()}: ${message.text()} ${message.location().url}`);
    });
  }

  /** Call it at the end of every test. `expected` are complaints that the test itself provokes. */
  quiet(expected = /^$/) {
    const unexpected = this.complaints.filter((text) => !expected.test(text));
    this.complaints = [];
    assert.deepEqual(unexpected, []);
  }

  /** What a test forgot to ask for is asked for here: no page complained. */
  async stop() {
    await this.browser.close();
    this.quiet();
  }
}

/** A cable between the browser and a server, which can be cut and mended. */
export async function cable(server) {
  const target = Number(new URL(server.url).port);
  const ends = new Set();
  let whole = true;
  const listener = createServer((near) => {
    if (!whole) return near.destroy();
    const far = connect(target, "127.0.0.1");
    for (const [end, other] of [[near, far], [far, near]]) {
      ends.add(end);
      end.on("error", () => end.destroy());
      end.on("close", () => {
        ends.delete(end);
        other.destroy();
      });
      end.pipe(other);
    }
  });
  await new Promise((done) => listener.listen(0, "127.0.0.1", done));
  // A test that fails does not come to removing it.
  listener.unref();
  return {
    url: `http://127.0.0.1:${listener.address().port}`,
    cut() {
      whole = false;
      for (const end of ends) end.destroy();
    },
    mend() {
      whole = true;
    },
    remove() {
      this.cut();
      return new Promise((done) => listener.close(done));
    },
  };
}

/** What a button that saves a CSV file gives, as rows of cells. */
export async function saved(page, grid) {
  const coming = page.waitForEvent("download");
  await page.getByRole("region", { name: grid, exact: true }).getByTitle("Save as CSV").click();
  const stream = await (await coming).createReadStream();
  const text = Buffer.concat(await stream.toArray()).toString();
  return text.trimEnd().split("\r\n").map((line) => line.split(","));
}

/** The texts of the cells of a grid on screen, row by row. */
export function cells(page, grid) {
  const region = page.getByRole("region", { name: grid, exact: true });
  return region.locator("tbody tr").evaluateAll((rows) =>
    rows.map((row) => [...row.cells].map((cell) => cell.innerText.trim())),
  );
}

/** A diagram that is drawn. */
export async function drawn(page) {
  await page.locator('.diagram[data-ready="true"]').waitFor();
}

/** A process of one job: start, task, end. With coordinates only where they are asked for. */
export function oneTask(id, type = id) {
  return `<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"
    xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" id="d" targetNamespace="https://grevy.dev/test">
  <bpmn:process id="${id}" name="Process ${id}" isExecutable="true">
    <bpmn:startEvent id="begun" name="Begun" />
    <bpmn:sequenceFlow id="to-work" sourceRef="begun" targetRef="work" />
    <bpmn:serviceTask id="work" name="Do the work">
      <bpmn:extensionElements><zeebe:taskDefinition type="${type}" retries="1" /></bpmn:extensionElements>
    </bpmn:serviceTask>
    <bpmn:sequenceFlow id="to-done" sourceRef="work" targetRef="done" />
    <bpmn:endEvent id="done" name="Done" />
  </bpmn:process>
</bpmn:definitions>`;
}
