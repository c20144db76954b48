// biome-ignore-all format: written by schemas/scripts/generate-avro.ts out of schemas/avro; do not edit.
// biome-ignore-all lint: as above.
import type { Message } from '../../messages.ts'
import type { AvroReader } from '../reader.ts'
import type { AvroWriter } from '../writer.ts'
import {
  readAcl,
  readAskerOrNull,
  readInt,
  readIntOrNull,
  readLevelRangeOrNull,
  readLongOrNull,
  readQuotaEntity,
  readQuotaLimit,
  readScram,
  readString,
  readToken,
  writeAcl,
  writeAskerOrNull,
  writeInt,
  writeIntOrNull,
  writeLevelRangeOrNull,
  writeLongOrNull,
  writeQuotaEntity,
  writeQuotaLimit,
  writeScram,
  writeString,
  writeToken,
} from './shared.ts'

function readBrokerRegistration(from: AvroReader) {
  return {
    id: from.int(),
    http: from.string(),
    peer: from.string(),
    pid: from.long(),
    incarnation: from.string(),
    directoryId: from.string(),
    levels: readLevelRangeOrNull(from),
    rack: from.string(),
  }
}
function writeBrokerRegistration(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.int(value.id)
  to.string(value.http)
  to.string(value.peer)
  to.long(value.pid)
  to.string(value.incarnation)
  to.string(value.directoryId)
  writeLevelRangeOrNull(to, value.levels === undefined ? null : value.levels)
  to.string(value.rack === undefined ? "" : value.rack)
}

function readRegisterBroker(from: AvroReader) {
  return {
    broker: readBrokerRegistration(from),
  }
}
function writeRegisterBroker(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  writeBrokerRegistration(to, value.broker)
}

function readLongOrBooleanOrNull(from: AvroReader) {
  const branch = from.branch(3)
  if (branch === 0) return null
  return branch === 1 ? from.long() : from.boolean()
}
function writeLongOrBooleanOrNull(to: AvroWriter, value: unknown): void {
  if (value === null) return to.branch(0)
  const isFirst = typeof value === 'number'
  to.branch(isFirst ? 1 : 2)
  if (isFirst) to.long(value)
  else to.boolean(value)
}

function readSetting(from: AvroReader) {
  return {
    name: from.string(),
    value: readLongOrBooleanOrNull(from),
  }
}
function writeSetting(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.string(value.name)
  writeLongOrBooleanOrNull(to, value.value)
}

function readCreateTopic(from: AvroReader) {
  return {
    name: from.string(),
    topicId: from.string(),
    partitions: from.int(),
    replicas: from.int(),
    config: from.list(100, readSetting),
  }
}
function writeCreateTopic(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.string(value.name)
  to.string(value.topicId)
  to.int(value.partitions)
  to.int(value.replicas)
  to.list(value.config, writeSetting)
}

function readDeleteTopic(from: AvroReader) {
  return {
    name: from.string(),
    topicId: from.string(),
  }
}
function writeDeleteTopic(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.string(value.name)
  to.string(value.topicId === undefined ? "" : value.topicId)
}

function readSetTopicConfig(from: AvroReader) {
  return {
    name: from.string(),
    topicId: from.string(),
    changes: from.list(100, readSetting),
  }
}
function writeSetTopicConfig(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.string(value.name)
  to.string(value.topicId === undefined ? "" : value.topicId)
  to.list(value.changes, writeSetting)
}

function readAllocateProducerIds(from: AvroReader) {
  return {
    broker: from.int(),
    count: from.int(),
  }
}
function writeAllocateProducerIds(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.int(value.broker)
  to.int(value.count)
}

function readAssignReplicas(from: AvroReader) {
  return {
    topicId: from.string(),
    partition: from.int(),
    replicas: from.list(1000, readInt),
    from: from.list(1000, readInt),
  }
}
function writeAssignReplicas(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.string(value.topicId)
  to.int(value.partition)
  to.list(value.replicas, writeInt)
  to.list(value.from === undefined ? [] : value.from, writeInt)
}

function readCancelChange2(from: AvroReader) {
  return {
    topicId: from.string(),
    partition: from.int(),
  }
}
function writeCancelChange2(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.string(value.topicId)
  to.int(value.partition)
}

