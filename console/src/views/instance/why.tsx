/** Why it does not move, and why it came this way. */

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { NearMiss, Wait } from "../../api/types";
import { compared, distance } from "../../differ";
import { age, span } from "../../format";
import { useNow } from "../../live";
import { withQuery } from "../../router";
import type { PartProps } from "../instance";
import { Publish } from "./actions";
import { nameOf } from "./incidents";

export function Waits({ all, changed }: PartProps): JSX.Element | null {
  if (all.instance.state !== "ACTIVE") return null;
  // Incidents stand above, with their remedy.
  const waits = all.explanation.waitsFor.filter((wait) => wait.kind !== "incident");
  return (
    <section class="waits" aria-label="What it waits for">
      <header>
        <h2>What it waits for</h2>
      </header>
      {waits.length === 0 && (
        <p class="empty">
          {all.instance.hasIncident
            ? "For somebody to resolve the incident."
            : "Nothing outside: it is being worked on."}
        </p>
      )}
      <ul class="cards">
        {waits.map((wait, at) => (
          <WaitCard key={at} wait={wait} all={all} changed={changed} />
        ))}
      </ul>
    </section>
  );
}

const KINDS: Record<Wait["kind"], string> = {
  incident: "Incident",
  message: "Message",
  timer: "Timer",
  job: "Job",
  join: "Join",
  "user-task": "User task",
  signal: "Signal",
  condition: "Condition",
  called: "Called process",
  "event-gateway": "First event",
};

function WaitCard({ wait, all, changed }: PartProps & { wait: Wait }): JSX.Element {
  const now = useNow(1_000);
  const [publishing, setPublishing] = useState(false);
  const { message } = wait;
  const due = wait.dueDate === undefined ? null : Date.parse(wait.dueDate) - now;
  return (
    <li>
      <h3>
        <span class="kind">{KINDS[wait.kind]}</span>{" "}
        <a href={withQuery({ element: wait.elementId })}>{nameOf(all, wait.elementId)}</a>
      </h3>
      <p>{message === undefined ? wait.text : waited(message, wait.since, now)}</p>
      {due !== null && (
        <p class="due" title={wait.dueDate}>
          {due > 0 ? `Due in ${span(due)}` : `Due for ${span(-due)}`}
        </p>
      )}
      {wait.called && (
        <p>
          <a href={`/instances/${wait.called.processInstanceKey}`}>
            Open the instance of {wait.called.processDefinitionId}
          </a>
        </p>
      )}
      {message !== undefined && <Nearly message={message} now={now} />}
      {message !== undefined && (
        <button onClick={() => setPublishing(true)}>Publish this message</button>
      )}
      {publishing && message !== undefined && (
        <Publish
          name={message.name}
          correlationKey={message.correlationKey}
          close={() => setPublishing(false)}
          done={changed}
        />
      )}
    </li>
  );
}

type Message = NonNullable<Wait["message"]>;

/** The server's sentence has the near misses in it, which stand in a list of their own here. */
function waited({ name, correlationKey }: Message, since: string | null, now: number): string {
  const time = since === null ? "" : ` for ${span(now - Date.parse(since))}`;
  return `It has waited${time} for the message '${name}' with the key '${correlationKey}'.`;
}

const MISSES = 3;

/** The likeliest first: those that the fewest characters stand between. */
function likeliest({ name, correlationKey, nearMisses }: Message): NearMiss[] {
  const far = (miss: NearMiss) =>
    miss.name === name
      ? distance(correlationKey, miss.correlationKey)
      : distance(name, miss.name);
  return nearMisses.toSorted((one, other) => far(one) - far(other));
}

/** What is otherwise than it should be, marked. */
function Differing({ wanted, came }: { wanted: string; came: string }): JSX.Element {
  return (
    <code>
      {compared(wanted, came).map(({ text, same }, at) =>
        same ? text : <mark key={at}>{text}</mark>,
      )}
    </code>
  );
}

function Nearly({ message, now }: { message: Message; now: number }): JSX.Element | null {
  const [all, setAll] = useState(false);
  const misses = likeliest(message);
  if (misses.length === 0) return null;
  return (
    <ul class="near">
      {misses.slice(0, all ? misses.length : MISSES).map((miss) => (
        <li key={miss.messageKey}>
          Near miss: {miss.name === message.name && <b>{miss.name}</b>}
          {miss.name !== message.name && (
            <Differing wanted={message.name} came={miss.name} />
          )}{" "}
          came {age(miss.publishTime, now)} ago{" "}
          {miss.name === message.name ? "with the key " : "with this key, under another name"}
          {miss.name === message.name && (
            <Differing wanted={message.correlationKey} came={miss.correlationKey} />
          )}
          {miss.expired ? "; it has expired" : "; it is kept"}
        </li>
      ))}
      {!all && misses.length > MISSES && (
        <li>
          <button class="plain" onClick={() => setAll(true)}>
            {misses.length - MISSES} more
          </button>
        </li>
      )}
    </ul>
  );
}

/** The decisions on the way, each with what it was decided by. */
export function Path({ all }: Pick<PartProps, "all">): JSX.Element | null {
  const { path } = all.explanation;
  if (path.length === 0) return null;
  return (
    <section class="path" aria-label="Why this path">
      <header>
        <h2>Why this path</h2>
      </header>
      <ol class="cards">
        {path.map((step, at) => (
          <li key={at}>
            <h3>
              <a href={withQuery({ element: step.elementId })}>{step.elementId}</a>
            </h3>
            <p>{step.text}</p>
            {step.expression && <code class="block">{step.expression}</code>}
          </li>
        ))}
      </ol>
    </section>
  );
}
