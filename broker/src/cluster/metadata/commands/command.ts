import type { BrokerId, Timestamp } from '@tailrace/schemas'
import { BatchWriter, Compression, decodeBatch, formatTable, NO_PRODUCER } from '@tailrace/schemas'
import type { LevelRange, TopicConfig } from '../../../api/broker-api.ts'
import { isPrincipal } from '../../../security/identity/principal.ts'
import { isRange } from '../feature-levels.ts'
import { isNonEmptyArray, isPositive } from './command-checks.ts'
import type { SetFeatureLevel } from './level-commands.ts'
import { isLevelCommand } from './level-commands.ts'
import type { MemberCommand } from './member-commands.ts'
import { isMemberCommand } from './member-commands.ts'
import type { SecurityCommand } from './security-commands.ts'
import { isSecurityCommand } from './security-commands.ts'
import type { TopicCommand } from './topic-commands.ts'
import { isTopicCommand } from './topic-commands.ts'
import type { UpkeepCommand } from './upkeep-commands.ts'
import { isUpkeepCommand } from './upkeep-commands.ts'

/**
 * The metadata log consists of decisions, already made, so that applying them needs only the log. Each is one batch of
 * one record: key = command id (a UUID), value = JSON of the command with `version`. A broker stops applying at a
 * command that it cannot read.
 */
export type Command =
  | RegisterBroker
  | CreateTopic
  | DeleteTopic
  | AllocateProducerIds
  | AllocateOwnedIds
  | MemberCommand
  | SetFeatureLevel
  | TopicCommand
  | SecurityCommand
  | UpkeepCommand
const VERSION = formatTable.command.version
/** That one command allocates. */
const MOST_IDS = 1_000_000

/** A broker started: where to find it now. */
export interface RegisterBroker {
  readonly type: 'register-broker'
  readonly broker: BrokerRegistration
}
export interface BrokerRegistration {
  readonly id: BrokerId
  readonly http: string
  readonly peer: string
  readonly pid: number
  /** New at each start of the process. */
  readonly incarnation: string
  readonly directoryId: string
  /** Missing: of the time before feature levels. */
  readonly levels?: LevelRange
  /** Missing: none, or of the time before racks. */
  readonly rack?: string
}

/** Groups are numbered when the command is applied. The first replica of a partition is its preferred leader. */
export interface CreateTopic {
  readonly type: 'create-topic'
  readonly name: string
  readonly topicId: string
  readonly config: TopicConfig
  readonly partitions: readonly { readonly replicas: readonly BrokerId[] }[]
}
export interface DeleteTopic {
  readonly type: 'delete-topic'
  readonly name: string
}
/** Asks for `count` producer ids that no other broker gets. */
export interface AllocateProducerIds {
  readonly type: 'allocate-producer-ids'
  readonly broker: BrokerId
  readonly count: number
}

/** As before, for one principal, to which the ids belong; of the second feature level. */
export interface AllocateOwnedIds {
  readonly type: 'allocate-owned-ids'
  readonly broker: BrokerId
  readonly count: number
  readonly principal: string
}

export interface IdentifiedCommand {
  /** Chosen by the broker that wants the command; a retry carries the same, and is applied once. */
  readonly id: string
  readonly command: Command
}

/** One batch, ready to be proposed to group 0. */
export function encodeCommand({ id, command }: IdentifiedCommand, timestamp: Timestamp): Uint8Array {
  const writer = new BatchWriter()
  writer.append({ timestamp, key: id, value: JSON.stringify({ version: VERSION, ...command }) })
  return writer.finish({ producerId: NO_PRODUCER, producerEpoch: -1, baseSequence: -1, compression: Compression.none })
}

/** Null for anything that is no command, the same on every broker. Never throws. */
export function decodeCommand(batch: Uint8Array): IdentifiedCommand | null {
  try {
    const record = decodeBatch(batch, 0, {})[0]
    if (record?.key == null || record.value == null) return null
    const decoder = new TextDecoder('utf-8', { fatal: true })
    const command = JSON.parse(decoder.decode(record.value)) as { version?: unknown }
    if (command?.version !== VERSION || !isCommand(command)) return null
    return { id: decoder.decode(record.key), command }
  } catch {
    return null
  }
}

/** The unreadable part of a command, for people: its type, or its version where that is another one. */
export function nameOfUnreadable(batch: Uint8Array): string {
  try {
    const value = JSON.parse(new TextDecoder().decode(decodeBatch(batch, 0, {})[0]!.value!)) as Record<string, unknown>
    const version = value.version === VERSION ? '' : ` of version ${shown(value.version)}`
    return `${shown(value.type)}${version}`
  } catch {
    return 'that is no JSON'
  }
}

function shown(value: unknown): string {
  return String(JSON.stringify(value)).slice(0, 60)
}

/** Whether an object has the fields of a command that this version knows. */
export function isCommand(value: object): value is Command {
  const command = value as Partial<Command>
  switch (command.type) {
    case 'register-broker':
      return isRegistration(command.broker)
    case 'create-topic':
      return (
        typeof command.name === 'string' &&
        typeof command.topicId === 'string' &&
        typeof command.config === 'object' &&
        command.config !== null &&
        isNonEmptyArray(command.partitions) &&
        command.partitions.every(({ replicas }) => isNonEmptyArray(replicas) && replicas.every(isPositive))
      )
    case 'delete-topic':
      return typeof command.name === 'string'
    case 'allocate-producer-ids':
      return isPositive(command.broker) && isPositive(command.count) && command.count <= MOST_IDS
    case 'allocate-owned-ids': {
      const { broker, count, principal } = command
      return isPositive(broker) && isPositive(count) && count <= MOST_IDS && isPrincipal(String(principal))
    }
    default:
      return (
        isMemberCommand(command) ||
        isLevelCommand(command) ||
        isTopicCommand(command) ||
        isSecurityCommand(command) ||
        isUpkeepCommand(command)
      )
  }
}

function isRegistration(value: unknown): value is BrokerRegistration {
  const broker = (value ?? {}) as Partial<BrokerRegistration>
  const texts = [broker.http, broker.peer, broker.incarnation, broker.directoryId]
  if (broker.levels !== undefined && !isRange(broker.levels)) return false
  if (broker.rack !== undefined && typeof broker.rack !== 'string') return false
  return isPositive(broker.id) && typeof broker.pid === 'number' && texts.every((text) => typeof text === 'string')
}
