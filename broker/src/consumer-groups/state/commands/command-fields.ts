import { hasFields, isWhole } from '../../../log/store/stored-json.ts'
import { consumerGroupLimits as limits } from '../consumer-group-limits.ts'
import type { ConsumerGroupCommand } from './consumer-group-command.ts'

type Check = (field: unknown) => boolean

/** Text of so many characters at most, which has a UTF-8 form. */
const text =
  (most: number, least = 0): Check =>
  (field) =>
    typeof field === 'string' && field.length >= least && field.length <= most && field.isWellFormed()
const listOf =
  (check: Check, most: number): Check =>
  (field) =>
    Array.isArray(field) && field.length <= most && field.every(check)
const whole =
  (least: number, most: number): Check =>
  (field) =>
    isWhole(field) && field >= least && field <= most
const fields =
  (checks: Readonly<Record<string, Check>>): Check =>
  (field) =>
    hasFields(field, checks)

const isKeyPart = new RegExp(`^[A-Za-z0-9._-]{1,${limits.memberIdLength}}$`)
/** Ids of members and topics, which are parts of keys. */
export const isPlainId: Check = (field) => typeof field === 'string' && isKeyPart.test(field)
const isName = text(limits.nameLength)
export const isGroupId = text(limits.nameLength, 1)
const isOffset: Check = (field) => field === -1 || isWhole(field)
const isMetadata: Check = (field) =>
  text(limits.metadataBytes)(field) && new TextEncoder().encode(field as string).length <= limits.metadataBytes
const isPartition = whole(0, limits.partitions)
const isTimeIfAny: Check = (field) => field === undefined || isWhole(field)

export const isMember = fields({
  id: isPlainId,
  instance: isName,
  clientId: isName,
  host: isName,
  principal: text(limits.principalLength),
  rack: isName,
  sessionMs: whole(limits.minSessionMs, limits.maxSessionMs),
  subscribed: fields({
    topics: listOf(text(limits.nameLength, 1), limits.topics),
    patterns: listOf(text(limits.patternLength, 1), limits.patterns),
  }),
})

const place = { topicId: isPlainId, partition: isPartition }
const position = { ...place, topic: isName, term: isWhole, metadata: isMetadata }
const decision = { group: isGroupId, at: isWhole }
const underLease = { ...decision, member: isPlainId }

const checks: Readonly<Record<ConsumerGroupCommand['type'], Check>> = {
  join: fields({ ...decision, member: isMember }),
  leave: fields(underLease),
  release: fields({
    ...underLease,
    epoch: isWhole,
    leases: listOf(fields({ ...place, token: isWhole }), limits.positions),
  }),
  assign: fields({
    ...decision,
    changedIn: isWhole,
    members: listOf(isPlainId, limits.members),
    topics: listOf(
      fields({ topic: isName, topicId: isPlainId, owners: listOf(isOffset, limits.partitions) }),
      limits.partitions,
    ),
  }),
  commit: fields({
    ...underLease,
    positions: listOf(
      fields({
        ...position,
        offset: isWhole,
        token: isWhole,
        done: (field) => field === undefined || typeof field === 'boolean',
      }),
      limits.positions,
    ),
  }),
  delay: fields({ ...underLease, ...place, token: isWhole, offset: isWhole, due: isWhole, attempt: isWhole }),
  reset: fields({ ...decision, positions: listOf(fields({ ...position, offset: isOffset }), limits.positions) }),
  remove: fields({ ...decision, emptyBefore: isTimeIfAny }),
  forget: fields({ ...decision, topicIds: listOf(isPlainId, limits.partitions), committedBefore: isTimeIfAny }),
}

/** Whether an object has the fields of a command that this version knows, within the limits. */
export function isConsumerGroupCommand(value: unknown): value is ConsumerGroupCommand {
  const { type } = (value ?? {}) as { type?: unknown }
  return typeof type === 'string' && Object.hasOwn(checks, type) && checks[type as ConsumerGroupCommand['type']](value)
}
