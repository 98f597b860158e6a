/** Where we are: the address is the state, so that a colleague who opens it sees the same. */

import { batch, computed, signal } from "@preact/signals";

const here = signal(location.pathname + location.search);

export const path = computed(() => here.value.split("?")[0] ?? "/");
export const query = computed(() => new URLSearchParams(here.value.split("?")[1] ?? ""));

export function go(to: string, replace = false): void {
  if (to === here.peek()) return;
  history[replace ? "replaceState" : "pushState"](null, "", to);
  const moved = to.split("?")[0] !== path.peek();
  batch(() => (here.value = to));
  if (moved) scrollTo(0, 0);
}

/** The address with some parts of its query replaced; empty ones are left out. */
export function withQuery(change: Record<string, string | string[] | null>): string {
  const next = new URLSearchParams(query.value);
  for (const [name, value] of Object.entries(change)) {
    next.delete(name);
    const values = value === null ? [] : Array.isArray(value) ? value : [value];
    for (const one of values) if (one !== "") next.append(name, one);
  }
  const text = next.toString();
  return text === "" ? path.value : `${path.value}?${text}`;
}

addEventListener("popstate", () => (here.value = location.pathname + location.search));

/** Links of this page stay in it; with a modifier key they do what the browser does. */
document.addEventListener("click", (event) => {
  const target = event.target instanceof Element ? event.target.closest("a") : null;
  const plain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey;
  if (target === null || !plain || event.defaultPrevented) return;
  if (target.target !== "" || target.hasAttribute("download")) return;
  const url = new URL(target.href, location.href);
  if (url.origin !== location.origin || url.pathname.startsWith("/api")) return;
  event.preventDefault();
  go(url.pathname + url.search);
});
