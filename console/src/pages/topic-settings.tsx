import { useState } from 'preact/hooks'
import type { Config, TopicState } from '../api/answers.ts'
import { request, topicPath } from '../api/http.ts'
import { Confirm } from '../parts/confirm.tsx'
import { EffectiveSettings } from './effective-settings.tsx'

type Setting = keyof Config
type Draft = Readonly<Partial<Record<Setting, string>>>

/** With the meaning of a setting that is not set. */
const settings: readonly (readonly [Setting, string, string])[] = [
  ['retentionMs', 'Age in milliseconds from which on segments are deleted', 'all records are kept'],
  ['retentionBytes', 'Bytes that a partition keeps at least', 'all records are kept'],
  ['maxBatchBytes', 'The longest batch', 'the brokers’ limit'],
  ['timestampBeforeMaxMs', 'How far behind the clock a timestamp may be', 'any distance'],
  ['timestampAfterMaxMs', 'How far ahead of the clock a timestamp may be', 'an hour'],
  ['segmentMs', 'Time in milliseconds after which a growing segment is closed', 'a quarter of retentionMs'],
  ['segmentBytes', 'Size at which a partition starts the next segment file', 'the brokers’ setting'],
  ['minInsyncReplicas', 'Kept and shown, without effect: a majority decides', 'none'],
  ['readOnly', 'Publishing is refused (true)', 'false'],
]

export function TopicSettings({ topic }: { readonly topic: TopicState }) {
  const [draft, setDraft] = useState<Draft>({})
  /** What the dialog was opened for, whatever comes meanwhile. */
  const [asked, setAsked] = useState<{ readonly id: string; readonly changes: readonly Change[] } | null>(null)
  const changes = changesOf(topic.config, draft)
  const save = async (): Promise<void> => {
    const path = `${topicPath(topic.name, '/config')}?topicId=${encodeURIComponent(asked!.id)}`
    await request('PATCH', path, Object.fromEntries(asked!.changes.map(({ name, after }) => [name, after])))
    setDraft({})
  }
  return (
    <>
      <h2>Settings</h2>
      <form
        class="settings"
        onSubmit={(event) => {
          event.preventDefault()
          setAsked({ id: topic.id, changes })
        }}
      >
        {settings.map(([name, about, otherwise]) => (
          <label key={name}>
            <b>{name}</b> <small>{about}</small>
            <input
              value={draft[name] ?? text(topic.config[name])}
              placeholder={otherwise}
              onInput={({ currentTarget }) => setDraft({ ...draft, [name]: currentTarget.value })}
            />
          </label>
        ))}
        <div class="buttons">
          <button type="submit" disabled={changes.length === 0}>
            Change…
          </button>
        </div>
      </form>
      <EffectiveSettings name={topic.name} config={topic.config} />
      {asked !== null && (
        <Confirm
          title={`Change ${topic.name}`}
          action="Change"
          {...(asked.changes.some(deletesRecords) && { typed: topic.name })}
          onDone={save}
          onClose={() => setAsked(null)}
        >
          <ul class="diff">
            {asked.changes.map(({ name, before, after }) => (
              <li key={name}>
                <b>{name}</b>: <del>{before ?? 'not set'}</del> → <ins>{String(after ?? 'not set')}</ins>
              </li>
            ))}
          </ul>
          {asked.changes.some(deletesRecords) && (
            <p>Records beyond the new bound are deleted on all brokers. This cannot be undone.</p>
          )}
        </Confirm>
      )}
    </>
  )
}

interface Change {
  readonly name: Setting
  readonly before: string | null
  readonly after: number | boolean | string | null
}

/** Null: back to the default. What is no number goes as it is to the broker, whose error says what would be valid. */
export function changesOf(config: Config, draft: Draft): Change[] {
  return settings.flatMap(([name]) => {
    const before = text(config[name])
    const typed = draft[name]?.trim()
    if (typed === undefined || typed === before) return []
    const after = typed === '' ? null : typed === 'true' ? true : typed === 'false' ? false : number(typed)
    return [{ name, before: before === '' ? null : before, after }]
  })
}

/** A shorter retention does. */
export function deletesRecords({ name, before, after }: Change): boolean {
  if (name !== 'retentionMs' && name !== 'retentionBytes') return false
  return after !== null && (before === null || Number(after) < Number(before))
}

function number(typed: string): number | string {
  return /^\d+$/.test(typed) ? Number(typed) : typed
}

function text(value: number | boolean | undefined): string {
  return value === undefined ? '' : String(value)
}