function readReplicasChanged(from: AvroReader) {
  return {
    group: from.long(),
    change: from.long(),
    outcome: from.string(),
    reason: from.string(),
  }
}
function writeReplicasChanged(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.group)
  to.long(value.change)
  to.string(value.outcome)
  to.string(value.reason)
}

function readForceReplicas(from: AvroReader) {
  return {
    topicId: from.string(),
    partition: from.int(),
    members: from.list(1000, readInt),
    leader: from.int(),
    lost: from.list(1000, readInt),
    term: readIntOrNull(from),
    at: from.long(),
    broker: from.int(),
    by: from.string(),
  }
}
function writeForceReplicas(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.string(value.topicId)
  to.int(value.partition)
  to.list(value.members, writeInt)
  to.int(value.leader)
  to.list(value.lost, writeInt)
  writeIntOrNull(to, value.term === undefined ? null : value.term)
  to.long(value.at)
  to.int(value.broker)
  to.string(value.by)
}

function readReplicaDropped(from: AvroReader) {
  return {
    group: from.long(),
    broker: from.int(),
  }
}
function writeReplicaDropped(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.group)
  to.int(value.broker)
}

function readSetPriority(from: AvroReader) {
  return {
    group: from.long(),
    broker: from.int(),
    factor: from.int(),
  }
}
function writeSetPriority(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.group)
  to.int(value.broker)
  to.int(value.factor)
}

function readJoiningBroker(from: AvroReader) {
  return {
    id: from.int(),
    directoryId: from.string(),
    peer: from.string(),
    http: from.string(),
  }
}
function writeJoiningBroker(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.int(value.id)
  to.string(value.directoryId)
  to.string(value.peer)
  to.string(value.http)
}

function readJoinBroker(from: AvroReader) {
  return {
    joining: readJoiningBroker(from),
    at: from.long(),
    broker: from.int(),
  }
}
function writeJoinBroker(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  writeJoiningBroker(to, value.joining)
  to.long(value.at)
  to.int(value.broker)
}

function readRemoveBroker(from: AvroReader) {
  return {
    removed: from.int(),
    at: from.long(),
    broker: from.int(),
    by: from.string(),
  }
}
function writeRemoveBroker(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.int(value.removed)
  to.long(value.at)
  to.int(value.broker)
  to.string(value.by)
}

function readForcedCluster(from: AvroReader) {
  return {
    members: from.list(1000, readInt),
    at: from.long(),
    broker: from.int(),
    by: from.string(),
  }
}
function writeForcedCluster(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.list(value.members, writeInt)
  to.long(value.at)
  to.int(value.broker)
  to.string(value.by)
}

function readSetFeatureLevel(from: AvroReader) {
  return {
    level: from.int(),
    at: from.long(),
    broker: from.int(),
    by: from.string(),
  }
}
function writeSetFeatureLevel(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.int(value.level)
  to.long(value.at)
  to.int(value.broker)
  to.string(value.by)
}

function readSetUser(from: AvroReader) {
  return {
    name: from.string(),
    scram: from.list(10, readScram),
    at: from.long(),
    broker: from.int(),
    by: from.string(),
  }
}
function writeSetUser(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.string(value.name)
  to.list(value.scram, writeScram)
  to.long(value.at)
  to.int(value.broker)
  to.string(value.by)
}

function readDeleteUser(from: AvroReader) {
  return {
    name: from.string(),
    at: from.long(),
    broker: from.int(),
    by: from.string(),
  }
}
function writeDeleteUser(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.string(value.name)
  to.long(value.at)
  to.int(value.broker)
  to.string(value.by)
}

function readAddToken(from: AvroReader) {
  return {
    token: readToken(from),
    at: from.long(),
    broker: from.int(),
    by: from.string(),
  }
}
function writeAddToken(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  writeToken(to, value.token)
  to.long(value.at)
  to.int(value.broker)
  to.string(value.by)
}

