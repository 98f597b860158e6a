/** Short messages about what was just done. */

import { signal } from "@preact/signals";
import type { JSX } from "preact";

interface Notice {
  id: number;
  kind: "ok" | "bad";
  text: string;
}

const notices = signal<Notice[]>([]);
let next = 0;

/** What went well leaves by itself; what did not stays until it was read. */
export function say(kind: Notice["kind"], text: string): void {
  const id = next++;
  notices.value = [...notices.value, { id, kind, text }].slice(-4);
  if (kind === "ok") setTimeout(() => drop(id), 5_000);
}

function drop(id: number): void {
  notices.value = notices.value.filter((notice) => notice.id !== id);
}

/** Runs something that the user asked for and says how it went. */
export async function attempt(done: string, run: () => Promise<unknown>): Promise<boolean> {
  try {
    await run();
    say("ok", done);
    return true;
  } catch (error) {
    say("bad", (error as Error).message);
    return false;
  }
}

export function Notices(): JSX.Element {
  return (
    <div class="notices" role="status" aria-live="polite">
      {notices.value.map(({ id, kind, text }) => (
        <div key={id} class={`notice ${kind}`}>
          <span>{text}</span>
          <button class="plain" aria-label="Dismiss" onClick={() => drop(id)}>
            ×
          </button>
        </div>
      ))}
    </div>
  );
}
