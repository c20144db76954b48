import type { JsonBytes } from '../../doors/json/value.ts'
import { bytesToJson } from '../../doors/json/value.ts'
import { type Paint, plain } from '../colours.ts'

export const tailFormats = ['text', 'json', 'value'] as const
export type TailFormat = (typeof tailFormats)[number]

export type Content = string | Uint8Array | null

/** A record as it is tailed; the records of @tailrace/consumer fit. */
export interface TailedRecord {
  readonly partition: number
  readonly offset: number
  readonly timestamp: number
  readonly key: Content
  readonly value: Content
  readonly headers: Readonly<Record<string, Content | readonly Content[]>>
}

/**
 * json: one object a line, bytes that are not UTF-8 as {"base64": …}, the shape of the HTTP API and the partition.
 * value: the value alone, byte for byte. text: partition:offset, time, key and value for people. `topic`: shown before
 * all else; null: it is known.
 */
export function recordText(
  record: TailedRecord,
  format: TailFormat,
  topic: string | null = null,
  paint: Paint = plain,
): string | Uint8Array {
  if (format === 'json') return jsonLine(record, topic)
  if (format === 'value') return typeof record.value === 'string' ? `${record.value}\n` : withNewline(record.value)
  const place = `${topic === null ? '' : `${topic}/`}${record.partition}:${record.offset}`
  const time = paint('dim', new Date(record.timestamp).toISOString())
  const key = paint('yellow', readable(record.key))
  return `${paint('cyan', place)}  ${time}  ${key}  ${readable(record.value)}\n`
}

function jsonLine(record: TailedRecord, topic: string | null): string {
  const { partition, offset, timestamp } = record
  const [key, value, headers] = [contentJson(record.key), contentJson(record.value), headersJson(record.headers)]
  const fields = { partition, offset, timestamp, key, value, headers }
  return `${JSON.stringify(topic === null ? fields : { topic, ...fields })}\n`
}

/** Headers as JSON shows them. */
export function headersJson(headers: TailedRecord['headers']): Record<string, JsonBytes | JsonBytes[]> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, headerJson(value)]))
}

function headerJson(value: Content | readonly Content[]): JsonBytes | JsonBytes[] {
  return Array.isArray(value) ? value.map(contentJson) : contentJson(value as Content)
}

function contentJson(content: Content): JsonBytes {
  return typeof content === 'string' ? content : bytesToJson(content)
}

function withNewline(value: Uint8Array | null): Uint8Array {
  const line = new Uint8Array((value?.length ?? 0) + 1)
  if (value !== null) line.set(value)
  line[line.length - 1] = 0x0a
  return line
}

/** One line, without control characters that could control the reader's terminal. */
export function readable(content: Content): string {
  const json = contentJson(content)
  if (json === null) return '-'
  if (typeof json !== 'string') return `base64:${json.base64}`
  return json.replace(controlCharacters, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

const controlCharacters = /\p{Cc}/gu
