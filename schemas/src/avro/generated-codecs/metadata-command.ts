// biome-ignore-all format: written by schemas/scripts/generate-avro.ts out of schemas/avro; do not edit.
// biome-ignore-all lint: as above.
import type { Message } from '../../messages.ts'
import { onlyKey } from '../only-key.ts'
import type { AvroReader } from '../reader.ts'
import type { AvroWriter } from '../writer.ts'
import {
  readForcedCluster,
  readJoinBroker,
  readRegisterBroker,
  readRemoveBroker,
  readSetDraining,
  readSetFeatureLevel,
  writeForcedCluster,
  writeJoinBroker,
  writeRegisterBroker,
  writeRemoveBroker,
  writeSetDraining,
  writeSetFeatureLevel,
} from './metadata-brokers.ts'
import {
  readAssignReplicas,
  readCancelChange2,
  readForceReplicas,
  readReplicaDropped,
  readReplicasChanged,
  readSetBalancing,
  readSetPriority,
  writeAssignReplicas,
  writeCancelChange2,
  writeForceReplicas,
  writeReplicaDropped,
  writeReplicasChanged,
  writeSetBalancing,
  writeSetPriority,
} from './metadata-replicas.ts'
import {
  readAddAcls,
  readAddToken,
  readDeleteUser,
  readRemoveAcls,
  readRemoveQuota,
  readRemoveTokens,
  readSetQuota,
  readSetUser,
  writeAddAcls,
  writeAddToken,
  writeDeleteUser,
  writeRemoveAcls,
  writeRemoveQuota,
  writeRemoveTokens,
  writeSetQuota,
  writeSetUser,
} from './metadata-security.ts'
import {
  readAddPartitions,
  readAllocateOwnedIds,
  readAllocateProducerIds,
  readCreateTopic,
  readDeleteTopic,
  readRecordsDeleted,
  readSetTopicConfig,
  writeAddPartitions,
  writeAllocateOwnedIds,
  writeAllocateProducerIds,
  writeCreateTopic,
  writeDeleteTopic,
  writeRecordsDeleted,
  writeSetTopicConfig,
} from './metadata-topics.ts'
import {
  readAskerOrNull,
  readIntOrNull,
  readLongOrNull,
  writeAskerOrNull,
  writeIntOrNull,
  writeLongOrNull,
} from './shared.ts'

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
  const name = onlyKey(to, value)
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
