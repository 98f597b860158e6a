/** What may be done to an instance as a whole. */

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import * as calls from "../../api/calls";
import type { Instance } from "../../api/types";
import { Dialog } from "../../parts/dialog";
import { attempt, say } from "../../parts/notices";

interface Props {
  instance: Instance;
  changed: () => void;
  /** Begins a modification; not there while one is planned. */
  modify?: (() => void) | undefined;
}

export function Actions({ instance, changed, modify }: Props): JSX.Element {
  const [asked, ask] = useState<"cancel" | "publish" | null>(null);
  const close = () => ask(null);
  const cancel = async (comment: string) => {
    const key = instance.processInstanceKey;
    if (await attempt("The instance is canceled.", () => calls.cancel(key, comment))) changed();
    close();
  };
  return (
    <div class="actions">
      <button onClick={() => ask("publish")}>Publish a message</button>
      {modify && <button onClick={modify}>Modify</button>}
      <button class="danger" onClick={() => ask("cancel")}>
        Cancel
      </button>
      {asked === "publish" && <Publish close={close} done={changed} />}
      {asked === "cancel" && (
        <Dialog
          title="Cancel this instance?"
          action="Cancel it"
          danger
          commented
          close={close}
          submit={cancel}
        >
          <p>All that it waits for is given up. This cannot be undone.</p>
        </Dialog>
      )}
    </div>
  );
}

interface PublishProps {
  name?: string;
  correlationKey?: string;
  close: () => void;
  done: () => void;
}

/** Filled in with what is waited for, where that is known. */
export function Publish({ close, done, ...known }: PublishProps): JSX.Element {
  const [name, setName] = useState(known.name ?? "");
  const [key, setKey] = useState(known.correlationKey ?? "");
  const [minutes, setMinutes] = useState("0");
  const [text, setText] = useState("{}");
  const submit = async (comment: string) => {
    let variables: unknown;
    try {
      variables = JSON.parse(text);
    } catch (error) {
      say("bad", `Expected variables as a JSON object, but ${(error as Error).message}`);
      return;
    }
    const timeToLive = Math.round(Number(minutes) * 60_000);
    const message = { name, correlationKey: key, timeToLive, variables };
    if (await attempt(`'${name}' is published.`, () => calls.publish(message, comment))) {
      done();
      close();
    }
  };
  return (
    <Dialog title="Publish a message" action="Publish" commented close={close} submit={submit}>
      <label>
        Name
        <input required value={name} onInput={(event) => setName(event.currentTarget.value)} />
      </label>
      <label>
        Correlation key
        <input value={key} onInput={(event) => setKey(event.currentTarget.value)} />
      </label>
      <label>
        Keep for minutes, when nobody waits for it
        <input
          type="number"
          min="0"
          step="any"
          value={minutes}
          onInput={(event) => setMinutes(event.currentTarget.value)}
        />
      </label>
      <label>
        Variables, as a JSON object
        <textarea
          rows={4}
          spellcheck={false}
          value={text}
          onInput={(event) => setText(event.currentTarget.value)}
        />
      </label>
    </Dialog>
  );
}
