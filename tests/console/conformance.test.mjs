// Every model of the scenarios, and every BPMN file beside them, is one that bpmn-js reads without a
// warning and has a diagram to draw. bpmn-moddle is the part of bpmn-js that reads.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { BpmnModdle } from "bpmn-moddle";

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
const CONFORMANCE = join(ROOT, "tests/conformance");
const zeebe = createRequire(import.meta.url)("zeebe-bpmn-moddle/resources/zeebe.json");

let folder;
before(() => {
  folder = mkdtempSync(join(tmpdir(), "grevy-models-"));
  const models = ["run", "--quiet", "-p", "grevy-testing", "--example", "models", "--"];
  const places = [join(CONFORMANCE, "scenarios"), folder];
  execFileSync("cargo", [...models, ...places], { cwd: ROOT, stdio: ["ignore", "ignore", "inherit"] });
});
after(() => rmSync(folder, { recursive: true, force: true }));

const files = (place) =>
  readdirSync(place)
    .filter((name) => name.endsWith(".bpmn"))
    .map((name) => join(place, name));

// An element of Zeebe's that its descriptors for modellers leave out; bpmn-js itself keeps it.
const LEFT_OUT = "unknown type <zeebe:PublishMessage>";

/** What speaks against drawing a file: warnings, and elements that have no shape. */
async function faults(xml) {
  const { rootElement, warnings } = await new BpmnModdle({ zeebe }).fromXML(xml);
  const drawn = new Set();
  for (const diagram of rootElement.diagrams ?? []) {
    for (const shape of diagram.plane.planeElement ?? []) drawn.add(shape.bpmnElement);
  }
  const found = warnings.map((warning) => warning.message).filter((text) => !text.includes(LEFT_OUT));
  const look = (scope) => {
    for (const element of scope.flowElements ?? []) {
      if (element.$type.startsWith("bpmn:Data")) continue;
      if (!drawn.has(element)) found.push(`${element.id} is not drawn`);
      look(element);
    }
  };
  for (const root of rootElement.rootElements) look(root);
  return found;
}

test("every_model_of_the_scenarios_imports_without_a_warning", async () => {
  const found = files(folder);
  assert.ok(found.length > 150, `${found.length} models`);
  for (const file of found) {
    const xml = readFileSync(file, "utf8");
    assert.deepEqual((await new BpmnModdle().fromXML(xml)).warnings, [], file);
    assert.deepEqual(await faults(xml), [], file);
  }
});

test("every_bpmn_file_of_the_scenarios_imports_without_a_warning", async () => {
  const found = files(join(CONFORMANCE, "models"));
  assert.notEqual(found.length, 0);
  for (const file of found) {
    const { warnings } = await new BpmnModdle({ zeebe }).fromXML(readFileSync(file, "utf8"));
    assert.deepEqual(warnings, [], file);
  }
});

test("a_warning_is_seen", async () => {
  const xml = `<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" id="d"
    targetNamespace="https://grevy.dev/test"><bpmn:process id="p">
    <bpmn:sequenceFlow id="f" sourceRef="nowhere" targetRef="nobody" /></bpmn:process>
    </bpmn:definitions>`;
  const found = await faults(xml);
  assert.ok(found.some((fault) => fault.includes("nowhere")), found.join("; "));
  assert.ok(found.includes("f is not drawn"), found.join("; "));
});
