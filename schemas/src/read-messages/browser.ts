import { laterCodecs } from '../avro/generated-codecs/sdk-reads-table.ts'
import { complete } from '../own-messages/complete.ts'

/**
 * To be called before the first message that finds an offset, reads at one place or asks for cascade brokers: most
 * pages send none.
 */
export function knowReadMessages(): void {
  complete(laterCodecs)
}
