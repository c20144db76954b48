import { useEffect, useRef, useState } from 'preact/hooks'
import type { LogRecord, RecordBytes } from '../api/answers.ts'
import { count, time } from '../format.ts'
import { AvroView } from './avro-view.tsx'
import { indentedJson } from './json-text.ts'
import type { Shown } from './record-reading.ts'

type View = 'text' | 'json' | 'avro' | 'hex'

/** In one line. */
export function textOf(content: RecordBytes): string {
  if (content === null) return 'null'
  return typeof content === 'string' ? content : `base64 ${content.base64}`
}

/** One record, whole. */
export function RecordDetail({
  topic,
  record,
  onClose,
}: {
  readonly topic: string
  readonly record: Shown
  readonly onClose: () => void
}) {
  const dialog = useRef<HTMLDialogElement>(null)
  const [view, setView] = useState<View>(firstView(record))
  useEffect(() => dialog.current?.showModal(), [])
  return (
    <dialog ref={dialog} onClose={onClose} class="wide" aria-labelledby="record-title">
      <h2 id="record-title">
        {topic}/{record.partition} at offset {count(record.offset)}
      </h2>
      <dl class="fields">
        <dt>Time (UTC)</dt>
        <dd>{time(record.timestamp)}</dd>
        <dt>Key</dt>
        <dd>
          <code>{textOf(record.key)}</code>
        </dd>
        {Object.entries(record.headers).map(([name, value]) => (
          <>
            <dt key={name}>{name}</dt>
            <dd>
              <code>{Array.isArray(value) ? value.map(textOf).join(', ') : textOf(value as RecordBytes)}</code>
            </dd>
          </>
        ))}
      </dl>
      <fieldset class="bar">
        <legend>View</legend>
        {(['text', 'json', 'avro', 'hex'] as const).map((one) => (
          <button
            key={one}
            type="button"
            class={one === view ? '' : 'quiet'}
            aria-pressed={one === view}
            onClick={() => setView(one)}
          >
            {one}
          </button>
        ))}
      </fieldset>
      {view === 'avro' && record.value !== null ? (
        <AvroView topic={topic} bytes={bytesOf(record.value)} />
      ) : (
        <pre>{viewOf(record.value, view)}</pre>
      )}
      <form method="dialog" class="buttons">
        <button type="submit">Close</button>
      </form>
    </dialog>
  )
}

function firstView({ value }: LogRecord): View {
  if (value !== null && typeof value !== 'string') return 'hex'
  return jsonOf(value) === null ? 'text' : 'json'
}

function viewOf(value: RecordBytes, view: View): string {
  if (value === null) return 'null'
  if (view === 'hex') return hex(bytesOf(value))
  const text = textOf(value)
  return view === 'json' ? (jsonOf(value) ?? `This is no JSON:\n${text}`) : text
}

function bytesOf(value: string | { readonly base64: string }): Uint8Array {
  if (typeof value === 'string') return new TextEncoder().encode(value)
  return Uint8Array.from(atob(value.base64), (character) => character.charCodeAt(0))
}

function jsonOf(value: RecordBytes): string | null {
  return typeof value === 'string' ? indentedJson(value) : null
}

const LINE_BYTES = 16

export function hex(bytes: Uint8Array): string {
  const lines = []
  for (let at = 0; at < bytes.length; at += LINE_BYTES) {
    const line = [...bytes.subarray(at, at + LINE_BYTES)]
    const digits = line.map((byte) => byte.toString(16).padStart(2, '0')).join(' ')
    const text = line.map((byte) => (byte >= 32 && byte < 127 ? String.fromCharCode(byte) : '.')).join('')
    lines.push(`${at.toString(16).padStart(6, '0')}  ${digits.padEnd(3 * LINE_BYTES - 1)}  ${text}`)
  }
  return lines.join('\n')
}
