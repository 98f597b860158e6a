/** The search palette: any key, business id, message key, trace id, from anywhere. */

import { signal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { find, type Hit } from "./find";
import { go } from "./router";

/** Which opening of the palette is shown; 0 while there is none. */
const shown = signal(0);
let opened = 0;

/** A dialog that the browser closed tells of it later, and a key may come in between: each opening
 * is a dialog of its own, and one that is gone closes nothing but itself. */
export function openPalette(): void {
  if (!document.querySelector("dialog.palette")?.matches("[open]")) shown.value = ++opened;
}

function closePalette(which = shown.value): void {
  if (which === shown.value) shown.value = 0;
}

const PAUSE_MS = 120;

export function Palette(): JSX.Element | null {
  return shown.value > 0 ? <Search key={shown.value} which={shown.value} /> : null;
}

function Search({ which }: { which: number }): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  const [text, setText] = useState("");
  const [hits, setHits] = useState<Hit[] | null>(null);
  const [at, setAt] = useState(0);
  // Before the next key: what is typed at once belongs to the search.
  useLayoutEffect(() => dialog.current?.showModal(), []);
  useEffect(() => {
    let late = false;
    setHits(null);
    const timer = setTimeout(async () => {
      const found = text.trim() === "" ? [] : await find(text.trim());
      if (late) return;
      setHits(found);
      setAt(0);
    }, PAUSE_MS);
    return () => {
      late = true;
      clearTimeout(timer);
    };
  }, [text]);
  const choose = (hit: Hit | undefined) => {
    if (hit === undefined) return;
    closePalette();
    go(hit.to);
  };
  const pressed = (event: KeyboardEvent) => {
    const many = hits?.length ?? 0;
    if (event.key === "Enter") choose(hits?.[at]);
    else if (event.key === "ArrowDown") setAt(Math.min(many - 1, at + 1));
    else if (event.key === "ArrowUp") setAt(Math.max(0, at - 1));
    else return;
    event.preventDefault();
  };
  return (
    <dialog
      class="palette"
      ref={dialog}
      aria-label="Search"
      onClose={() => closePalette(which)}
    >
      <input
        role="combobox"
        aria-expanded={hits !== null && hits.length > 0}
        aria-controls="hits"
        aria-activedescendant={hits?.[at] ? `hit-${at}` : undefined}
        aria-label="Key, business id, message key, process, trace id"
        placeholder="Key, business id, message key, process, trace id"
        autofocus
        value={text}
        onInput={(event) => setText(event.currentTarget.value)}
        onKeyDown={pressed}
      />
      <ul id="hits" role="listbox" aria-label="Found">
        {hits?.map((hit, index) => (
          <Found
            key={`${hit.kind} ${hit.to} ${hit.title}`}
            {...{ hit, index, choose }}
            chosen={index === at}
          />
        ))}
      </ul>
      {text.trim() !== "" && hits?.length === 0 && <p class="empty">Nothing has this.</p>}
    </dialog>
  );
}

interface FoundProps {
  hit: Hit;
  index: number;
  chosen: boolean;
  choose: (hit: Hit) => void;
}

function Found({ hit, index, chosen, choose }: FoundProps): JSX.Element {
  return (
    <li id={`hit-${index}`} role="option" aria-selected={chosen} onClick={() => choose(hit)}>
      <span class="kind">{hit.kind}</span>
      <span class="title">{hit.title}</span>
      <span class="quiet">{hit.detail}</span>
    </li>
  );
}
