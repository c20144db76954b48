// biome-ignore-all format: written by schemas/scripts/generate-avro.ts out of schemas/avro; do not edit.
// biome-ignore-all lint: as above.
import * as reads from './reads.ts'

export const laterCodecs = {
  Fetch: { number: 22, write: reads.writeFetchOfSdk, isCorrelated: true },
  FetchReply: { number: 23, read: reads.readFetchReply, isCorrelated: true },
  FindOffset: { number: 24, write: reads.writeFindOffsetOfSdk, isCorrelated: true },
  FindOffsetReply: { number: 25, read: reads.readFindOffsetReply, isCorrelated: true },
  Brokers: { number: 46, write: reads.writeBrokers, isCorrelated: true },
  BrokersReply: { number: 47, read: reads.readBrokersReply, isCorrelated: true },
}
