import { DEAD_LETTER_PREFIX } from '@tailrace/consumer'
import type { PartitionNumber } from '@tailrace/schemas'
import { bytesToJson } from '../../doors/json/value.ts'
import { readable, type TailedRecord } from '../records/record-text.ts'

/** What the headers of a dead letter say. Texts are empty where a record has no such header: others wrote it. */
export interface Letter {
  readonly reason: string
  readonly error: string
  readonly topic: string
  /** Null: not told. */
  readonly partition: PartitionNumber | null
  readonly offset: string
  readonly attempts: string
  readonly group: string
  readonly at: string
}

export function letterOf({ headers }: TailedRecord): Letter {
  const text = (name: string): string => {
    const value = headers[`${DEAD_LETTER_PREFIX}${name}`]
    const one = Array.isArray(value) ? value.at(-1) : value
    return one == null ? '' : typeof one === 'string' ? one : new TextDecoder().decode(one as Uint8Array)
  }
  const number = text('partition')
  return {
    reason: text('reason'),
    error: text('error'),
    topic: text('topic'),
    partition: /^\d{1,9}$/.test(number) ? Number(number) : null,
    offset: text('offset'),
    attempts: text('attempts'),
    group: text('group'),
    at: text('at'),
  }
}

/** The headers that the record had before it was a dead letter. */
export function formerHeaders({ headers }: TailedRecord): TailedRecord['headers'] {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !name.startsWith(DEAD_LETTER_PREFIX)))
}

/** Lines for people: where it is, where it comes from, why, and what it is. */
export function letterText(record: TailedRecord): string {
  const { reason, error, topic, partition, offset, attempts, group, at } = letterOf(record)
  const shown = [topic, error, reason, group, at].map((text) => readable(text))
  const [from, kind, why, by, when] = shown as [string, string, string, string, string]
  return [
    `${record.partition}:${record.offset}  ${when}  from ${from} ${partition ?? '?'}:${readable(offset)}, ${readable(attempts)} attempts of group ${by}`,
    `  ${kind}: ${why}`,
    `  ${readable(record.key)}  ${readable(record.value)}\n`,
  ].join('\n')
}

export function letterJson(record: TailedRecord): string {
  const { partition, offset, timestamp, key, value } = record
  const json = (content: TailedRecord['key']) => (typeof content === 'string' ? content : bytesToJson(content))
  const shown = { partition, offset, timestamp, key: json(key), value: json(value), letter: letterOf(record) }
  return `${JSON.stringify(shown)}\n`
}
