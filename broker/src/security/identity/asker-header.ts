import { type AskerFields, TailraceError } from '@tailrace/schemas'
import type { Asker } from '../../api/broker-api.ts'
import { askerFields, askerOf } from './asker-fields.ts'

/** Names the client of a request that a cascade broker passes on over HTTP. */
export const ASKER_HEADER = 'tailrace-asker'

/** Half of what a broker takes of headers. */
const MOST_CHARACTERS = 8 * 1024

/** JSON in base64url, since names have characters that headers cannot carry. @throws TailraceError INVALID_REQUEST */
export function askerHeader(asker: Asker | undefined): Readonly<Record<string, string>> {
  if (asker === undefined) return {}
  const text = Buffer.from(JSON.stringify(askerFields(asker))).toString('base64url')
  if (text.length <= MOST_CHARACTERS) return { [ASKER_HEADER]: text }
  throw new TailraceError('INVALID_REQUEST', `${asker.principal} is in too many groups: ask a broker of level 0.`)
}

/** @throws TailraceError INVALID_REQUEST: it is not what `askerHeader` makes */
export function readAskerHeader(text: unknown): Asker {
  const fields = typeof text === 'string' && text.length <= MOST_CHARACTERS ? parsed(text) : null
  const asker = isAskerFields(fields) ? askerOf({ asker: fields }) : null
  if (asker !== null) return asker
  throw new TailraceError('INVALID_REQUEST', `The header ${ASKER_HEADER} is none.`)
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(Buffer.from(text, 'base64url').toString('utf8'))
  } catch {
    return null
  }
}

function isAskerFields(value: unknown): value is AskerFields {
  if (typeof value !== 'object' || value === null) return false
  const { principal, groups, host, kind, via } = value as Record<string, unknown>
  const areTexts = [principal, host, kind].every((text) => typeof text === 'string')
  return areTexts && isListOf(groups, (group) => typeof group === 'string') && isListOf(via, isVoucher)
}

function isVoucher(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  const { principal, host } = value as Record<string, unknown>
  return typeof principal === 'string' && typeof host === 'string'
}

function isListOf(value: unknown, isItem: (item: unknown) => boolean): boolean {
  return Array.isArray(value) && value.every(isItem)
}