function readRemoveTokens(from: AvroReader) {
  return {
    ids: from.list(1000, readString),
    expired: from.boolean(),
    at: from.long(),
    broker: from.int(),
    by: from.string(),
  }
}
function writeRemoveTokens(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.list(value.ids, writeString)
  to.boolean(value.expired)
  to.long(value.at)
  to.int(value.broker)
  to.string(value.by)
}

function readAddAcls(from: AvroReader) {
  return {
    acls: from.list(1000, readAcl),
    at: from.long(),
    broker: from.int(),
    by: from.string(),
  }
}
function writeAddAcls(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.list(value.acls, writeAcl)
  to.long(value.at)
  to.int(value.broker)
  to.string(value.by)
}

function readRemoveAcls(from: AvroReader) {
  return {
    acls: from.list(1000, readAcl),
    at: from.long(),
    broker: from.int(),
    by: from.string(),
  }
}
function writeRemoveAcls(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.list(value.acls, writeAcl)
  to.long(value.at)
  to.int(value.broker)
  to.string(value.by)
}

function readAllocateOwnedIds(from: AvroReader) {
  return {
    broker: from.int(),
    count: from.int(),
    principal: from.string(),
  }
}
function writeAllocateOwnedIds(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.int(value.broker)
  to.int(value.count)
  to.string(value.principal)
}

function readSetQuota(from: AvroReader) {
  return {
    entity: readQuotaEntity(from),
    limits: from.list(100, readQuotaLimit),
    at: from.long(),
    broker: from.int(),
    by: from.string(),
  }
}
function writeSetQuota(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  writeQuotaEntity(to, value.entity)
  to.list(value.limits, writeQuotaLimit)
  to.long(value.at)
  to.int(value.broker)
  to.string(value.by)
}

function readRemoveQuota(from: AvroReader) {
  return {
    entity: readQuotaEntity(from),
    at: from.long(),
    broker: from.int(),
    by: from.string(),
  }
}
function writeRemoveQuota(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  writeQuotaEntity(to, value.entity)
  to.long(value.at)
  to.int(value.broker)
  to.string(value.by)
}

function readSetDraining(from: AvroReader) {
  return {
    drained: from.int(),
    draining: from.boolean(),
    at: from.long(),
    broker: from.int(),
    by: from.string(),
  }
}
function writeSetDraining(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.int(value.drained)
  to.boolean(value.draining)
  to.long(value.at)
  to.int(value.broker)
  to.string(value.by)
}

function readSetBalancing(from: AvroReader) {
  return {
    balancing: from.boolean(),
    at: from.long(),
    broker: from.int(),
    by: from.string(),
  }
}
function writeSetBalancing(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.boolean(value.balancing)
  to.long(value.at)
  to.int(value.broker)
  to.string(value.by)
}

function readAddPartitions(from: AvroReader) {
  return {
    name: from.string(),
    topicId: from.string(),
    partitions: from.int(),
  }
}
function writeAddPartitions(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.string(value.name)
  to.string(value.topicId)
  to.int(value.partitions)
}

function readRecordsDeleted(from: AvroReader) {
  return {
    group: from.long(),
    before: from.long(),
  }
}
function writeRecordsDeleted(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.group)
  to.long(value.before)
}

