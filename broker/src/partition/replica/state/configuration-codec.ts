import type { BrokerId, EntryHeader } from '@tailrace/schemas'
import { configurationBatch, EntryKind, formatTable, readControl, refuseNewer, TailraceError } from '@tailrace/schemas'
import type { Configuration, ConfigurationHeader } from '../../../raft/config.ts'
import type { AppendMessage } from '../../../raft/messages.ts'

const VERSION = formatTable.configuration.version
/** More members than any group has: a longer batch is not a configuration of this version. */
const MAX_MEMBERS = 1000
const MAX_BROKER_ID = 2 ** 31 - 1

/**
 * The JSON of a configuration entry:
 * `{"version":1,"voters":[1,2,3],"outgoing":[],"learners":[],"admissions":{"4":17}}`.
 */
export function encodeConfiguration({ voters, outgoing, learners, admissions }: Configuration): string {
  return JSON.stringify({ version: VERSION, voters, outgoing, learners, admissions: admissions ?? {} })
}

/** @throws TailraceError INVALID_BATCH for anything that `encodeConfiguration` does not write; NEWER_FORMAT */
export function decodeConfiguration(json: string): Configuration {
  const parsed = parse(json)
  refuseNewer('configuration', parsed.version)
  if (parsed.version !== VERSION) throw invalid(`version ${parsed.version}`)
  const voters = brokers(parsed.voters, 'voters')
  const outgoing = brokers(parsed.outgoing, 'outgoing')
  const learners = brokers(parsed.learners, 'learners')
  if (voters.length === 0) throw invalid('no voters')
  if (learners.some((id) => voters.includes(id))) throw invalid('a learner that votes')
  return { voters, outgoing, learners, admissions: admissionsOf(parsed.admissions) }
}

/** The configuration that a batch in the log holds. @throws TailraceError INVALID_BATCH */
export function configurationIn(batch: Uint8Array): Configuration {
  const control = readControl(batch, 0)
  if (control.kind !== EntryKind.Configuration) throw invalid('another control entry')
  return decodeConfiguration(control.json)
}

/**
 * The Append with the configurations of its entries, for the core never sees a batch; the error if one of them cannot
 * be read.
 */
export function withConfigurations(
  message: AppendMessage,
  payloads: readonly Uint8Array[],
): AppendMessage | TailraceError {
  if (!message.entries.some(({ kind }) => kind === EntryKind.Configuration)) return message
  try {
    const entries = message.entries.map((header, at): EntryHeader | ConfigurationHeader => {
      if (header.kind !== EntryKind.Configuration) return header
      return { ...header, configuration: configurationIn(payloads[at]!) }
    })
    return { ...message, entries }
  } catch (error) {
    if (error instanceof TailraceError) return error
    throw error
  }
}

/** Bytes of the batch of a configuration entry: the same for every term, offset and time. */
export function configurationBytes(configuration: Configuration): number {
  const json = encodeConfiguration(configuration)
  return configurationBatch({ term: 1, baseOffset: 0, timestamp: 0, json }).length
}

function parse(json: string): Record<string, unknown> {
  try {
    const parsed: unknown = JSON.parse(json)
    if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed))
      return parsed as Record<string, unknown>
  } catch {
    // Falls through: what is no JSON is no configuration either.
  }
  throw invalid('no object')
}

function brokers(value: unknown, what: string): BrokerId[] {
  if (!Array.isArray(value) || value.length > MAX_MEMBERS || !value.every(isBroker)) throw invalid(what)
  if (new Set(value).size !== value.length) throw invalid(`${what} that name a broker twice`)
  return value
}

function admissionsOf(value: unknown): Record<number, number> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalid('admissions')
  const admissions: Record<number, number> = {}
  for (const [key, admission] of Object.entries(value)) {
    if (!isBroker(Number(key)) || !Number.isSafeInteger(admission) || admission < 0) throw invalid('admissions')
    admissions[Number(key)] = admission
  }
  return admissions
}

function isBroker(value: unknown): value is BrokerId {
  return Number.isInteger(value) && (value as number) >= 1 && (value as number) <= MAX_BROKER_ID
}

function invalid(what: string): TailraceError {
  return new TailraceError('INVALID_BATCH', `The configuration of a group has ${what}.`)
}
