/** A question that has to be answered before anything else. */

import type { ComponentChildren, JSX } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";

interface Props {
  title: string;
  action: string;
  danger?: boolean;
  /** Asks also why, for the log. */
  commented?: boolean;
  close: () => void;
  submit: (comment: string) => unknown;
  children: ComponentChildren;
}

/** The browser's own dialog keeps the focus inside and closes with Escape. */
export function Dialog(props: Props): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  const [busy, setBusy] = useState(false);
  const [comment, setComment] = useState("");
  useLayoutEffect(() => dialog.current?.showModal(), []);
  const submit = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    await props.submit(comment);
    setBusy(false);
  };
  return (
    <dialog ref={dialog} onClose={props.close} aria-labelledby="dialog-title">
      <form onSubmit={submit}>
        <h2 id="dialog-title">{props.title}</h2>
        {props.children}
        {props.commented && (
          <label>
            Comment, for the log
            <Comment value={comment} set={setComment} />
          </label>
        )}
        <footer>
          {/* Where something is lost, Enter pressed twice loses nothing. */}
          <button
            type="button"
            class="plain"
            autofocus={props.danger === true}
            onClick={() => dialog.current?.close()}
          >
            Back
          </button>
          <button type="submit" class={props.danger ? "danger" : "primary"} disabled={busy}>
            {props.action}
          </button>
        </footer>
      </form>
    </dialog>
  );
}

interface CommentProps {
  value: string;
  set: (text: string) => void;
}

/** Why somebody does what they do; it is kept with their name. */
export function Comment({ value, set }: CommentProps): JSX.Element {
  return (
    <input
      class="comment"
      maxLength={1000}
      placeholder="Comment"
      aria-label="Comment, for the log"
      value={value}
      onInput={(event) => set(event.currentTarget.value)}
    />
  );
}
