/** What the elements of a model are called. */

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
