/** What differs between two versions of a process, element by element. */

export interface Difference {
  id: string;
  name: string;
  kind: "added" | "removed" | "changed";
  /** What of it, in words. */
  what: string;
}

interface Part {
  type: string;
  name: string;
  /** All that is in it but how it is drawn, connected and called. */
  content: string;
  /** Where a flow leads. */
  ends: string;
}

/** Where a flow begins and ends is its own matter, not that of what it connects. */
const CONNECTING = new Set(["incoming", "outgoing"]);
const PARTS =
  /^(task|sequenceFlow|callActivity|transaction|.+(Task|Event|Gateway)|.*[sS]ubProcess)$/;
/** A scope is told by what is in it. */
const SCOPES = /^(subProcess|.+SubProcess|transaction)$/;

function parts(xml: string): Map<string, Part> {
  const read = new DOMParser().parseFromString(xml, "application/xml");
  const all = new Map<string, Part>();
  for (const one of read.querySelectorAll("process [id]")) {
    const type = one.localName;
    if (!PARTS.test(type)) continue;
    const name = one.getAttribute("name")?.replace(/\s+/g, " ") ?? "";
    const ends = `${one.getAttribute("sourceRef")} → ${one.getAttribute("targetRef")}`;
    all.set(one.id, { type, name, content: content(one, true), ends });
  }
  return all;
}

/** The same text for the same meaning, however it is indented and ordered. */
function content(element: Element, outer: boolean): string {
  const apart = new Set(outer ? ["id", "name", "sourceRef", "targetRef"] : ["id"]);
  const attributes = [...element.attributes]
    .filter(({ name }) => !apart.has(name) && !name.startsWith("xmlns"))
    .map(({ localName, value }) => `${localName}=${value}`)
    .sort();
  const inner = [...element.children]
    .filter((child) => !CONNECTING.has(child.localName))
    .filter((child) => !(outer && SCOPES.test(element.localName) && child.id !== ""))
    .map((child) => `${child.localName}(${content(child, false)})`);
  const text = element.children.length === 0 ? (element.textContent?.trim() ?? "") : "";
  return [...attributes, ...inner, text].join(";");
}

/** `serviceTask`: service task. */
const typeName = (type: string) => type.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);

export function differences(before: string, after: string): Difference[] {
  const [old, now] = [parts(before), parts(after)];
  const found: Difference[] = [];
  for (const [id, part] of now) {
    const was = old.get(id);
    const name = part.name || was?.name || id;
    if (was === undefined) {
      found.push({ id, name, kind: "added", what: typeName(part.type) });
      continue;
    }
    const what = [
      was.type === part.type ? "" : `was a ${typeName(was.type)}, is a ${typeName(part.type)}`,
      was.name === part.name ? "" : `was called '${was.name}'`,
      was.ends === part.ends ? "" : `went ${was.ends}, goes ${part.ends}`,
      was.content === part.content ? "" : "its settings",
    ].filter((text) => text !== "");
    if (what.length > 0) found.push({ id, name, kind: "changed", what: what.join("; ") });
  }
  for (const [id, part] of old) {
    const name = part.name || id;
    if (!now.has(id)) found.push({ id, name, kind: "removed", what: typeName(part.type) });
  }
  return found;
}
