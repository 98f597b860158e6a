/** A diagram in a page. The viewer comes with the first one. */

import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Marks } from "./marks";
import type { Picture } from "./viewer";

interface Props {
  xml: string | undefined;
  marks: Marks;
  /** The element that the page is about at the moment. */
  selected: string | null;
  select: (id: string | null) => void;
  label: string;
}

export function Diagram({ xml, marks, selected, select, label }: Props): JSX.Element {
  const box = useRef<HTMLDivElement>(null);
  const choose = useRef(select);
  choose.current = select;
  const [picture, setPicture] = useState<Picture | null>(null);
  const [failure, setFailure] = useState<string | null>(null);

  useEffect(() => {
    if (xml === undefined || box.current === null) return;
    let gone = false;
    let mine: Picture | undefined;
    const container = box.current;
    setFailure(null);
    void (async () => {
      try {
        const { Picture } = await import("./viewer");
        if (gone) return;
        mine = new Picture(container, (id) => choose.current(id));
        await mine.open(xml);
        if (!gone) setPicture(mine);
      } catch (error) {
        if (!gone) setFailure((error as Error).message);
      }
    })();
    return () => {
      gone = true;
      setPicture(null);
      mine?.destroy();
    };
  }, [xml]);
  useEffect(() => {
    if (picture === null) return;
    const all = new Map(marks.classes);
    if (selected !== null) all.set(selected, [...(all.get(selected) ?? []), "chosen"]);
    picture.mark({ ...marks, classes: all });
  }, [picture, marks, selected]);
  useEffect(() => {
    if (selected !== null) picture?.show(selected);
  }, [picture, selected]);

  return (
    <figure class="diagram" aria-label={label} data-ready={picture !== null}>
      <div class="canvas" ref={box} />
      {failure !== null && <p class="failure">This model cannot be drawn: {failure}</p>}
      <div class="zoom" role="group" aria-label="Zoom">
        <button class="plain" title="Zoom in" onClick={() => picture?.zoom(1.25)}>
          +
        </button>
        <button class="plain" title="Zoom out" onClick={() => picture?.zoom(0.8)}>
          −
        </button>
        <button class="plain" title="Show all" onClick={() => picture?.fit()}>
          ⤢
        </button>
      </div>
    </figure>
  );
}
