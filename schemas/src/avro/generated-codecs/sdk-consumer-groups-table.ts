// biome-ignore-all format: written by schemas/scripts/generate-avro.ts out of schemas/avro; do not edit.
// biome-ignore-all lint: as above.
import * as consumerGroups from './consumer-groups.ts'

export const laterCodecs = {
  ConsumerGroup: { number: 120, write: consumerGroups.writeConsumerGroupOfSdk, isCorrelated: true },
  ConsumerGroupReply: { number: 121, read: consumerGroups.readConsumerGroupReply, isCorrelated: true },
}
