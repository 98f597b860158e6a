/** A tracked flow: where its cases are, and which went another way than the model says. */

import type { JSX } from "preact";
import { useEffect, useMemo } from "preact/hooks";
import type { Case, Stats, Tracked } from "../api/tracking";
import { link } from "../api/stream";
import * as tracking from "../api/tracking";
import { Diagram } from "../diagram/diagram";
import * as marks from "../diagram/marks";
import { count, span, words } from "../format";
import { useEvery, useLoad, useNow } from "../live";
import { plain, stepsOf } from "../names";
import { Failed, Time } from "../parts/bits";
import { Grid, type Column } from "../parts/grid";
import { WholeFlow } from "../parts/whole";
import { go, query, withQuery } from "../router";

/** Tracking has no stream: it is looked at this often. */
const LOOK_MS = 1_000;

/** Its figures are of all that ever happened. */
const FIGURES_MS = 15_000;

/** Loads again and again while the view is there and seen. */
export function useLook(reload: () => void): void {
  useEffect(() => {
    link.value = "live";
  }, []);
  useEvery(LOOK_MS, reload);
}

async function load(process: string, text: string): Promise<{ cases: Case[]; model: Tracked }> {
  const [cases, all] = await Promise.all([
    tracking.cases(process, new URLSearchParams(text)),
    tracking.tracked(),
  ]);
  const model = all.find((one) => one.process === process);
  if (model === undefined) throw new Error(`Nothing is tracked under the name '${process}'.`);
  return { cases, model };
}

export function FlowView({ at }: { at: string }): JSX.Element {
  const asked = query.value.toString();
  const { data, error, reload } = useLoad(`${at}?${asked}`, () => load(at, asked));
  const picture = useLoad(`tracked ${at}`, () => tracking.diagram(at));
  useLook(reload);
  const target = query.value.get("target");
  const figures = useLoad(`figures ${at} ${target}`, () => tracking.stats(at, target));
  useEvery(FIGURES_MS, figures.reload);
  const steps = useMemo(() => stepsOf(picture.data), [picture.data]);
  const laid = useMemo(() => {
    return data === undefined ? marks.none() : laidOver(data.cases, data.model, steps);
  }, [data, steps]);
  return (
    <>
      <header class="head">
        <div>
          <h1>
            {at} <span class="chip">tracked</span>
          </h1>
          <span class="quiet">Nobody runs it: it is read from events.</span>
        </div>
      </header>
      <Failed error={error ?? picture.error ?? figures.error} />
      <Diagram
        xml={picture.data}
        marks={laid}
        selected={query.value.get("element")}
        select={(id) => go(withQuery({ element: id }), true)}
        label={`Diagram of ${at}`}
      />
      <Filters />
      <Cases rows={data?.cases} />
      {figures.data && <Figures of={figures.data} order={steps} />}
    </>
  );
}

/** Open cases stand at their last step; findings are counted where they were made. */
function laidOver(cases: Case[], model: Tracked, steps: Map<string, string>): marks.Marks {
  const rows = new Map<string, { active: number; incidents: number }>();
  const at = (kind: string | null) => {
    const id = kind === null ? undefined : tracking.elementOf(kind, model.types, steps);
    if (id === undefined) return undefined;
    const row = rows.get(id) ?? { active: 0, incidents: 0 };
    rows.set(id, row);
    return row;
  };
  for (const one of cases) {
    const row = one.status === "completed" ? undefined : at(one.lastStep);
    if (row) row.active++;
    for (const finding of one.findings) {
      const found = at(finding.step);
      if (found) found.incidents++;
    }
  }
  return marks.tracked([...rows]);
}

const STATUSES = ["open", "stuck", "resting", "completed", "early", "expired"];

function Filters(): JSX.Element {
  const status = query.value.get("status") ?? "";
  const deviating = query.value.get("deviating") === "true";
  return (
    <div class="bar filters" role="search" aria-label="Filter cases">
      <nav class="choices" aria-label="Status">
        {["", ...STATUSES].map((one) => (
          <a
            key={one}
            href={withQuery({ status: one })}
            aria-current={one === status ? "true" : undefined}
          >
            {one === "" ? "All" : words(one)}
          </a>
        ))}
      </nav>
      <label>
        <input
          type="checkbox"
          checked={deviating}
          onChange={(event) =>
            go(withQuery({ deviating: event.currentTarget.checked ? "true" : null }), true)
          }
        />{" "}
        Another way than the model
      </label>
      <input
        aria-label="Case"
        placeholder="Part of a case"
        value={query.value.get("like") ?? ""}
        onChange={(event) => go(withQuery({ like: event.currentTarget.value.trim() }), true)}
      />
    </div>
  );
}

