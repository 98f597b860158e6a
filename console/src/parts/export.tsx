/** A grid as a CSV file. */

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { csv, save } from "../csv";
import { count } from "../format";
import type { Column, GridProps } from "./grid";
import { say } from "./notices";

/** What a cell says without markup. */
export function text<R>(column: Column<R>, row: R): string {
  const value = column.value(row);
  return value === null || value === undefined ? "" : String(value);
}

export function Export<R>({ name, columns, rows, all }: GridProps<R>): JSX.Element {
  const [busy, setBusy] = useState(false);
  const run = async () => {
    setBusy(true);
    try {
      const found = all === undefined ? (rows ?? []) : await all();
      const lines = found.map((row) => columns.map((column) => text(column, row)));
      save(name.toLowerCase().replaceAll(" ", "-"), csv(columns.map((c) => c.head), lines));
      say("ok", `${count(lines.length)} rows saved as CSV.`);
    } catch (error) {
      say("bad", `No CSV: ${(error as Error).message}`);
    }
    setBusy(false);
  };
  return (
    <button class="plain csv" disabled={busy || !rows?.length} onClick={run} title="Save as CSV">
      CSV
    </button>
  );
}
