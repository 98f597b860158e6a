/** One process: where its instances are, where time goes, and the instances themselves. */

import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import * as calls from "../api/calls";
import { Problem } from "../api/http";
import type { Definition, Heat } from "../api/types";
import { Diagram } from "../diagram/diagram";
import * as marks from "../diagram/marks";
import { count, span } from "../format";
import { useLoad } from "../live";
import { Failed } from "../parts/bits";
import { Grid, type Column } from "../parts/grid";
import { WholeFlow } from "../parts/whole";
import { go, query, withQuery } from "../router";
import { namesOf } from "../names";
import { Compare } from "./compare";
import { timeRange } from "./filters";
import { InstanceList } from "./instance-list";

const VERSIONS_MAX = 1000;

/** All versions, the newest first. The address has the key of one, or an id that means all. */
async function versions(at: string): Promise<Definition[]> {
  const id = /^\d+$/.test(at) ? (await calls.definition(at)).processDefinitionId : at;
  const sort = [{ field: "version", order: "DESC" as const }];
  const search = { filter: { processDefinitionId: id }, sort };
  const found = await calls.collect(calls.definitions, search, VERSIONS_MAX);
  if (found.length === 0) throw new Problem(404, "NOT_FOUND", `There is no process '${at}'.`);
  return found;
}

export function ProcessView({ at }: { at: string }): JSX.Element {
  const { data, error, reload } = useLoad(at, () => versions(at));
  const one = data?.find((one) => one.processDefinitionKey === at);
  // Of several, the newest is the picture.
  const shown = one ?? data?.[0];
  const whole = one === undefined && (data?.length ?? 0) > 1;
  const compared = query.value.get("compare");
  const other = data?.find((one) => one.processDefinitionKey === compared && one !== shown);
  return (
    <>
      <Failed error={error} />
      {data && shown && other && <Head all={data} shown={shown} whole={false} />}
      {data && shown && other && <Compare from={shown} to={other} />}
      {data && shown && !other && (
        <Version all={data} shown={shown} whole={whole} deployed={reload} />
      )}
    </>
  );
}

interface VersionProps {
  all: Definition[];
  shown: Definition;
  /** All versions together. */
  whole: boolean;
  /** Called when there may be another version. */
  deployed: () => void;
}

function Version({ all, shown, whole, deployed }: VersionProps): JSX.Element {
  const key = shown.processDefinitionKey;
  const picture = useLoad(`picture ${key}`, () => calls.diagram(key));
  const target = query.value.get("target");
  const range = { ...timeRange(query.value), ...(target ? { target } : {}) };
  const keys = whole ? all.map((one) => one.processDefinitionKey) : [key];
  const heat = useLoad(`heat ${keys} ${JSON.stringify(range)}`, () => heatOf(keys, range));
  const measure = (query.value.get("heat") ?? "counts") as marks.Measure;
  const element = query.value.get("element");
  const laid = useMemo(() => {
    const elements = heat.data?.elements ?? [];
    return measure === "counts" ? marks.counts(elements, true) : marks.heat(elements, measure);
  }, [heat.data, measure]);
  const names = useMemo(() => namesOf(picture.data), [picture.data]);
  const choose = (id: string | null) => {
    go(withQuery({ element: id === element ? null : id }), true);
  };
  return (
    <>
      <Head all={all} shown={shown} whole={whole} measure={measure} />
      <Failed error={picture.error ?? heat.error} />
      <Diagram
        xml={picture.data}
        marks={laid}
        selected={element}
        select={choose}
        label={`Diagram of ${shown.name ?? shown.processDefinitionId}`}
      />
      <InstanceList
        definition={shown}
        whole={whole}
        changed={heat.reload}
        deployed={deployed}
      />
      {heat.data && <Elements heat={heat.data} names={names} />}
      {heat.data && !whole && <WholeFlow counted="Completed" {...wholeOf(heat.data)} />}
    </>
  );
}