function readOneOfRegisterBrokerToRecordsDeleted(from: AvroReader) {
  switch (from.branch(28)) {
    case 0:
      return { 'tailrace.metadata.RegisterBroker': readRegisterBroker(from) }
    case 1:
      return { 'tailrace.metadata.CreateTopic': readCreateTopic(from) }
    case 2:
      return { 'tailrace.metadata.DeleteTopic': readDeleteTopic(from) }
    case 3:
      return { 'tailrace.metadata.SetTopicConfig': readSetTopicConfig(from) }
    case 4:
      return { 'tailrace.metadata.AllocateProducerIds': readAllocateProducerIds(from) }
    case 5:
      return { 'tailrace.metadata.AssignReplicas': readAssignReplicas(from) }
    case 6:
      return { 'tailrace.metadata.CancelChange': readCancelChange2(from) }
    case 7:
      return { 'tailrace.metadata.ReplicasChanged': readReplicasChanged(from) }
    case 8:
      return { 'tailrace.metadata.ForceReplicas': readForceReplicas(from) }
    case 9:
      return { 'tailrace.metadata.ReplicaDropped': readReplicaDropped(from) }
    case 10:
      return { 'tailrace.metadata.SetPriority': readSetPriority(from) }
    case 11:
      return { 'tailrace.metadata.JoinBroker': readJoinBroker(from) }
    case 12:
      return { 'tailrace.metadata.RemoveBroker': readRemoveBroker(from) }
    case 13:
      return { 'tailrace.metadata.ForcedCluster': readForcedCluster(from) }
    case 14:
      return { 'tailrace.metadata.SetFeatureLevel': readSetFeatureLevel(from) }
    case 15:
      return { 'tailrace.metadata.SetUser': readSetUser(from) }
    case 16:
      return { 'tailrace.metadata.DeleteUser': readDeleteUser(from) }
    case 17:
      return { 'tailrace.metadata.AddToken': readAddToken(from) }
    case 18:
      return { 'tailrace.metadata.RemoveTokens': readRemoveTokens(from) }
    case 19:
      return { 'tailrace.metadata.AddAcls': readAddAcls(from) }
    case 20:
      return { 'tailrace.metadata.RemoveAcls': readRemoveAcls(from) }
    case 21:
      return { 'tailrace.metadata.AllocateOwnedIds': readAllocateOwnedIds(from) }
    case 22:
      return { 'tailrace.metadata.SetQuota': readSetQuota(from) }
    case 23:
      return { 'tailrace.metadata.RemoveQuota': readRemoveQuota(from) }
    case 24:
      return { 'tailrace.metadata.SetDraining': readSetDraining(from) }
    case 25:
      return { 'tailrace.metadata.SetBalancing': readSetBalancing(from) }
    case 26:
      return { 'tailrace.metadata.AddPartitions': readAddPartitions(from) }
    case 27:
      return { 'tailrace.metadata.RecordsDeleted': readRecordsDeleted(from) }
    default:
      throw new RangeError('a branch that the union does not have')
  }
}
function writeOneOfRegisterBrokerToRecordsDeleted(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  const name = to.only(value)
  switch (name) {
    case 'tailrace.metadata.RegisterBroker':
      to.branch(0)
      return writeRegisterBroker(to, value['tailrace.metadata.RegisterBroker'])
    case 'tailrace.metadata.CreateTopic':
      to.branch(1)
      return writeCreateTopic(to, value['tailrace.metadata.CreateTopic'])
    case 'tailrace.metadata.DeleteTopic':
      to.branch(2)
      return writeDeleteTopic(to, value['tailrace.metadata.DeleteTopic'])
    case 'tailrace.metadata.SetTopicConfig':
      to.branch(3)
      return writeSetTopicConfig(to, value['tailrace.metadata.SetTopicConfig'])
    case 'tailrace.metadata.AllocateProducerIds':
      to.branch(4)
      return writeAllocateProducerIds(to, value['tailrace.metadata.AllocateProducerIds'])
    case 'tailrace.metadata.AssignReplicas':
      to.branch(5)
      return writeAssignReplicas(to, value['tailrace.metadata.AssignReplicas'])
    case 'tailrace.metadata.CancelChange':
      to.branch(6)
      return writeCancelChange2(to, value['tailrace.metadata.CancelChange'])
    case 'tailrace.metadata.ReplicasChanged':
      to.branch(7)
      return writeReplicasChanged(to, value['tailrace.metadata.ReplicasChanged'])
    case 'tailrace.metadata.ForceReplicas':
      to.branch(8)
      return writeForceReplicas(to, value['tailrace.metadata.ForceReplicas'])
    case 'tailrace.metadata.ReplicaDropped':
      to.branch(9)
      return writeReplicaDropped(to, value['tailrace.metadata.ReplicaDropped'])
    case 'tailrace.metadata.SetPriority':
      to.branch(10)
      return writeSetPriority(to, value['tailrace.metadata.SetPriority'])
    case 'tailrace.metadata.JoinBroker':
      to.branch(11)
      return writeJoinBroker(to, value['tailrace.metadata.JoinBroker'])
    case 'tailrace.metadata.RemoveBroker':
      to.branch(12)
      return writeRemoveBroker(to, value['tailrace.metadata.RemoveBroker'])
    case 'tailrace.metadata.ForcedCluster':
      to.branch(13)
      return writeForcedCluster(to, value['tailrace.metadata.ForcedCluster'])
    case 'tailrace.metadata.SetFeatureLevel':
      to.branch(14)
      return writeSetFeatureLevel(to, value['tailrace.metadata.SetFeatureLevel'])
    case 'tailrace.metadata.SetUser':
      to.branch(15)
      return writeSetUser(to, value['tailrace.metadata.SetUser'])
    case 'tailrace.metadata.DeleteUser':
      to.branch(16)
      return writeDeleteUser(to, value['tailrace.metadata.DeleteUser'])
    case 'tailrace.metadata.AddToken':
      to.branch(17)
      return writeAddToken(to, value['tailrace.metadata.AddToken'])
    case 'tailrace.metadata.RemoveTokens':
      to.branch(18)
      return writeRemoveTokens(to, value['tailrace.metadata.RemoveTokens'])
    case 'tailrace.metadata.AddAcls':
      to.branch(19)
      return writeAddAcls(to, value['tailrace.metadata.AddAcls'])
    case 'tailrace.metadata.RemoveAcls':
      to.branch(20)
      return writeRemoveAcls(to, value['tailrace.metadata.RemoveAcls'])
    case 'tailrace.metadata.AllocateOwnedIds':
      to.branch(21)
      return writeAllocateOwnedIds(to, value['tailrace.metadata.AllocateOwnedIds'])
    case 'tailrace.metadata.SetQuota':
      to.branch(22)
      return writeSetQuota(to, value['tailrace.metadata.SetQuota'])
    case 'tailrace.metadata.RemoveQuota':
      to.branch(23)
      return writeRemoveQuota(to, value['tailrace.metadata.RemoveQuota'])
    case 'tailrace.metadata.SetDraining':
      to.branch(24)
      return writeSetDraining(to, value['tailrace.metadata.SetDraining'])
    case 'tailrace.metadata.SetBalancing':
      to.branch(25)
      return writeSetBalancing(to, value['tailrace.metadata.SetBalancing'])
    case 'tailrace.metadata.AddPartitions':
      to.branch(26)
      return writeAddPartitions(to, value['tailrace.metadata.AddPartitions'])
    case 'tailrace.metadata.RecordsDeleted':
      to.branch(27)
      return writeRecordsDeleted(to, value['tailrace.metadata.RecordsDeleted'])
    default:
      to.invalid('record of the union', name)
  }
}

