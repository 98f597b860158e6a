/** Small things that many views show. */

import type { ComponentChildren, JSX } from "preact";
import type { Instance } from "../api/types";
import { time } from "../format";
import { stateOf } from "../state";

export function Chip({ of }: { of: Pick<Instance, "state" | "hasIncident"> }): JSX.Element {
  const state = stateOf(of);
  return <span class={`chip ${state.id}`}>{state.name}</span>;
}

export function Time({ at }: { at: string | null | undefined }): JSX.Element | null {
  return at ? (
    <time dateTime={at} title={at}>
      {time(at)}
    </time>
  ) : null;
}

/** What people call an instance, cut where it is long; the whole of it is in its title. */
export function Known({ id }: { id: string | undefined }): JSX.Element | null {
  return id ? (
    <span class="known" title={id}>
      {id}
    </span>
  ) : null;
}

/** Why there is nothing to see; what is on screen stays there when there is something. */
export function Failed({ error }: { error: Error | undefined }): JSX.Element | null {
  return error === undefined ? null : (
    <p class="failure" role="alert">
      {error.message}
    </p>
  );
}

export function Tile(props: {
  name: string;
  value: string;
  kind?: string;
  to?: string;
  note?: ComponentChildren;
}): JSX.Element {
  const inside = (
    <>
      <span class="name">{props.name}</span>
      <strong>{props.value}</strong>
      {props.note && <span class="quiet">{props.note}</span>}
    </>
  );
  const style = `tile ${props.kind ?? ""}`;
  return props.to ? (
    <a class={style} href={props.to}>
      {inside}
    </a>
  ) : (
    <div class={style}>{inside}</div>
  );
}
