/** What the elements of a model are called. */

export interface Node {
  id: string;
  name: string;
}

const NODES = /^(task|.+Task|.+Event|.+Gateway|subProcess|.+SubProcess|transaction|callActivity)$/;

/** What a token can stand at, by name. */
export function nodesOf(xml: string | undefined): Node[] {
  if (xml === undefined) return [];
  const read = new DOMParser().parseFromString(xml, "application/xml");
  const all = [...read.querySelectorAll("process [id]")].filter((one) => NODES.test(one.localName));
  const node = (one: Element): Node => {
    const id = one.getAttribute("id") ?? "";
    return { id, name: one.getAttribute("name")?.replace(/\s+/g, " ") || id };
  };
  return all.map(node).sort((a, b) => a.name.localeCompare(b.name));
}

/** Name by id, for those that have one. */
export function namesOf(xml: string | undefined): Map<string, string> {
  const names = new Map<string, string>();
  if (xml === undefined) return names;
  const read = new DOMParser().parseFromString(xml, "application/xml");
  for (const element of read.querySelectorAll("[id][name]")) {
    const [id, name] = [element.getAttribute("id"), element.getAttribute("name")];
    if (id && name) names.set(id, name.replace(/\s+/g, " "));
  }
  return names;
}

/** Element by each name that events may have to mean it, plain. The server looks in this order:
 * message or signal, then name, then id. What is no element, as a message itself, is none. */
export function stepsOf(xml: string | undefined): Map<string, string> {
  const steps = new Map<string, string>();
  if (xml === undefined) return steps;
  const read = new DOMParser().parseFromString(xml, "application/xml");
  const named = namesOf(xml);
  const all = [...read.querySelectorAll("process [id]")].filter((one) => NODES.test(one.localName));
  const message = (one: Element) =>
    [one, ...one.children]
      .map((part) => part.getAttribute("messageRef") ?? part.getAttribute("signalRef"))
      .map((ref) => (ref === null ? undefined : named.get(ref.slice(ref.indexOf(":") + 1))))
      .find((name) => name !== undefined);
  const ways = [message, (one: Element) => one.getAttribute("name"), (one: Element) => one.id];
  for (const way of ways) {
    for (const one of all) {
      const name = plain(way(one) ?? "");
      if (name !== "" && !steps.has(name)) steps.set(name, one.id);
    }
  }
  return steps;
}

/** A name without what people and programs write differently, as the server compares it. */
export function plain(name: string): string {
  const letters = name.toLowerCase().replace(/[^\p{L}\p{N}]/gu, "");
  return letters.replace(/(.)event$/, "$1");
}
