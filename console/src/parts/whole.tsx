/** How long whole instances or cases take, and how far a promise about that is kept. */

import type { JSX } from "preact";
import type { Promised, Whole } from "../api/types";
import { count, span } from "../format";
import { go, query, withQuery } from "../router";
import { Grid, type Column } from "./grid";

interface Props {
  /** What is counted, as a heading. */
  counted: string;
  whole: Whole | null | undefined;
  target: Promised | null | undefined;
}

type Row = Whole & { target: Promised | null | undefined };

const percent = (share: number): string => `${count(Math.round(share * 100))} %`;

export function WholeFlow({ counted, whole, target }: Props): JSX.Element {
  const ms = (head: string, value: (row: Row) => number | undefined): Column<Row> => ({
    head,
    kind: "number",
    value,
    cell: (row) => (value(row) === undefined ? "" : span(value(row))),
  });
  const columns: Column<Row>[] = [
    { head: counted, kind: "number", value: (row) => row.count, cell: (row) => count(row.count) },
    ms("p50", (row) => row.p50Ms),
    ms("p95", (row) => row.p95Ms),
    ms("Target", (row) => row.target?.withinMs),
    {
      head: "p95 within target",
      value: (row) => row.target && String(row.target.kept),
      cell: ({ target: one }) =>
        one && (
          <span class={`chip ${one.kept ? "completed" : "incident"}`}>
            {one.kept ? "yes" : "no"}
          </span>
        ),
    },
    { head: "Breaches", kind: "number", value: (row) => row.target?.breaches },
    {
      head: "Allowance used",
      kind: "number",
      value: (row) => row.target?.allowanceUsed,
      cell: ({ target: one }) => one && percent(one.allowanceUsed),
    },
  ];
  return (
    <Grid
      name="Whole flow"
      single
      caption={
        <>
          Whole flow{" "}
          <label class="target">
            95 % within{" "}
            <input
              aria-label="Target for 95 %, as an ISO 8601 duration"
              placeholder="PT24H"
              size={8}
              value={query.value.get("target") ?? ""}
              onChange={(event) =>
                go(withQuery({ target: event.currentTarget.value.trim() }), true)
              }
            />
          </label>
        </>
      }
      columns={columns}
      rows={whole ? [{ ...whole, target }] : []}
      id={() => "whole"}
      empty="None has completed yet."
    />
  );
}
