import { isUtf8 } from 'node:buffer'
import { JsonScan } from './json-scan.ts'

export interface LineFormat {
  /** json: each line must be a JSON value. text: a line is taken as it is. */
  readonly format: 'json' | 'text'
  /** With text: what stands between key and value of each line; null: a line is the value. */
  readonly keySeparator?: string | null
  /** Field of the line's object that gives the key; null for records without one. */
  readonly keyField: string | null
  /** Field that gives the value; null for the whole line. */
  readonly valueField: string | null
}

export interface LineRecord {
  readonly key: string | Uint8Array | null
  readonly value: string | Uint8Array | null
}

/** The record that a line stands for. Throws SyntaxError that says what is wrong with the line. */
export function recordOfLine(bytes: Uint8Array, format: LineFormat): LineRecord {
  if (format.format === 'text') return recordOfText(bytes, format.keySeparator ?? null)
  const plain = format.valueField === null ? plainRecord(bytes, format.keyField) : null
  if (plain !== null) return plain
  const parsed = parse(bytes)
  if (format.keyField === null && format.valueField === null) return { key: null, value: bytes }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed))
    throw new SyntaxError('is no JSON object, so it has no fields')
  const fields = parsed as Record<string, unknown>
  return {
    key: format.keyField === null ? null : keyText(field(fields, format.keyField), format.keyField),
    value: format.valueField === null ? bytes : valueText(field(fields, format.valueField)),
  }
}

/** The first separator counts: a value may contain it. */
function recordOfText(bytes: Uint8Array, separator: string | null): LineRecord {
  if (separator === null) return { key: null, value: bytes }
  const at = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).indexOf(separator)
  if (at < 0) throw new SyntaxError(`has no ${JSON.stringify(separator)} between a key and a value`)
  return { key: bytes.subarray(0, at), value: bytes.subarray(at + Buffer.byteLength(separator)) }
}

/** Of a line that needs no JSON.parse: the key is a part of the line. */
function plainRecord(bytes: Uint8Array, keyField: string | null): LineRecord | null {
  const scan = new JsonScan(bytes, keyField)
  if (!scan.isSound()) return null
  const key = keyField === null ? null : scan.key
  return key === undefined ? null : { key, value: bytes }
}

function parse(bytes: Uint8Array): unknown {
  if (!isUtf8(bytes)) throw new SyntaxError('is not UTF-8, as JSON must be')
  try {
    return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'))
  } catch (error) {
    throw new SyntaxError(`is not JSON: ${(error as Error).message}`)
  }
}

function field(fields: Record<string, unknown>, name: string): unknown {
  if (!Object.hasOwn(fields, name)) throw new SyntaxError(`has no field ${JSON.stringify(name)}`)
  return fields[name]
}

function keyText(value: unknown, name: string): string | null {
  if (value === null || typeof value === 'string') return value
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  throw new SyntaxError(
    `has ${JSON.stringify(value)} in ${JSON.stringify(name)}, but a key must be a string, a number, a boolean or null`,
  )
}

/** Texts stay as they are, null is a record without a value, and anything else is written as JSON. */
function valueText(value: unknown): string | null {
  return value === null || typeof value === 'string' ? value : JSON.stringify(value)
}
