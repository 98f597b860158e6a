/** A question that has to be answered before anything else. */

import type { ComponentChildren, JSX } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";

interface Props {
  title: string;
  action: string;
  danger?: boolean;
  close: () => void;
  submit: () => unknown;
  children: ComponentChildren;
}

/** The browser's own dialog keeps the focus inside and closes with Escape. */
export function Dialog(props: Props): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  const [busy, setBusy] = useState(false);
  useLayoutEffect(() => dialog.current?.showModal(), []);
  const submit = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    await props.submit();
    setBusy(false);
  };
  return (
    <dialog ref={dialog} onClose={props.close} aria-labelledby="dialog-title">
      <form onSubmit={submit}>
        <h2 id="dialog-title">{props.title}</h2>
        {props.children}
        <footer>
          <button type="button" class="plain" onClick={() => dialog.current?.close()}>
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
