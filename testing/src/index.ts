export type { LogLine } from 'tailrace/embedded'
export { type ClusterOptions, startCluster } from './start-cluster.ts'
export type { BrokerState, TestBroker } from './test-broker.ts'
export type { NewTopic, TestCluster } from './test-cluster.ts'
