import { type Buffer, isUtf8 } from 'node:buffer'
import { TailraceError } from '@tailrace/schemas'
import { checkValues } from '../../json/json-values.ts'
import { type RecordInput, recordFromJson } from '../../json/record.ts'

/** `records`: a line is a record in JSON. `values`: the bytes of a line are the value of a record. */
export const lineForms = ['records', 'values'] as const
export type LineForm = (typeof lineForms)[number]

/**
 * `at` names the line for the reader of an error. An `offset` is taken off: lines of a read are published as they are.
 * @throws TailraceError INVALID_RECORD, INVALID_REQUEST
 */
export function recordOfLine(line: Buffer, form: LineForm, at: string): RecordInput {
  if (form === 'values') return { key: null, value: line, headers: [], partition: null, timestamp: null }
  if (!isUtf8(line)) {
    throw new TailraceError('INVALID_RECORD', `${at} is not UTF-8; other bytes go into {"base64": "…"}.`)
  }
  checkValues(line)
  const record = parsed(line.toString('utf8'), at)
  if (typeof record === 'object' && record !== null) delete (record as { offset?: unknown }).offset
  return recordFromJson(record, at)
}

function parsed(text: string, at: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new TailraceError('INVALID_RECORD', `${at} is not JSON: ${(error as Error).message.slice(0, 200)}.`)
  }
}
