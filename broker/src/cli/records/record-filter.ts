import { Buffer } from 'node:buffer'
import type { Content, TailedRecord } from './record-text.ts'

/** Of which records are shown: with one of the keys, and with every header. */
export interface RecordFilter {
  /** Empty: any. */
  readonly keys: readonly string[]
  readonly headers: readonly WantedHeader[]
}

/** `value` null: any. */
export interface WantedHeader {
  readonly name: string
  readonly value: string | null
}

/** `name=value`, or a name alone. */
export function wantedHeader(text: string): WantedHeader {
  const at = text.indexOf('=')
  return at < 0 ? { name: text, value: null } : { name: text.slice(0, at), value: text.slice(at + 1) }
}

export function matchesFilter(record: TailedRecord, { keys, headers }: RecordFilter): boolean {
  if (keys.length > 0 && !keys.some((key) => isText(record.key, key))) return false
  return headers.every(({ name, value }) => {
    if (!Object.hasOwn(record.headers, name)) return false
    if (value === null) return true
    const found = record.headers[name] as Content | readonly Content[]
    return Array.isArray(found) ? found.some((one) => isText(one, value)) : isText(found as Content, value)
  })
}

function isText(content: Content, text: string): boolean {
  if (content === null || typeof content === 'string') return content === text
  return Buffer.from(text).equals(content)
}
