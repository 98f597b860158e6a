/** A tracked flow: where its cases are, and which went another way than the model says. */

import type { JSX } from "preact";
import { useEffect, useMemo } from "preact/hooks";
import type { Case, Tracked } from "../api/tracking";
import { link } from "../api/stream";
import * as tracking from "../api/tracking";
import { Diagram } from "../diagram/diagram";
import * as marks from "../diagram/marks";
import { span, words } from "../format";
import { useLoad, useNow } from "../live";
import { namesOf } from "../names";
import { Failed, Time } from "../parts/bits";
import { Grid, type Column } from "../parts/grid";
import { go, query, withQuery } from "../router";

/** Tracking has no stream: it is looked at this often. */
const LOOK_MS = 1_000;

/** Loads again and again while the view is there and seen. */
export function useLook(reload: () => void): void {
  useEffect(() => {
    link.value = "live";
    const timer = setInterval(() => document.hidden || reload(), LOOK_MS);
    return () => clearInterval(timer);
  }, [reload]);
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
  const names = useMemo(() => namesOf(picture.data), [picture.data]);
  const laid = useMemo(() => {
    return data === undefined ? marks.none() : laidOver(data.cases, data.model, names);
  }, [data, names]);
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
      <Failed error={error ?? picture.error} />
      <Diagram
        xml={picture.data}
        marks={laid}
        selected={query.value.get("element")}
        select={(id) => go(withQuery({ element: id }), true)}
        label={`Diagram of ${at}`}
      />
      <Filters />
      <Cases rows={data?.cases} />
    </>
  );
}

/** Open cases stand at their last step; findings are counted where they were made. */
function laidOver(cases: Case[], model: Tracked, names: Map<string, string>): marks.Marks {
  const rows = new Map<string, { active: number; incidents: number }>();
  const at = (kind: string | null) => {
    const id = kind === null ? undefined : tracking.elementOf(kind, model.types, names);
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
        placeholder="Case"
        value={query.value.get("case") ?? ""}
        onChange={(event) => go(withQuery({ case: event.currentTarget.value.trim() }), true)}
      />
    </div>
  );
}

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
      value: (row) => iso(row.sinceMs),
      cell: (row) => <span title={iso(row.sinceMs) ?? ""}>{span(now - row.sinceMs)}</span>,
    },
    { head: "Last step", value: (row) => row.lastStep },
    { head: "Next", value: (row) => row.expected.join(", ") },
    { head: "First event", value: (row) => iso(row.firstMs), cell: (r) => <At ms={r.firstMs} /> },
    { head: "Events", kind: "number", value: (row) => row.events },
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

export function At({ ms }: { ms: number | null }): JSX.Element | null {
  return <Time at={iso(ms)} />;
}