/** Counts of several versions are added up; how long they took each says for itself. */
async function heatOf(keys: string[], range: Record<string, string>): Promise<Heat> {
  const [first, ...others] = await Promise.all(keys.map((key) => calls.heat(key, range)));
  if (first === undefined || others.length === 0) return first ?? NO_HEAT;
  const elements = new Map<string, Row>();
  for (const row of [first, ...others].flatMap((heat) => heat.elements)) {
    const sum = elements.get(row.elementId);
    if (sum === undefined) elements.set(row.elementId, { ...row, p50Ms: null, p95Ms: null });
    else for (const count of COUNTS) sum[count] += row[count];
  }
  return { ...NO_HEAT, elements: [...elements.values()] };
}

const COUNTS = ["active", "incidents", "completed", "canceled", "waiting"] as const;
const NO_HEAT: Heat = { elements: [], flows: [], instances: null, target: null };

function wholeOf({ instances, target }: Heat) {
  const whole = instances && { ...instances, count: instances.completed };
  return { whole, target };
}

interface HeadProps {
  all: Definition[];
  shown: Definition;
  whole: boolean;
  /** None while two versions are compared. */
  measure?: marks.Measure;
}

function Head({ all, shown, whole, measure }: HeadProps): JSX.Element {
  const move = (key: string) => go(`/processes/${key}${location.search}`);
  const id = encodeURIComponent(shown.processDefinitionId);
  const others = whole ? [] : all.filter((one) => one !== shown);
  const known = measure === undefined ? [] : marks.MEASURES;
  const measures = known.filter((one) => !whole || !/^p\d/.test(one.id));
  return (
    <header class="head">
      <div>
        <h1>{shown.name ?? shown.processDefinitionId}</h1>
        <span class="quiet">{shown.processDefinitionId}</span>
      </div>
      <label>
        Version{" "}
        <select
          value={whole ? id : shown.processDefinitionKey}
          onChange={(event) => move(event.currentTarget.value)}
        >
          {all.length > 1 && <option value={id}>all</option>}
          {all.map((one) => (
            <option key={one.processDefinitionKey} value={one.processDefinitionKey}>
              {one.version}
              {one.versionTag ? ` · ${one.versionTag}` : ""}
            </option>
          ))}
        </select>
      </label>
      {others.length > 0 && (
        <label>
          Compare with{" "}
          <select
            aria-label="Compare with"
            value={query.value.get("compare") ?? ""}
            onChange={(event) => go(withQuery({ compare: event.currentTarget.value }))}
          >
            <option value="">nothing</option>
            {others.map((one) => (
              <option key={one.processDefinitionKey} value={one.processDefinitionKey}>
                {one.version}
              </option>
            ))}
          </select>
        </label>
      )}
      {measures.length > 0 && (
        <nav class="choices" aria-label="What the diagram shows">
          {measures.map(({ id, name, title }) => (
            <a
              key={id}
              href={withQuery({ heat: id === "counts" ? null : id })}
              aria-current={id === measure ? "true" : undefined}
              title={title}
            >
              {name}
            </a>
          ))}
        </nav>
      )}
    </header>
  );
}

type Row = Heat["elements"][number];

interface ElementsProps {
  heat: Heat;
  names: Map<string, string>;
}

/** The figures of the diagram, for those who cannot see it or want to sort them elsewhere. */
function Elements({ heat, names }: ElementsProps): JSX.Element {
  const number = (head: string, value: (row: Row) => number): Column<Row> => ({
    head,
    kind: "number",
    value,
    cell: (row) => count(value(row)),
  });
  const columns: Column<Row>[] = [
    {
      head: "Element",
      value: (row) => row.elementId,
      cell: ({ elementId: id }) => (
        <a href={withQuery({ element: id })}>{names.get(id) ?? id}</a>
      ),
    },
    { head: "Id", value: (row) => row.elementId },
    number("Active", (row) => row.active),
    number("Incidents", (row) => row.incidents),
    number("Waiting", (row) => row.waiting),
    number("Completed", (row) => row.completed),
    number("Canceled", (row) => row.canceled),
    { head: "p50", kind: "number", value: (row) => row.p50Ms, cell: (r) => span(r.p50Ms) },
    { head: "p95", kind: "number", value: (row) => row.p95Ms, cell: (r) => span(r.p95Ms) },
  ];
  return (
    <Grid
      name="Elements"
      columns={columns}
      rows={heat.elements}
      id={(row) => row.elementId}
      marked={(row) => row.incidents > 0}
      empty="No instance has come by yet."
    />
  );
}
