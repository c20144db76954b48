export { PartitionLog, type StoredBatch } from './partition-log.ts'
export { TestBroker } from './test-broker.ts'
export { TestCluster } from './test-cluster.ts'
export type { Fault } from './world.ts'
