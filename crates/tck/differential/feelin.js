// @bpmn-io/feelin as a peer: `node feelin.js answers` evaluates expressions, `node feelin.js times`
// measures them. The request is JSON on stdin, the answer is one JSON object a line.
import { evaluate, parseExpression } from '@bpmn-io/feelin';
import { readFileSync } from 'node:fs';

const request = JSON.parse(readFileSync(0, 'utf8'));

function plain(value) {
  if (value === undefined) return null;
  if (Array.isArray(value)) return value.map(plain);
  if (value && typeof value === 'object') {
    if (typeof value.toISO === 'function') return { '@': value.toISO() };
    if (Object.getPrototypeOf(value) !== Object.prototype) return { '@': String(value) };
    return Object.fromEntries(Object.entries(value).map(([key, own]) => [key, plain(own)]));
  }
  return typeof value === 'function' ? { '@': 'function' } : value;
}

function run(expression) {
  const found = evaluate(expression, structuredClone(request.variables));
  const wrapped = found && typeof found === 'object' && 'warnings' in found;
  return wrapped ? found.value : found;
}

// The least of many short batches, as on our side.
function nanoseconds(call) {
  let batch = 1;
  for (;;) {
    const start = process.hrtime.bigint();
    for (let n = 0; n < batch; n++) call();
    if (process.hrtime.bigint() - start > 1_000_000n) break;
    batch *= 2;
  }
  let least = Infinity;
  for (let round = 0; round < request.rounds; round++) {
    const start = process.hrtime.bigint();
    for (let n = 0; n < batch; n++) call();
    least = Math.min(least, Number(process.hrtime.bigint() - start) / batch);
  }
  return Math.round(least);
}

function answers() {
  for (const expression of request.expressions) {
    const row = { expression };
    try {
      row.value = plain(run(expression));
    } catch {
      row.failed = true;
    }
    console.log(JSON.stringify(row));
  }
}

// It has no compiled form: every evaluation parses first. So the time to parse is measured by
// itself and taken off, which favours it.
function times() {
  for (const [name, text] of request.expressions) {
    if (run(text) === null) throw new Error(`expected ${text} to have a value`);
    const parse = nanoseconds(() => parseExpression(text, request.variables));
    const whole = nanoseconds(() => evaluate(text, request.variables));
    console.log(JSON.stringify({ name, parse, evaluate: Math.max(whole - parse, 1) }));
  }
}

({ answers, times })[process.argv[2]]();
