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
