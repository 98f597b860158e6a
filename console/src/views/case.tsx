/** One case of a tracked flow: where it is, what it waits for, what it did otherwise, and what
 * became of each of its events. */

import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import type { Case, Finding, Judged, Tracked } from "../api/tracking";
import * as tracking from "../api/tracking";
import { Diagram } from "../diagram/diagram";
import * as marks from "../diagram/marks";
import { span, words } from "../format";
import { useLoad, useNow } from "../live";
import { stepsOf } from "../names";
import { Failed } from "../parts/bits";
import { Grid, type Column } from "../parts/grid";
import { query } from "../router";
import { At, iso, lasted, useLook } from "./flow";

interface All {
  case: Case;
  model: Tracked | undefined;
  records: Judged[];
}

async function load(process: string, id: string): Promise<All> {
  const [cases, models, records] = await Promise.all([
    tracking.cases(process, new URLSearchParams({ case: id })),
    tracking.tracked(),
    tracking.records(process, id),
  ]);
  const found = cases[0];
  if (found === undefined) throw new Error(`No case of '${process}' has the name '${id}'.`);
  return { case: found, model: models.find((one) => one.process === process), records };
}

export function CaseView({ process, id }: { process: string; id: string }): JSX.Element {
  const { data, error, reload } = useLoad(`${process}/${id}`, () => load(process, id));
  const picture = useLoad(`tracked ${process}`, () => tracking.diagram(process));
  useLook(reload);
  const steps = useMemo(() => stepsOf(picture.data), [picture.data]);
  const laid = useMemo(() => (data ? laidOver(data, steps) : marks.none()), [data, steps]);
  return (
    <>
      <Head process={process} id={id} found={data?.case} />
      <Failed error={error ?? picture.error} />
      <Diagram
        xml={picture.data}
        marks={laid}
        selected={query.value.get("element")}
        select={() => undefined}
        label={`Diagram of ${process}`}
      />
      {data && (
        <>
          <div class="columns">
            <Next found={data.case} />
            <Findings rows={data.case.findings} />
          </div>
          <Records rows={data.records} />
        </>
      )}
    </>
  );
}

/** A tick where an event of it came, its place, and a mark at each finding. */
function laidOver({ case: found, model, records }: All, steps: Map<string, string>): marks.Marks {
  const at = (kind: string | null | undefined) =>
    kind ? tracking.elementOf(kind, model?.types ?? null, steps) : undefined;
  const rows = new Map<string, { active: number; incidents: number }>();
  const count = (kind: string | null, what: "active" | "incidents") => {
    const id = at(kind);
    if (id === undefined) return;
    const row = rows.get(id) ?? { active: 0, incidents: 0 };
    row[what]++;
    rows.set(id, row);
  };
  if (found.status !== "completed") count(found.lastStep, "active");
  found.findings.forEach((finding) => count(finding.step, "incidents"));
  const been = new Set(records.map((row) => at(row.kind)).filter((one) => one !== undefined));
  return marks.add(marks.tracked([...rows]), been, "is-done");
}

function Head(props: { process: string; id: string; found: Case | undefined }): JSX.Element {
  const { process, id, found } = props;
  const now = useNow(1_000);
  return (
    <header class="head">
      <div>
        <h1>
          <a href={`/flows/${encodeURIComponent(process)}`}>{process}</a>{" "}
          <span class="key">{id}</span>{" "}
          {found && <span class={`chip ${found.status}`}>{words(found.status)}</span>}{" "}
          <span class="chip">tracked</span>
        </h1>
        {found && (
          <p class="facts">
            <span>
              {found.status === "completed" ? "Took" : "For"} {span(lasted(found, now))}
            </span>
            <span>{found.events} events</span>
            {found.firstMs !== null && (
              <span>
                First <At ms={found.firstMs} />
              </span>
            )}
            {found.lastMs !== null && (
              <span>
                Last <At ms={found.lastMs} />
              </span>
            )}
            <a href={`/trace/${encodeURIComponent(id)}`}>Messages with this trace id</a>
          </p>
        )}
      </div>
    </header>
  );
}

function Next({ found }: { found: Case }): JSX.Element {
  const now = useNow(1_000);
  return (
    <section class="waits" aria-label="What it waits for">
      <header>
        <h2>What it waits for</h2>
      </header>
      {found.expected.length === 0 && <p class="empty">Nothing more: it is at its end.</p>}
      <ul class="cards">
        {found.expected.map((kind) => (
          <li key={kind}>
            <h3>
              <span class="kind">Event</span> {kind}
            </h3>
            <p>
              It has waited for {span(now - (found.lastMs ?? found.sinceMs))} since{" "}
              {found.lastStep ?? "it began"}.
            </p>
          </li>
        ))}
        {found.deadlines.map((due) => (
          <li key={due}>
            <h3>
              <span class="kind">Deadline</span>
            </h3>
            <p class="due" title={iso(due) ?? ""}>
              {due > now ? `Over in ${span(due - now)}` : `Over for ${span(now - due)}`}
            </p>
          </li>
        ))}
      </ul>
      {found.reason && <p>{found.reason}</p>}
    </section>
  );
}

const FINDINGS: Column<Finding>[] = [
  { head: "Finding", value: (row) => words(row.kind) },
  { head: "At", value: (row) => row.step },
  {
    head: "Expected",
    kind: "long",
    value: (row) => row.expected.filter((one) => one !== row.step).join(" or "),
  },
  { head: "Time", value: (row) => iso(row.atMs), cell: (row) => <At ms={row.atMs} /> },
];

function Findings({ rows }: { rows: Finding[] }): JSX.Element {
  return (
    <Grid
      name="Findings"
      columns={FINDINGS}
      rows={rows}
      id={(row) => `${row.kind} ${row.step} ${row.atMs}`}
      marked={() => true}
      empty="It went the way of the model."
    />
  );
}

const RECORDS: Column<Judged>[] = [
  {
    head: "Time",
    value: (row) => iso(row.time_ms ?? null),
    cell: (row) => <At ms={row.time_ms ?? null} />,
  },
  { head: "Event", value: (row) => row.kind },
  { head: "Became", value: (row) => words(row.verdict) },
  { head: "Why", kind: "long", value: (row) => row.reason },
  { head: "Offset", kind: "number", value: (row) => row.offset },
];

function Records({ rows }: { rows: Judged[] }): JSX.Element {
  return (
    <Grid
      name="Events"
      columns={RECORDS}
      rows={rows}
      id={(row) => `${row.at} ${row.offset}`}
      empty="No event of it is kept."
    />
  );
}