export function readMetadataCommand(from: AvroReader): Message<'MetadataCommand'> {
  return {
    correlation: from.long(),
    id: from.string(),
    timeoutMs: from.int(),
    intent: readOneOfRegisterBrokerToRecordsDeleted(from),
    asker: readAskerOrNull(from),
  }
}
export function writeMetadataCommand(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
  to.string(value.id)
  to.int(value.timeoutMs)
  writeOneOfRegisterBrokerToRecordsDeleted(to, value.intent)
  writeAskerOrNull(to, value.asker === undefined ? null : value.asker)
}

function readRefusal(from: AvroReader) {
  return {
    code: from.string(),
    detail: from.string(),
  }
}
function writeRefusal(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.string(value.code)
  to.string(value.detail)
}

function readRefusalOrNull(from: AvroReader) {
  return from.branch(2) === 0 ? null : readRefusal(from)
}
function writeRefusalOrNull(to: AvroWriter, value: unknown): void {
  if (to.present(value)) writeRefusal(to, value)
}

export function readMetadataCommandReply(from: AvroReader): Message<'MetadataCommandReply'> {
  return {
    correlation: from.long(),
    refusal: readRefusalOrNull(from),
    first: readLongOrNull(from),
    count: readIntOrNull(from),
    index: readLongOrNull(from),
  }
}
export function writeMetadataCommandReply(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.correlation)
  writeRefusalOrNull(to, value.refusal === undefined ? null : value.refusal)
  writeLongOrNull(to, value.first === undefined ? null : value.first)
  writeIntOrNull(to, value.count === undefined ? null : value.count)
  writeLongOrNull(to, value.index === undefined ? null : value.index)
}
