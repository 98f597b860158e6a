/** What instances, processes and elements are called by people, for lists that know only keys and
 * ids. */

import * as calls from "../api/calls";
import type { Incident, Key } from "../api/types";
import { useLoad } from "../live";
import { namesOf } from "../names";

/** More instances than this nobody reads on one page. */
const ASKED_MAX = 100;

/** Business ids by key. */
export function useBusinessIds(keys: Key[]): Map<Key, string> {
  const asked = [...new Set(keys)].slice(0, ASKED_MAX).join(",");
  const { data } = useLoad(`known ${asked}`, () => load(asked === "" ? [] : asked.split(",")));
  return data ?? new Map();
}

async function load(keys: Key[]): Promise<Map<Key, string>> {
  if (keys.length === 0) return new Map();
  const filter = { processInstanceKey: { $in: keys } };
  const { items } = await calls.instances({ filter, page: { limit: ASKED_MAX } });
  return new Map(items.map((one) => [one.processInstanceKey, one.businessId ?? ""]));
}

/** Models that one page reads for their names; what is of another keeps its ids. */
const MODELS_MAX = 20;

interface Model {
  /** With its version, as on Home. */
  name: string;
  elements: Map<string, string>;
}

export interface Names {
  process: (row: Incident) => string;
  element: (row: Incident) => string;
}

/** The names of what rows speak of. */
export function useNames(rows: Incident[]): Names {
  const keys = [...new Set(rows.map((row) => row.processDefinitionKey))].sort();
  const asked = keys.slice(0, MODELS_MAX);
  const { data } = useLoad(`names ${asked}`, () => models(asked));
  const of = (row: Incident) => data?.get(row.processDefinitionKey);
  return {
    process: (row) => of(row)?.name ?? row.processDefinitionId,
    element: (row) => of(row)?.elements.get(row.elementId) ?? row.elementId,
  };
}

async function models(keys: Key[]): Promise<Map<Key, Model>> {
  const one = async (key: Key): Promise<[Key, Model]> => {
    const [definition, xml] = await Promise.all([calls.definition(key), calls.diagram(key)]);
    const { name, processDefinitionId, version } = definition;
    return [key, { name: `${name ?? processDefinitionId} v${version}`, elements: namesOf(xml) }];
  };
  return new Map(await Promise.all(keys.map(one)));
}
