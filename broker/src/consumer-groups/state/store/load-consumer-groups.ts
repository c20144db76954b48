import { refuseNewer } from '@tailrace/schemas'
import type { StateStore } from '../../../log/log-storage.ts'
import { damagedFile } from '../../../log/recovery/damaged-file.ts'
import { storedJson } from '../../../log/store/stored-json.ts'
import type { ConsumerGroup } from '../consumer-group.ts'
import { delayedKey, newConsumerGroup, putDelayed, putMember, putPartition } from '../consumer-group.ts'
import type { ConsumerGroupsHead } from '../consumer-group-changes.ts'
import type { ConsumerGroupsState } from '../consumer-groups-state.ts'
import { numberIn, storedKeys } from '../stored-keys.ts'
import { isFormat, isHead, isStoredGroup, isStoredMember, isStoredPartition, isStoredRecord } from './stored-fields.ts'

/** The part of a store that is read: the store itself, or a snapshot of it. */
export type StoreSource = Pick<StateStore, 'get' | 'range'>

/** Keys with this prefix, which ends with a slash: '0' is the character after it. */
export function rangeOf(prefix: string): readonly [from: string, to: string] {
  return [prefix, `${prefix.slice(0, -1)}0`]
}

/**
 * Null: nothing is stored under the prefix.
 * @throws TailraceError STORAGE_CORRUPT, NEWER_FORMAT
 */
export async function loadHead(store: StoreSource, prefix: string): Promise<ConsumerGroupsHead | null> {
  const formatKey = prefix + storedKeys.format
  const format = await store.get(formatKey)
  if (format !== null) refuseNewer('consumerGroupsSnapshot', storedJson(formatKey, format, isFormat))
  const headKey = prefix + storedKeys.head
  const head = await store.get(headKey)
  return head === null ? null : storedJson(headKey, head, isHead)
}

/**
 * Fills an empty state from the store: some prefix of the log.
 * @throws TailraceError STORAGE_CORRUPT, NEWER_FORMAT
 */
export async function loadConsumerGroups(
  store: StoreSource,
  prefix: string,
  state: ConsumerGroupsState,
): Promise<void> {
  const head = await loadHead(store, prefix)
  if (head === null) return
  const groups = new Map<number, ConsumerGroup>()
  for await (const [key, value] of store.range(...rangeOf(prefix + storedKeys.groups))) {
    const stored = storedJson(key, value, isStoredGroup)
    const group = Object.assign(newConsumerGroup(stored.id, stored.number, 0), stored)
    groups.set(group.number, group)
  }
  const groupOf = (key: string): ConsumerGroup => {
    const group = groups.get(numberIn(key.slice(prefix.length)))
    if (group === undefined)
      throw damagedFile(`The value of ${key} in the state store`, 'its consumer group is missing')
    return group
  }
  for await (const [key, value] of store.range(...rangeOf(prefix + storedKeys.members))) {
    const member = storedJson(key, value, isStoredMember)
    putMember(groupOf(key), member.id, member)
  }
  for await (const [key, value] of store.range(...rangeOf(prefix + storedKeys.partitions))) {
    const { topic, topicId, partition, ...known } = storedJson(key, value, isStoredPartition)
    putPartition(groupOf(key), { topic, topicId }, partition, known)
  }
  for await (const [key, value] of store.range(...rangeOf(prefix + storedKeys.delayed))) {
    const record = storedJson(key, value, isStoredRecord)
    putDelayed(groupOf(key), delayedKey(record.topicId, record.partition, record.offset), record)
  }
  Object.assign(state.head, head)
  for (const group of groups.values()) state.add(group)
}
