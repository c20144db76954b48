import { hasFields, isWhole } from '../../../log/store/stored-json.ts'
import { isGroupId, isMember, isPlainId } from '../commands/command-fields.ts'
import type { ConsumerGroup, ConsumerGroupMember, ConsumerGroupPartition, DelayedRecord } from '../consumer-group.ts'
import type { ConsumerGroupsHead, PartitionPlace } from '../consumer-group-changes.ts'

/**
 * Whether values of the state store have the form on which the state relies. They come from this broker's disk or from
 * another broker, under a checksum: one that fails here was written wrongly, and is refused as a whole before it is
 * used.
 */
export type StoredGroup = Pick<ConsumerGroup, 'id' | 'number' | 'epoch' | 'changedIn' | 'assignedFor' | 'emptySince'>
export type StoredPartition = PartitionPlace & ConsumerGroupPartition & { readonly topic: string }

const isText = (field: unknown): boolean => typeof field === 'string'
const isMemberOrNone = (field: unknown): boolean => field === '' || isPlainId(field)
const place = { topicId: isPlainId, partition: isWhole }

export const isFormat = (value: unknown): value is number => isWhole(value) && value > 0

export const isHead = (value: unknown): value is ConsumerGroupsHead =>
  hasFields(value, {
    appliedIndex: isWhole,
    appliedTerm: isWhole,
    lastToken: isWhole,
    lastEpoch: isWhole,
    nextNumber: isFormat,
  })

export const isStoredGroup = (value: unknown): value is StoredGroup =>
  hasFields(value, {
    id: isGroupId,
    number: isFormat,
    epoch: isWhole,
    changedIn: isWhole,
    assignedFor: isWhole,
    emptySince: (field) => field === null || isWhole(field),
  })

export const isStoredMember = (value: unknown): value is ConsumerGroupMember => isMember(value)

export const isStoredPartition = (value: unknown): value is StoredPartition =>
  hasFields(value, {
    ...place,
    topic: isText,
    owner: isMemberOrNone,
    ownedSince: isWhole,
    holder: isMemberOrNone,
    token: isWhole,
    leasedSince: isWhole,
    revoking: (field) => typeof field === 'boolean',
    offset: (field) => field === -1 || isWhole(field),
    term: isWhole,
    metadata: isText,
    committedAt: isWhole,
  })

export const isStoredRecord = (value: unknown): value is DelayedRecord =>
  hasFields(value, { ...place, offset: isWhole, due: isWhole, attempt: isWhole })
