import type * as admin from '@tailrace/admin'
import { expectTypeOf, it } from 'vitest'
import type { MembersDescription } from '../broker/src/api/admin-api.ts'
import type * as broker from '../broker/src/api/broker-api.ts'
import type * as groups from '../broker/src/api/consumer-groups-api.ts'
import type { MovedPosition } from '../broker/src/consumer-groups/positions/reset-positions.ts'

/** A program has no types of the broker, so Admin has its own of what brokers tell: the compiler compares them here. */
it('Admin says of answers what brokers put into them', () => {
  expectTypeOf<broker.TopicSummary>().toExtend<Omit<admin.TopicSummary, 'config'>>()
  expectTypeOf<broker.TopicDescription>().toExtend<Omit<admin.TopicDescription, 'config' | 'settings'>>()
  expectTypeOf<broker.PartitionDescription>().toExtend<admin.PartitionDescription>()
  expectTypeOf<broker.ClusterDescription>().toExtend<admin.ClusterDescription>()
  expectTypeOf<broker.BrokerDescription>().toExtend<admin.BrokerDescription>()
  expectTypeOf<MembersDescription>().toExtend<admin.ReplicasDescription>()
  expectTypeOf<MovedPosition>().toExtend<admin.MovedPosition>()
  expectTypeOf<groups.ListedConsumerGroup>().toExtend<admin.GroupSummary>()
  expectTypeOf<groups.ConsumerGroupMember>().toExtend<admin.GroupMember>()
  expectTypeOf<groups.ConsumerGroupDescription>().toExtend<Omit<admin.GroupDescription, 'group'>>()
  expectTypeOf<groups.ConsumerGroupProgress>().toExtend<admin.GroupProgress>()
})