/** How long a completed case took, or for how long another has been as it is. */
export const lasted = (one: Case, now: number): number =>
  one.status === "completed" && one.firstMs !== null && one.lastMs !== null
    ? one.lastMs - one.firstMs
    : now - sinceOf(one);

/** An early one has no place yet: it waits since its first event. */
const sinceOf = (one: Case): number => one.sinceMs || (one.firstMs ?? 0);

export const iso = (ms: number | null) => (ms === null ? null : new Date(ms).toISOString());

function said(row: Case): string {
  return row.findings
    .map(({ kind, step, expected }) => {
      const others = expected.filter((one) => one !== step);
      const instead = others.length === 0 ? "" : `, not ${others.join(" or ")}`;
      return `${words(kind)}: ${step}${instead}`;
    })
    .join("; ");
}

function Cases({ rows }: { rows: Case[] | undefined }): JSX.Element {
  const now = useNow(5_000);
  const columns: Column<Case>[] = [
    {
      head: "Case",
      value: (row) => row.case,
      cell: (row) => {
        const [process, id] = [row.process, row.case].map(encodeURIComponent);
        return <a href={`/flows/${process}/${id}`}>{row.case}</a>;
      },
    },
    {
      head: "Status",
      value: (row) => words(row.status),
      cell: (row) => <span class={`chip ${row.status}`}>{words(row.status)}</span>,
    },
    {
      head: "For",
      kind: "number",
      value: (row) => iso(sinceOf(row)),
      cell: (row) => <span title={iso(sinceOf(row)) ?? ""}>{span(lasted(row, now))}</span>,
    },
    { head: "Last step", value: (row) => row.lastStep },
    { head: "Next", value: (row) => row.expected.join(", ") },
    {
      head: "First event",
      kind: "spare",
      value: (row) => iso(row.firstMs),
      cell: (row) => <At ms={row.firstMs} />,
    },
    { head: "Events", kind: "spare", value: (row) => row.events },
    { head: "Findings", kind: "long", value: said },
  ];
  return (
    <Grid
      name="Cases"
      columns={columns}
      rows={rows}
      id={(row) => row.case}
      marked={(row) => row.findings.length > 0 || row.status === "stuck"}
      empty="No case is like this."
    />
  );
}

type Step = { name: string } & Stats["steps"][string];

const STEPS: Column<Step>[] = [
  { head: "Step", value: (row) => row.name },
  { head: "Events", kind: "number", value: (row) => row.events, cell: (r) => count(r.events) },
  { head: "Cases", kind: "number", value: (row) => row.cases, cell: (row) => count(row.cases) },
  after("p50", "p50_ms"),
  after("p95", "p95_ms"),
];

function after(head: string, which: Rank): Column<Step> {
  const value = (row: Step) => waited(row, which);
  return { head, kind: "number", value, cell: (row) => span(value(row)) };
}

type Rank = "p50_ms" | "p95_ms";

/** Since the event before it; the first of a case waits for nothing. */
function waited(row: Step, which: Rank): number | null {
  return row.waited.count === 0 ? null : row.waited[which];
}

interface FiguresProps {
  of: Stats;
  /** Element by name, in the order of the model. */
  order: Map<string, string>;
}

function Figures({ of: { duration, steps, target }, order }: FiguresProps): JSX.Element {
  const names = [...order.keys()];
  // What is no element of it stands first, as the events before it begins do.
  const place = (row: Step) => names.indexOf(plain(row.name));
  const all = Object.entries(steps).map(([name, step]): Step => ({ name, ...step }));
  const rows = all.toSorted((one, other) => place(one) - place(other));
  const whole = { count: duration.count, p50Ms: duration.p50_ms, p95Ms: duration.p95_ms };
  const promised = target && {
    withinMs: target.within_ms,
    kept: target.kept,
    breaches: target.breaches,
    allowanceUsed: target.allowance_used,
  };
  return (
    <>
      <Grid
        name="Steps"
        caption="Steps, and how long after the one before"
        columns={STEPS}
        rows={rows}
        id={(row) => row.name}
        empty="No event has come yet."
      />
      <WholeFlow counted="Cases" whole={whole} target={promised} />
    </>
  );
}

export function At({ ms }: { ms: number | null }): JSX.Element | null {
  return <Time at={iso(ms)} />;
}
