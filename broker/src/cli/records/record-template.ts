import { Buffer } from 'node:buffer'
import { UsageError } from '../command-failure.ts'
import { type Content, headersJson, type TailedRecord } from './record-text.ts'

const fields = ['topic', 'partition', 'offset', 'timestamp', 'time', 'key', 'value', 'headers'] as const
type Field = (typeof fields)[number]
const headerPrefix = 'header.'
const lengthSuffix = '.length'
const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', '0': '\0', '\\': '\\' }

/** Of a record: the bytes that a part of the template stands for; nothing where there are none. */
type Part = string | ((record: TailedRecord, topic: string) => Content)

/**
 * Makes records into text by a template such as `{partition}:{offset} {key} {value}`. Contents come byte for byte, a
 * missing one as nothing. A line end follows, unless the template ends with an escape (`\\n`, `\\0` …).
 * @throws UsageError: a field that there is not
 */
export function recordTemplate(template: string): (record: TailedRecord, topic: string) => Uint8Array {
  const parts = partsOf(template)
  if (!/\\[ntr0]$/.test(template)) parts.push('\n')
  return (record, topic) =>
    Buffer.concat(parts.map((part) => bytesOf(typeof part === 'string' ? part : part(record, topic))))
}

function partsOf(template: string): Part[] {
  const pieces = template.match(/\{\{|\}\}|\{[^{}]*\}|\\.|[^{}\\]+|[{}\\]/gsu) ?? []
  return pieces.map((piece) => {
    if (piece === '{{' || piece === '}}') return piece[0]!
    if (piece === '{' || piece === '}') throw wrong(`a ${piece} of its own is written ${piece}${piece}`)
    if (piece.startsWith('{')) return fieldOf(piece.slice(1, -1))
    if (piece.startsWith('\\')) return escapes[piece[1]!] ?? piece
    return piece
  })
}

function fieldOf(name: string): Part {
  if (name.startsWith(headerPrefix)) {
    const header = name.slice(headerPrefix.length)
    return ({ headers }) => (Object.hasOwn(headers, header) ? firstOf(headers[header]!) : null)
  }
  if (name.endsWith(lengthSuffix)) {
    const of = name.slice(0, -lengthSuffix.length)
    if (of === 'key' || of === 'value') return (record) => String(bytesOf(record[of]).length)
  }
  if (!fields.includes(name as Field)) {
    const known = [...fields, 'key.length', 'value.length', 'header.NAME'].join(', ')
    throw wrong(`there is no field {${name}}; known are ${known}`)
  }
  return contents[name as Field]
}

const contents: Readonly<Record<Field, (record: TailedRecord, topic: string) => Content>> = {
  topic: (_record, topic) => topic,
  partition: ({ partition }) => String(partition),
  offset: ({ offset }) => String(offset),
  timestamp: ({ timestamp }) => String(timestamp),
  time: ({ timestamp }) => new Date(timestamp).toISOString(),
  key: ({ key }) => key,
  value: ({ value }) => value,
  headers: ({ headers }) => JSON.stringify(headersJson(headers)),
}

function firstOf(value: Content | readonly Content[]): Content {
  return Array.isArray(value) ? (value[0] ?? null) : (value as Content)
}

function bytesOf(content: Content): Uint8Array {
  if (content === null) return new Uint8Array(0)
  return typeof content === 'string' ? Buffer.from(content) : content
}

function wrong(detail: string): UsageError {
  return new UsageError(`--template: ${detail}`)
}
