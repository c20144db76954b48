import type { ComponentChildren } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { Refusal } from './notice.tsx'

interface ConfirmProps {
  readonly title: string
  readonly action: string
  /** For what cannot be undone: the text that has to be typed. */
  readonly typed?: string
  readonly onDone: () => Promise<void>
  readonly onClose: () => void
  readonly children: ComponentChildren
}

/** A question before an act, which stays open with the error where the act is refused. */
export function Confirm({ title, action, typed, onDone, onClose, children }: ConfirmProps) {
  const dialog = useRef<HTMLDialogElement>(null)
  const [text, setText] = useState('')
  const [error, setError] = useState<unknown>(null)
  const [isBusy, setBusy] = useState(false)
  useEffect(() => dialog.current?.showModal(), [])
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault()
    setBusy(true)
    try {
      await onDone()
      onClose()
    } catch (failure) {
      setError(failure)
      setBusy(false)
    }
  }
  return (
    <dialog ref={dialog} onClose={onClose} aria-labelledby="confirm-title">
      <form onSubmit={submit}>
        <h2 id="confirm-title">{title}</h2>
        {children}
        {typed !== undefined && (
          <label>
            Type <b>{typed}</b> to go on
            <input value={text} onInput={({ currentTarget }) => setText(currentTarget.value)} autocomplete="off" />
          </label>
        )}
        <Refusal error={error} />
        <div class="buttons">
          <button type="button" class="quiet" onClick={onClose}>
            Cancel
          </button>
          <button
            type="submit"
            class={typed === undefined ? '' : 'danger'}
            disabled={isBusy || (typed !== undefined && text !== typed)}
          >
            {action}
          </button>
        </div>
      </form>
    </dialog>
  )
}
