/** Open incidents, of everything or of one cause, with a retry for all of them. */

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import * as calls from "../api/calls";
import { Problem } from "../api/http";
import type { Incident } from "../api/types";
import { count, errorName } from "../format";
import { useLoad, useStream } from "../live";
import { Failed, Known, Time } from "../parts/bits";
import { Dialog } from "../parts/dialog";
import { Grid, type Column } from "../parts/grid";
import { say } from "../parts/notices";
import { query, withQuery } from "../router";
import { useBusinessIds, useNames, type Names } from "./known";

/** More at once would be a batch operation, which the server should run, not a page. */
const RETRY_MAX = 10_000;
/** How many are under way at a time: enough to be quick, not enough to push others out. */
const RETRY_WIDTH = 8;

function asked(): calls.Query {
  const filter: Record<string, unknown> = { state: "ACTIVE" };
  const names = {
    process: "processDefinitionId",
    version: "processDefinitionKey",
    element: "elementId",
    type: "errorType",
  };
  for (const [name, field] of Object.entries(names)) {
    const value = query.value.get(name);
    if (value) filter[field] = value;
  }
  const cause = Number(query.value.get("cause") ?? Number.NaN);
  if (Number.isInteger(cause)) filter.incidentErrorHashCode = cause;
  return { filter, sort: [{ field: "creationTime", order: "DESC" }] };
}

const columns = (names: Names, ids: Map<string, string>): Column<Incident>[] => [
  {
    head: "Since",
    value: (row) => row.creationTime,
    cell: (row) => <Time at={row.creationTime} />,
  },
  {
    head: "Instance",
    kind: "key",
    value: (row) => row.processInstanceKey,
    cell: ({ processInstanceKey: key }) => (
      <>
        <a href={`/instances/${key}`}>{key}</a> <Known id={ids.get(key)} />
      </>
    ),
  },
  {
    head: "Process",
    value: names.process,
    cell: (row) => <span title={row.processDefinitionId}>{names.process(row)}</span>,
  },
  {
    head: "Element",
    value: names.element,
    cell: (row) => <span title={row.elementId}>{names.element(row)}</span>,
  },
  { head: "Kind", value: (row) => row.errorType, cell: (row) => errorName(row.errorType) },
  { head: "What", kind: "long", value: (row) => row.errorMessage },
];

export function IncidentsView(): JSX.Element {
  const [limit, setLimit] = useState(calls.PAGE_ROWS);
  const [asking, setAsking] = useState(false);
  const search = asked();
  const key = JSON.stringify([search, limit]);
  const { data, error, reload } = useLoad(key, () => {
    return calls.incidents({ ...search, page: { limit } });
  });
  useStream("types=incident.raised,incident.resolved", reload);
  const total = data?.page.totalItems ?? 0;
  const names = useNames(data?.items ?? []);
  const ids = useBusinessIds((data?.items ?? []).map((row) => row.processInstanceKey));
  return (
    <>
      <h1 class="sr">Incidents</h1>
      <Narrowed />
      <Failed error={error} />
      {total > 0 && (
        <div class="bar">
          <button class="primary" onClick={() => setAsking(true)}>
            Retry all {count(total)}
            {data?.page.hasMoreTotalItems && "+"}
          </button>
          <span class="quiet">Each is tried again once; what fails again comes back here.</span>
        </div>
      )}
      <Grid
        name="Incidents"
        caption="Open incidents"
        columns={columns(names, ids)}
        rows={data?.items}
        total={total}
        over={data?.page.hasMoreTotalItems === true}
        id={(row) => row.incidentKey}
        all={() => calls.collect(calls.incidents, search, calls.CSV_ROWS_MAX)}
        more={more(data?.items.length, total, () => setLimit(2 * limit))}
        empty="No open incident."
      />
      {asking && <RetryAll search={search} total={total} close={() => setAsking(false)} />}
    </>
  );
}

export function more(shown: number | undefined, total: number, run: () => void) {
  const rest = shown !== undefined && shown < total && shown < calls.SCREEN_ROWS_MAX;
  return rest ? run : undefined;
}

const NAMES = {
  process: "Process",
  version: "Process",
  element: "Element",
  type: "Kind",
  cause: "Cause",
};

/** What the list was narrowed to, each with a way back. */
function Narrowed(): JSX.Element | null {
  const key = query.value.get("version") ?? "";
  const version = useLoad(`version ${key}`, async () => {
    if (key === "") return key;
    const one = await calls.definition(key);
    return `${one.name ?? one.processDefinitionId} v${one.version}`;
  });
  const set = Object.entries(NAMES).filter(([name]) => query.value.get(name));
  if (set.length === 0) return null;
  return (
    <div class="bar">
      {set.map(([name, title]) => (
        <a key={name} class="filter" href={withQuery({ [name]: null })} title="Remove">
          {title}: <b>{(name === "version" && version.data) || query.value.get(name)}</b> ×
        </a>
      ))}
    </div>
  );
}

interface RetryProps {
  search: calls.Query;
  total: number;
  close: () => void;
}

function RetryAll({ search, total, close }: RetryProps): JSX.Element {
  const [done, setDone] = useState<number | null>(null);
  const run = async (comment: string) => {
    const found = await calls.collect(calls.incidents, search, RETRY_MAX);
    const failures = await retryAll(found, comment, setDone);
    const fine = found.length - failures.length;
    say("ok", `${count(fine)} of ${count(found.length)} are tried again.`);
    const first = failures[0];
    if (first !== undefined) {
      say("bad", `${count(failures.length)} could not be retried, the first because: ${first}`);
    }
    close();
  };
  return (
    <Dialog
      title={`Retry ${count(total)} incidents?`}
      action="Retry"
      commented
      close={close}
      submit={run}
    >
      <p>
        Each job gets one more try, every other step is done again. Incidents that were raised for
        other causes stay as they are.
      </p>
      {done !== null && <progress value={done} max={total} />}
    </Dialog>
  );
}

/** Why some could not be retried. One that somebody resolved in the meantime is fine. */
async function retryAll(
  incidents: Incident[],
  comment: string,
  told: (done: number) => void,
): Promise<string[]> {
  const failures: string[] = [];
  let next = 0;
  let done = 0;
  const worker = async () => {
    for (let at = next++; at < incidents.length; at = next++) {
      const incident = incidents[at];
      if (incident === undefined) break;
      try {
        await calls.retry(incident, comment);
      } catch (error) {
        const gone = error instanceof Problem && error.status === 404;
        if (!gone) failures.push((error as Error).message);
      }
      told(++done);
    }
  };
  await Promise.all(Array.from({ length: RETRY_WIDTH }, worker));
  return failures;
}
