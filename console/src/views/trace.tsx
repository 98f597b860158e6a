/** A trace: every message of it, the gaps between, and how far it has come in a collaboration. */

import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import type { Message, Trace, Tracked } from "../api/tracking";
import * as tracking from "../api/tracking";
import { Diagram } from "../diagram/diagram";
import * as marks from "../diagram/marks";
import { span } from "../format";
import { useLoad } from "../live";
import { Failed } from "../parts/bits";
import { Grid, type Column } from "../parts/grid";
import { go, query, withQuery } from "../router";
import { At, useLook } from "./flow";

interface All {
  trace: Trace;
  models: Tracked[];
  /** The model that it is laid over, if there is any. */
  model: string | undefined;
  reached: string[];
}

async function load(id: string, wanted: string | null): Promise<All> {
  const [trace, models] = await Promise.all([tracking.trace(id), tracking.tracked()]);
  const known = models.find((one) => one.process === wanted);
  const asked = known === undefined ? models.slice(0, ASKED_MAX) : [known];
  const found = await Promise.all(
    asked.map(async ({ process }) => ({ process, reached: await tracking.reached(id, process) })),
  );
  const best = found.toSorted((one, other) => other.reached.length - one.reached.length)[0];
  return { trace, models, model: best?.process, reached: best?.reached ?? [] };
}

/** Models that a trace is held against, to lay it over the one with most of its messages. */
const ASKED_MAX = 10;

export function TraceView({ at }: { at: string }): JSX.Element {
  const wanted = query.value.get("model");
  const { data, error, reload } = useLoad(`${at} ${wanted}`, () => load(at, wanted));
  useLook(reload);
  const messages = data?.trace.messages ?? [];
  const [first, last] = [messages[0], messages.at(-1)];
  return (
    <>
      <header class="head">
        <div>
          <h1>
            Trace <span class="key">{at}</span>
          </h1>
          <p class="facts">
            <span>{messages.length} messages</span>
            {first && last && <span>over {span(last.time_ms - first.time_ms)}</span>}
            {data && data.trace.left_out > 0 && <span>{data.trace.left_out} more left out</span>}
          </p>
        </div>
        {data?.model !== undefined && <Models all={data.models} shown={data.model} />}
      </header>
      <Failed error={error} />
      {data?.model !== undefined && <Collaboration model={data.model} reached={data.reached} />}
      <Messages rows={data?.trace.messages} />
    </>
  );
}

function Models({ all, shown }: { all: Tracked[]; shown: string }): JSX.Element {
  return (
    <label>
      Laid over{" "}
      <select
        value={shown}
        onChange={(event) => go(withQuery({ model: event.currentTarget.value }), true)}
      >
        {all.map((one) => (
          <option key={one.process}>{one.process}</option>
        ))}
      </select>
    </label>
  );
}

/** A tick on each element whose message is in the trace. */
function Collaboration({ model, reached }: { model: string; reached: string[] }): JSX.Element {
  const picture = useLoad(`tracked ${model}`, () => tracking.diagram(model));
  // The list is loaded anew every time; the picture changes when it says something else.
  const key = reached.join("\n");
  const laid = useMemo(() => marks.ticks(reached), [key]);
  return (
    <>
      <Failed error={picture.error} />
      <Diagram
        xml={picture.data}
        marks={laid}
        selected={null}
        select={() => undefined}
        label={`Collaboration ${model}`}
      />
    </>
  );
}

const COLUMNS: Column<Message>[] = [
  {
    head: "Time",
    value: (row) => new Date(row.time_ms).toISOString(),
    cell: (row) => <At ms={row.time_ms} />,
  },
  { head: "After", kind: "number", value: (row) => row.gap_ms, cell: (row) => span(row.gap_ms) },
  { head: "Message", value: (row) => row.kind },
  { head: "Kind", value: (row) => (row.command ? "Command" : "Event") },
  { head: "From", value: (row) => row.sender },
  { head: "Correlation", value: (row) => row.correlation },
  {
    head: "On its way",
    kind: "number",
    value: (row) => row.arrival_ms - row.time_ms,
    cell: (row) => span(row.arrival_ms - row.time_ms),
  },
];

function Messages({ rows }: { rows: Message[] | undefined }): JSX.Element {
  // A gap that is far longer than the others is where it stood still.
  const longest = Math.max(0, ...(rows ?? []).map((row) => row.gap_ms));
  return (
    <Grid
      name="Messages"
      columns={COLUMNS}
      rows={rows}
      id={(row) => String(row.offset)}
      marked={(row) => longest > 1_000 && row.gap_ms === longest}
      empty="No message has this trace id."
    />
  );
}
