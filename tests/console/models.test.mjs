// Models of all sizes, with coordinates or without.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Browser, drawn, oneTask, startServer } from "./harness.mjs";

const ELEMENTS = 2_000;

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

test("a_model_without_coordinates_is_laid_out", async () => {
  const key = await server.deploy("bare.bpmn", oneTask("bare"));
  const { page, open } = await browser.person(server);
  await open(`/processes/${key}`);
  await drawn(page);
  const box = (id) => page.locator(`.djs-element[data-element-id="${id}"]`).boundingBox();
  const [begun, work, done] = [await box("begun"), await box("work"), await box("done")];
  assert.ok(begun.x + begun.width <= work.x && work.x + work.width <= done.x, "left to right");
  assert.ok(work.width > 20 && work.height > 20, JSON.stringify(work));
  browser.quiet();
});

/** A long line of tasks. */
function long(id) {
  const tasks = Array.from({ length: ELEMENTS }, (_, n) => n);
  const parts = tasks.map(
    (n) => `<bpmn:sequenceFlow id="f${n}" sourceRef="t${n}" targetRef="t${n + 1}" />
    <bpmn:task id="t${n + 1}" name="Task ${n + 1}" />`,
  );
  return `<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" id="d"
    targetNamespace="https://grevy.dev/test">
  <bpmn:process id="${id}" isExecutable="true">
    <bpmn:startEvent id="t0" />${parts.join("\n    ")}
  </bpmn:process>
</bpmn:definitions>`;
}

test("a_model_of_2000_elements_opens_and_is_used", async () => {
  const key = await server.deploy("long.bpmn", long("long"));
  await server.create("long");
  const { page, open } = await browser.person(server);
  await open("/");
  const started = performance.now();
  await open(`/processes/${key}?heat=count`);
  await page.locator('.diagram[data-ready="true"]').waitFor({ timeout: 60_000 });
  console.log(`${ELEMENTS} elements: open after ${Math.round(performance.now() - started)} ms`);
  assert.equal(await page.locator(".djs-shape[data-element-id^='t']").count(), ELEMENTS + 1);
  await page.locator(".badge.note").first().waitFor();
  // A click on an element filters by it.
  await page.locator('.djs-element[data-element-id="t3"]').click();
  await page.waitForURL(/element=t3/);
  browser.quiet();
});
