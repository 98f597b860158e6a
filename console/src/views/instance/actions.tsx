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

type Question = "cancel" | "publish" | "suspend" | "resume";

export function Actions({ instance, changed, modify }: Props): JSX.Element {
  const [asked, ask] = useState<Question | null>(null);
  const { state, parentProcessInstanceKey: parent } = instance;
  const close = () => ask(null);
  // What was called stands still with what called it.
  const whole = parent === null;
  return (
    <div class="actions">
      {state === "ACTIVE" && <button onClick={() => ask("publish")}>Publish a message</button>}
      {state === "ACTIVE" && modify && <button onClick={modify}>Modify</button>}
      {state === "ACTIVE" && whole && <button onClick={() => ask("suspend")}>Suspend</button>}
      {state === "SUSPENDED" && whole && (
        <button class="primary" onClick={() => ask("resume")}>
          Resume
        </button>
      )}
      <button class="danger" onClick={() => ask("cancel")}>
        Cancel
      </button>
      {asked === "publish" && <Publish close={close} done={changed} />}
      {asked !== null && asked !== "publish" && (
        <Sure question={asked} instance={instance} close={close} changed={changed} />
      )}
    </div>
  );
}

const QUESTIONS = {
  cancel: {
    title: "Cancel this instance?",
    action: "Cancel it",
    text: "All that it waits for is given up. This cannot be undone.",
    done: "The instance is canceled.",
    run: calls.cancel,
  },
  suspend: {
    title: "Suspend this instance?",
    action: "Suspend",
    text:
      "It stands still with everything that it called: no job of it is given out, no timer of " +
      "it fires, messages for it are kept as long as they live. Resume lets it go on.",
    done: "The instance is suspended.",
    run: calls.suspend,
  },
  resume: {
    title: "Resume this instance?",
    action: "Resume",
    text: "It goes on where it stood; timers that have become due fire at once.",
    done: "The instance goes on.",
    run: calls.resume,
  },
};

interface SureProps {
  question: keyof typeof QUESTIONS;
  instance: Instance;
  close: () => void;
  changed: () => void;
}

/** Asks once more before anything happens. */
function Sure({ question, instance, close, changed }: SureProps): JSX.Element {
  const { title, action, text, done, run } = QUESTIONS[question];
  const submit = async (comment: string) => {
    if (await attempt(done, () => run(instance.processInstanceKey, comment))) changed();
    close();
  };
  return (
    <Dialog
      title={title}
      action={action}
      danger={question === "cancel"}
      commented
      close={close}
      submit={submit}
    >
      <p>{text}</p>
    </Dialog>
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
