import type { ComponentChildren } from 'preact'
import { useEffect, useState } from 'preact/hooks'

/** Copies the text, and says so; shows it where the browser lets no page copy, as on plain HTTP of another machine. */
export function CopyButton({ text, children }: { readonly text: string; readonly children: ComponentChildren }) {
  const [outcome, setOutcome] = useState<'copied' | 'refused' | null>(null)
  useEffect(() => setOutcome(null), [text])
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text)
      setOutcome('copied')
    } catch {
      setOutcome('refused')
    }
  }
  return (
    <>
      <button type="button" class="quiet" onClick={copy}>
        {children}
      </button>
      <span role="status">{outcome === 'copied' && 'Copied.'}</span>
      {outcome === 'refused' && (
        <label class="copied">
          The browser does not let this page copy: copy it from here
          <input readOnly value={text} ref={(input) => input?.select()} />
        </label>
      )}
    </>
  )
}
