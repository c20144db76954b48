export { KnownBrokers } from '../known-brokers.ts'
export { Levels } from '../levels.ts'
