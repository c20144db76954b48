export { TailraceError } from '@tailrace/schemas'
export type { Partitioner, ProducerOptions } from './options.ts'
export { Producer } from './producer.ts'
export type { ProducerRecord, Sent } from './record.ts'
