/** Numbers and times as people read them. */

const whole = new Intl.NumberFormat("en-US");

export const count = (value: number): string => whole.format(value);

/** Local time; the exact one with its zone belongs into a title. */
export function time(iso: string | null | undefined): string {
  if (!iso) return "";
  const date = new Date(iso);
  if (Number.isNaN(date.valueOf())) return iso;
  const pad = (value: number) => String(value).padStart(2, "0");
  const day = `${date.getFullYear()}-${pad(date.getMonth() + 1)}-${pad(date.getDate())}`;
  return `${day} ${pad(date.getHours())}:${pad(date.getMinutes())}:${pad(date.getSeconds())}`;
}

const UNITS: [number, string][] = [
  [86_400_000, "d"],
  [3_600_000, "h"],
  [60_000, "min"],
  [1_000, "s"],
];

/** The two largest units; below a second in milliseconds. */
export function span(ms: number | null | undefined): string {
  if (ms === null || ms === undefined || Number.isNaN(ms)) return "–";
  if (ms < 1_000) return `${Math.max(0, Math.round(ms))} ms`;
  if (ms < 10_000) return `${(ms / 1000).toFixed(1)} s`;
  const first = UNITS.findIndex(([length]) => ms >= length);
  const parts: string[] = [];
  let left = ms;
  for (const [length, unit] of UNITS.slice(first, first + 2)) {
    const amount = Math.floor(left / length);
    left -= amount * length;
    if (amount > 0) parts.push(`${amount} ${unit}`);
  }
  return parts.join(" ");
}

export function age(iso: string | null | undefined, now: number): string {
  return iso ? span(Math.max(0, now - Date.parse(iso))) : "";
}

/** How long it took, or has been taking. */
export function lasted(start: string, end: string | null, now: number): string {
  return span(Math.max(0, (end === null ? now : Date.parse(end)) - Date.parse(start)));
}

/** `JOB_NO_RETRIES` as words. */
export function words(code: string): string {
  const text = code.toLowerCase().replaceAll("_", " ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}

const ERRORS: Record<string, string> = {
  CALLED_DECISION_ERROR: "Decision not found",
  CALLED_ELEMENT_ERROR: "Called process not found",
  CONDITION_ERROR: "Condition failed",
  DECISION_EVALUATION_ERROR: "Decision failed",
  EXECUTION_LISTENER_NO_RETRIES: "Listener failed",
  EXTRACT_VALUE_ERROR: "Expression failed",
  IO_MAPPING_ERROR: "Input or output failed",
  JOB_NO_RETRIES: "Job failed",
  RESOURCE_NOT_FOUND: "Resource not found",
  TASK_LISTENER_NO_RETRIES: "Listener failed",
  UNHANDLED_ERROR_EVENT: "Error not caught",
};

/** What kind of incident it is. */
export const errorName = (code: string): string => ERRORS[code] ?? words(code);

/** JSON over several lines; other text as it is. */
export function pretty(json: string): string {
  try {
    // Numbers with more digits than a double holds must not be shown rounded.
    if (/\d{16,}/.test(json)) return json;
    return JSON.stringify(JSON.parse(json), null, 2);
  } catch {
    return json;
  }
}
