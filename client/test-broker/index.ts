export { PartitionLog, type StoredBatch } from './partition-log.ts'
export { TestBroker } from './test-broker.ts'
export { type Fault, TestCluster } from './test-cluster.ts'
