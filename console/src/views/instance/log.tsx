/** Who did what to this instance. */

import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import * as calls from "../../api/calls";
import type { Audit, Instance } from "../../api/types";
import { words } from "../../format";
import { useLoad } from "../../live";
import { Failed, Time } from "../../parts/bits";
import { Grid, type Column } from "../../parts/grid";

const ROWS = 50;

const NOBODY = "somebody without a token";

/** Without a token there is only what the program says of itself, at length. */
function who({ actorId, actorType }: Audit): string {
  if (actorId === null || actorType !== "UNKNOWN") return actorId ?? NOBODY;
  if (actorId.startsWith("Mozilla/")) return "a browser";
  return /^[^\s/]+/.exec(actorId)?.[0] ?? actorId;
}

const COLUMNS: Column<Audit>[] = [
  { head: "When", value: (row) => row.timestamp, cell: (row) => <Time at={row.timestamp} /> },
  {
    head: "Who",
    value: (row) => row.actorId ?? NOBODY,
    cell: (row) => <span title={row.actorId ?? ""}>{who(row)}</span>,
  },
  {
    head: "What",
    value: (row) => `${words(row.operationType)} ${words(row.entityType).toLowerCase()}`,
  },
  { head: "Detail", value: (row) => row.entityDescription ?? "" },
  { head: "Comment", kind: "long", value: (row) => row.comment ?? "" },
];

export function Log({ instance, turn }: { instance: Instance; turn: unknown }): JSX.Element {
  const key = instance.processInstanceKey;
  const search: calls.Query = {
    filter: { processInstanceKey: key },
    sort: [{ field: "timestamp", order: "DESC" }],
  };
  const { data, error, reload } = useLoad(`log ${key}`, () =>
    calls.audit({ ...search, page: { limit: ROWS } }),
  );
  useEffect(() => reload(), [turn]);
  return (
    <>
      <Failed error={error} />
      <Grid
        name="What people did"
        columns={COLUMNS}
        rows={data?.items}
        total={data?.page.totalItems ?? 0}
        id={(row) => row.auditLogKey}
        all={() => calls.collect(calls.audit, search, calls.CSV_ROWS_MAX)}
        empty="Nobody has touched it."
      />
    </>
  );
}
