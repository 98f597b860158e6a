/** What is laid over a diagram: classes on its elements, counts at their corners. */

import { count, span } from "../format";
import type { ElementHeat } from "../api/types";

export interface Badge {
  kind: "active" | "incident" | "ended" | "note" | "tick";
  text: string;
  at: ["top" | "bottom", "left" | "middle" | "right"];
}

export interface Marks {
  classes: Map<string, string[]>;
  badges: Map<string, Badge[]>;
}

export const none = (): Marks => ({ classes: new Map(), badges: new Map() });

export type Measure = "counts" | "count" | "p50" | "p95" | "waiting";

export const MEASURES: { id: Measure; name: string; title: string }[] = [
  { id: "counts", name: "Now", title: "Where instances are, and where they failed" },
  { id: "count", name: "Count", title: "How often each element ended" },
  { id: "p50", name: "p50", title: "How long the middle one took" },
  { id: "p95", name: "p95", title: "How long all but the slowest twentieth took" },
  { id: "waiting", name: "Waiting", title: "How many wait for something outside" },
];

interface Counts {
  elementId: string;
  active: number;
  incidents: number;
  completed: number;
  canceled: number;
}

/** Where instances are, what failed, what ended. */
export function counts(elements: Counts[], ended: boolean): Marks {
  const marks = none();
  for (const { elementId, active, incidents, completed, canceled } of elements) {
    const badges: Badge[] = [];
    const classes: string[] = [];
    if (incidents > 0) {
      badges.push({ kind: "incident", text: count(incidents), at: ["top", "right"] });
      classes.push("has-incident");
    }
    const fine = active - incidents;
    if (fine > 0) {
      badges.push({ kind: "active", text: count(fine), at: ["bottom", "left"] });
      classes.push("is-active");
    }
    const over = completed + canceled;
    if (ended && over > 0) {
      badges.push({ kind: "ended", text: count(over), at: ["bottom", "right"] });
    }
    if (badges.length > 0) marks.badges.set(elementId, badges);
    if (classes.length > 0) marks.classes.set(elementId, classes);
  }
  return marks;
}

/** How many shades there are. */
const SHADES = 5;

export function measured(element: ElementHeat, measure: Measure): number {
  switch (measure) {
    case "counts":
      return element.active;
    case "count":
      return element.completed + element.canceled;
    case "p50":
      return element.p50Ms ?? 0;
    case "p95":
      return element.p95Ms ?? 0;
    case "waiting":
      return element.waiting;
  }
}

/** Shades by a measure: durations span decades, so their logarithm decides. */
export function heat(elements: ElementHeat[], measure: Measure): Marks {
  const marks = none();
  const durations = measure === "p50" || measure === "p95";
  const scale = (value: number) => (durations ? Math.log10(1 + value) : value);
  const most = Math.max(0, ...elements.map((element) => scale(measured(element, measure))));
  for (const element of elements) {
    const value = measured(element, measure);
    if (value <= 0 || most === 0) continue;
    const shade = Math.max(1, Math.ceil((scale(value) / most) * SHADES));
    marks.classes.set(element.elementId, [`heat-${shade}`]);
    const text = durations ? span(value) : count(value);
    marks.badges.set(element.elementId, [{ kind: "note", text, at: ["top", "middle"] }]);
  }
  return marks;
}

/** Cases of a tracked flow: where they stand, and where they went another way. */
export function tracked(rows: [string, { active: number; incidents: number }][]): Marks {
  return counts(
    rows.map(([elementId, { active, incidents }]) => ({
      elementId,
      active: active + incidents,
      incidents,
      completed: 0,
      canceled: 0,
    })),
    false,
  );
}

/** A tick on each of them. */
export function ticks(elements: string[]): Marks {
  const marks = none();
  for (const id of elements) {
    marks.classes.set(id, ["is-done"]);
    marks.badges.set(id, [{ kind: "tick", text: "✓", at: ["top", "right"] }]);
  }
  return marks;
}

/** Adds a class to many elements. */
export function add(marks: Marks, ids: Iterable<string>, name: string): Marks {
  for (const id of ids) marks.classes.set(id, [...(marks.classes.get(id) ?? []), name]);
  return marks;
}
