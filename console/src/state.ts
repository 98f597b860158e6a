/** States as an operator sees them: an incident is one, although the engine calls it active. */

import type { Instance } from "./api/types";

export interface State {
  id: "incident" | "active" | "completed" | "canceled" | "suspended";
  name: string;
}

export const STATES: State[] = [
  { id: "active", name: "Active" },
  { id: "incident", name: "Incident" },
  { id: "completed", name: "Completed" },
  { id: "canceled", name: "Canceled" },
  { id: "suspended", name: "Suspended" },
];

type Stateful = Pick<Instance, "state" | "hasIncident">;

export function stateOf({ state, hasIncident }: Stateful): State {
  switch (state) {
    case "ACTIVE":
      return hasIncident
        ? { id: "incident", name: "Incident" }
        : { id: "active", name: "Active" };
    case "SUSPENDED":
      return { id: "suspended", name: "Suspended" };
    case "COMPLETED":
      return { id: "completed", name: "Completed" };
    case "TERMINATED":
      return { id: "canceled", name: "Canceled" };
  }
}

/** The filter of one of these states. */
export function stateFilter(id: string): Record<string, unknown> {
  switch (id) {
    case "incident":
      return { hasIncident: true, state: "ACTIVE" };
    case "active":
      return { state: "ACTIVE" };
    case "completed":
      return { state: "COMPLETED" };
    case "canceled":
      return { state: "TERMINATED" };
    case "suspended":
      return { state: "SUSPENDED" };
    default:
      return {};
  }
}
