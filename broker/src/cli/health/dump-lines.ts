import { type DecodedRecord, decodeBatch, TailraceError } from '@tailrace/schemas'
import { bytesToJson } from '../../doors/json/value.ts'
import { type DumpedItem, isDamage } from '../../log/inspect/dumped-item.ts'
import { decompressors } from '../../platform/decompressors.ts'
import { ExitCode } from '../command-failure.ts'
import { readable } from '../records/record-text.ts'
import type { Terminal } from '../terminal.ts'

export interface DumpOptions {
  /** Entries that end before this offset are left out, and what has no offset; damage never is. */
  readonly from: number | null
  readonly group: number | null
  /** Items at most. */
  readonly limit: number
  readonly records: boolean
  readonly json: boolean
}

/** Prints the items, a line each. Resolves with Failed when some of what was printed is damaged. */
export async function printItems(
  items: AsyncIterable<DumpedItem>,
  options: DumpOptions,
  terminal: Terminal,
): Promise<ExitCode> {
  let left = options.limit
  let foundDamage = false
  for await (const item of items) {
    if (terminal.interrupted.aborted) break
    if (!isWanted(item, options)) continue
    foundDamage ||= isDamage(item)
    await terminal.write(options.json ? jsonLine(item, options.records) : textLines(item, options.records))
    if (--left === 0) break
  }
  const { aborted, reason } = terminal.interrupted
  if (aborted && reason !== 'EPIPE') return ExitCode.Interrupted
  return foundDamage ? ExitCode.Failed : ExitCode.Done
}

/** Damage is shown wherever it is. */
function isWanted(item: DumpedItem, { from, group: wanted }: DumpOptions): boolean {
  if (isDamage(item)) return true
  const { group, endOffset } = item
  if (wanted !== null && group !== wanted) return false
  return from === null || (endOffset !== undefined && endOffset > from)
}

function jsonLine(item: DumpedItem, withRecords: boolean): string {
  const { position, kind, fields } = item
  const records = withRecords && item.batch !== undefined ? recordsOf(item.batch, recordJson) : {}
  return `${JSON.stringify({ position, kind, ...fields, ...records })}\n`
}

function recordJson({ offset, timestamp, key, value, headers }: DecodedRecord) {
  const texts = headers.map(([name, content]) => [name, bytesToJson(content)])
  return { offset, timestamp, key: bytesToJson(key), value: bytesToJson(value), headers: texts }
}

function textLines(item: DumpedItem, withRecords: boolean): string {
  const { position, kind, fields } = item
  const given = Object.entries(fields).filter(([, value]) => value !== undefined)
  const texts = given.map(([name, value]) => `${name}=${readable(textOf(value))}`)
  const line = `${String(position).padStart(10)}  ${[kind.padEnd(10), ...texts].join('  ')}\n`
  if (!withRecords || item.batch === undefined) return line
  const { records = [], problem } = recordsOf(item.batch, recordText)
  return line + records.join('') + (problem === undefined ? '' : `${indent}${problem}\n`)
}

const indent = ' '.repeat(12)

function recordText({ offset, timestamp, key, value }: DecodedRecord): string {
  return `${indent}${offset}  ${timeText(timestamp)}  ${readable(key)}  ${readable(value)}\n`
}

/** A record may bear any time. */
function timeText(timestamp: number): string {
  const time = new Date(timestamp)
  return Number.isNaN(time.getTime()) ? String(timestamp) : time.toISOString()
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** The records of a batch; a problem where they cannot be read, though their checksum is right. */
function recordsOf<Shown>(
  batch: Uint8Array,
  show: (record: DecodedRecord) => Shown,
): { readonly records?: readonly Shown[]; readonly problem?: string } {
  try {
    return { records: decodeBatch(batch, 0, decompressors).map(show) }
  } catch (error) {
    if (error instanceof TailraceError) return { problem: error.message }
    throw error
  }
}
