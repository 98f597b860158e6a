/** What happened, as a tree: a scope is asked for its parts when it is opened. */

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import * as calls from "../../api/calls";
import type { ElementInstance } from "../../api/types";
import { lasted, time, words } from "../../format";
import { useLoad, useNow } from "../../live";
import { Failed } from "../../parts/bits";
import { query, withQuery } from "../../router";
import type { All } from "../instance";

const SCOPES = new Set([
  "SUB_PROCESS",
  "EVENT_SUB_PROCESS",
  "AD_HOC_SUB_PROCESS",
  "AD_HOC_SUB_PROCESS_INNER_INSTANCE",
  "MULTI_INSTANCE_BODY",
]);
const ROWS = 100;

export function Tree({ all }: { all: All }): JSX.Element {
  return (
    <section class="tree" aria-label="History">
      <header>
        <h2>History</h2>
      </header>
      <Level scope={all.instance.processInstanceKey} turn={all} />
    </section>
  );
}

interface LevelProps {
  scope: string;
  /** Another value: something happened. */
  turn: unknown;
}

function Level({ scope, turn }: LevelProps): JSX.Element {
  const [limit, setLimit] = useState(ROWS);
  const { data, error, reload } = useLoad(`${scope} ${limit}`, () =>
    calls.elements({
      filter: { elementInstanceScopeKey: scope },
      sort: [{ field: "startDate", order: "ASC" }],
      page: { limit },
    }),
  );
  useEffect(() => reload(), [turn]);
  const rows = data?.items ?? [];
  const deep = rows.some(opens);
  const indent = deep ? "" : "flat";
  return (
    <>
      <Failed error={error} />
      <ul role="group" class={indent}>
        {rows.map((row) => (
          <Node key={row.elementInstanceKey} row={row} deep={deep} turn={turn} />
        ))}
      </ul>
      {data !== undefined && data.page.totalItems > rows.length && (
        <button class="more" onClick={() => setLimit(4 * limit)}>
          Show more of {data.page.totalItems}
        </button>
      )}
    </>
  );
}

const opens = ({ type }: ElementInstance): boolean =>
  SCOPES.has(type) || type === "CALL_ACTIVITY";

interface NodeProps {
  row: ElementInstance;
  /** Something beside it can be opened: all keep room for that. */
  deep: boolean;
  turn: unknown;
}

function Node({ row, deep, turn }: NodeProps): JSX.Element {
  const now = useNow(5_000);
  const [open, setOpen] = useState(row.state === "ACTIVE");
  const state = row.hasIncident && row.state === "ACTIVE" ? "INCIDENT" : row.state;
  const chosen = query.value.get("element") === row.elementId;
  return (
    <li class={chosen ? "chosen" : ""}>
      <div class="node" title={`${words(row.type)} · ${row.elementInstanceKey}`}>
        {opens(row) ? (
          <button
            class="plain twist"
            aria-expanded={open}
            aria-label={`Parts of ${row.elementName}`}
            onClick={() => setOpen(!open)}
          >
            {open ? "▾" : "▸"}
          </button>
        ) : (
          deep && <span class="twist" />
        )}
        <span class={`dot ${state.toLowerCase()}`} title={words(state)} />
        <a href={withQuery({ element: row.elementId })}>{row.elementName || row.elementId}</a>
        <span class="quiet when">{time(row.startDate)}</span>
        <span class="quiet took">{lasted(row.startDate, row.endDate, now)}</span>
      </div>
      {open && row.type === "CALL_ACTIVITY" && <Called by={row.elementInstanceKey} turn={turn} />}
      {open && SCOPES.has(row.type) && <Level scope={row.elementInstanceKey} turn={turn} />}
    </li>
  );
}

function Called({ by, turn }: { by: string; turn: unknown }): JSX.Element {
  const { data, reload } = useLoad(`called ${by}`, () =>
    calls.instances({ filter: { parentElementInstanceKey: by }, page: { limit: ROWS } }),
  );
  useEffect(() => reload(), [turn]);
  return (
    <ul role="group">
      {data?.items.map((one) => (
        <li key={one.processInstanceKey}>
          <a href={`/instances/${one.processInstanceKey}`}>
            {one.processDefinitionName ?? one.processDefinitionId} {one.processInstanceKey}
          </a>
        </li>
      ))}
    </ul>
  );
}
