/** Why it does not move, and why it came this way. */

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { Clause, Decided, NearMiss, Wait } from "../../api/types";
import { compared, distance } from "../../differ";
import { age, span } from "../../format";
import { useNow } from "../../live";
import { withQuery } from "../../router";
import type { PartProps } from "../instance";
import { Publish } from "./actions";
import { nameOf } from "./incidents";

export function Waits({ all, changed }: PartProps): JSX.Element | null {
  const { state } = all.instance;
  if (state !== "ACTIVE" && state !== "SUSPENDED") return null;
  // Incidents stand above, with their remedy.
  const waits = all.explanation.waitsFor.filter((wait) => wait.kind !== "incident");
  return (
    <section class="waits" aria-label="What it waits for">
      <header>
        <h2>What it waits for</h2>
      </header>
      {state === "SUSPENDED" && (
        <p class="held">It is suspended: nothing of this moves it before somebody resumes it.</p>
      )}
      {waits.length === 0 && state === "ACTIVE" && (
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
              <a href={withQuery({ element: step.elementId })} title={step.elementId}>
                {nameOf(all, step.elementId)}
              </a>
            </h3>
            <p>{step.text}</p>
            {step.expression && <code class="block">{step.expression}</code>}
            {step.refused.length > 0 && (
              <ul class="near">
                {step.refused.map((flow) => (
                  <li key={flow.sequenceFlowId}>{flow.text}</li>
                ))}
              </ul>
            )}
          </li>
        ))}
      </ol>
    </section>
  );
}

/** What decisions came to, and by which rules. */
export function Decisions({ all }: Pick<PartProps, "all">): JSX.Element | null {
  const { decisions } = all.explanation;
  if (decisions.length === 0) return null;
  return (
    <section class="path" aria-label="Decisions">
      <header>
        <h2>Decisions</h2>
      </header>
      <ol class="cards">
        {decisions.map((decided) => (
          <DecidedCard key={decided.decisionEvaluationKey} decided={decided} all={all} />
        ))}
      </ol>
    </section>
  );
}

interface DecidedProps extends Pick<PartProps, "all"> {
  decided: Decided;
}

function DecidedCard({ decided, all }: DecidedProps): JSX.Element {
  const { failureMessage } = decided;
  return (
    <li>
      <h3>
        <span class="kind">
          {decided.decisionDefinitionId} v{decided.decisionDefinitionVersion}
        </span>{" "}
        <a href={withQuery({ element: decided.elementId })}>{nameOf(all, decided.elementId)}</a>
      </h3>
      {failureMessage === null ? (
        <p>
          Gave <code>{decided.output}</code>
        </p>
      ) : (
        <p class="failure">
          {decided.failedDecisionDefinitionId} failed: {failureMessage}
        </p>
      )}
      {decided.evaluatedDecisions.map((own) => (
        <Evaluated key={own.decisionDefinitionId} own={own} />
      ))}
      {decided.warnings.length > 0 && (
        <ul class="near">
          {decided.warnings.map((warning) => (
            <li key={warning}>{warning}</li>
          ))}
        </ul>
      )}
    </li>
  );
}

function Clauses({ all }: { all: Clause[] }): JSX.Element {
  return (
    <>
      {all.map(({ name, value }, at) => (
        <span key={at}>
          {at > 0 && ", "}
          {name} = <code>{value}</code>
        </span>
      ))}
    </>
  );
}

function Evaluated({ own }: { own: Decided["evaluatedDecisions"][number] }): JSX.Element {
  const isTable = own.decisionDefinitionType === "DECISION_TABLE";
  return (
    <details open>
      <summary>{own.decisionDefinitionName || own.decisionDefinitionId}</summary>
      {!isTable && (
        <p>
          Gave <code>{own.output}</code>
        </p>
      )}
      {isTable && own.inputs.length > 0 && (
        <p>
          <Clauses all={own.inputs} />
        </p>
      )}
      {isTable && own.matchedRules.length === 0 && <p>No rule matched.</p>}
      {own.matchedRules.map((rule) => (
        <p key={rule.ruleIndex}>
          Rule {rule.ruleIndex}: <Clauses all={rule.outputs} />
        </p>
      ))}
    </details>
  );
}
