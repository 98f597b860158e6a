/** What failed, first of all: the cause, what was tried, and the way out. */

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import * as calls from "../../api/calls";
import type { Incident } from "../../api/types";
import { age, errorName, words } from "../../format";
import { useNow } from "../../live";
import { Time } from "../../parts/bits";
import { Comment } from "../../parts/dialog";
import { attempt } from "../../parts/notices";
import { withQuery } from "../../router";
import type { PartProps } from "../instance";

export function Incidents({ all, changed }: PartProps): JSX.Element | null {
  const open = all.incidents.filter((incident) => incident.state === "ACTIVE");
  const past = all.incidents.filter((incident) => incident.state !== "ACTIVE");
  if (all.incidents.length === 0) return null;
  return (
    <section class="incidents" aria-label="Incidents">
      {open.map((incident) => (
        <Open key={incident.incidentKey} incident={incident} all={all} changed={changed} />
      ))}
      {past.length > 0 && (
        <details class="past">
          <summary>
            {past.length === 1 ? "One incident before" : `${past.length} incidents before`}
          </summary>
          <ul>
            {past.map((incident) => (
              <li key={incident.incidentKey}>
                <Time at={incident.creationTime} /> {incident.elementId}:{" "}
                {incident.errorMessage}{" "}
                <span class="chip completed">{words(incident.state)}</span>
              </li>
            ))}
          </ul>
        </details>
      )}
    </section>
  );
}

function Open({ incident, all, changed }: PartProps & { incident: Incident }): JSX.Element {
  const now = useNow(5_000);
  const [busy, setBusy] = useState(false);
  const [comment, setComment] = useState("");
  const name = nameOf(all, incident.elementId);
  const tried = all.explanation.failures.find(
    (failure) => failure.incidentKey === incident.incidentKey,
  )?.tried;
  const retry = async () => {
    setBusy(true);
    const run = () => calls.retry(incident, comment);
    if (await attempt(`'${name}' is tried again.`, run)) changed();
    setBusy(false);
  };
  return (
    <article class="broken" data-incident={incident.incidentKey}>
      <div>
        <h2>
          {errorName(incident.errorType)} at{" "}
          <a href={withQuery({ element: incident.elementId })}>{name}</a>
        </h2>
        <pre class="message">{incident.errorMessage}</pre>
        <p class="quiet">
          For {age(incident.creationTime, now)}, since <Time at={incident.creationTime} />
          {tried ? `; its job failed ${tried === 1 ? "once" : `${tried} times`}` : ""}
        </p>
      </div>
      <Comment value={comment} set={setComment} />
      <button class="primary" disabled={busy} onClick={retry}>
        Retry
      </button>
    </article>
  );
}

export function nameOf(all: PartProps["all"], elementId: string): string {
  const found = all.elements.find((element) => element.elementId === elementId);
  return found?.elementName || elementId;
}
