/** What instances are called by people, for lists that know only their keys. */

import * as calls from "../api/calls";
import type { Key } from "../api/types";
import { useLoad } from "../live";

export interface Known {
  businessIds: Map<Key, string>;
  /** Element names, by instance and element id. */
  names: Map<string, string>;
}

/** More instances than this nobody reads on one page. */
const ASKED_MAX = 100;
const ELEMENTS_MAX = 1000;

export function useKnown(keys: Key[]): Known {
  const asked = [...new Set(keys)].slice(0, ASKED_MAX).join(",");
  const { data } = useLoad(`known ${asked}`, () => load(asked === "" ? [] : asked.split(",")));
  return data ?? { businessIds: new Map(), names: new Map() };
}

async function load(keys: Key[]): Promise<Known> {
  if (keys.length === 0) return { businessIds: new Map(), names: new Map() };
  const some = { $in: keys };
  const [instances, elements] = await Promise.all([
    calls.instances({ filter: { processInstanceKey: some }, page: { limit: ASKED_MAX } }),
    calls.elements({
      filter: { processInstanceKey: some, state: "ACTIVE" },
      page: { limit: ELEMENTS_MAX },
    }),
  ]);
  const ids = instances.items.map((one) => [one.processInstanceKey, one.businessId ?? ""] as const);
  const names = elements.items.map(
    (one) => [`${one.processInstanceKey} ${one.elementId}`, one.elementName] as const,
  );
  return { businessIds: new Map(ids), names: new Map(names.filter(([, name]) => name !== "")) };
}
