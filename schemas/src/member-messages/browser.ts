import { laterCodecs } from '../avro/generated-codecs/sdk-consumer-groups-table.ts'
import { complete } from '../own-messages/complete.ts'

/** To be called before the first message of a member of a consumer group is sent: most pages send none. */
export function knowMemberMessages(): void {
  complete(laterCodecs)
}
