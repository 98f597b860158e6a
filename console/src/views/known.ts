/** What instances are called by people, for lists that know only their keys. */

import * as calls from "../api/calls";
import type { Key } from "../api/types";
import { useLoad } from "../live";

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
