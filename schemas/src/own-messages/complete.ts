import { codecs } from '../avro/generated-codecs/sdk-table.ts'
import type { SdkMessageName } from './sdk-messages.ts'

/** Gives rows of the table what they lack. */
export function complete(later: Partial<Record<SdkMessageName, object>>): void {
  for (const [name, codec] of Object.entries(later)) Object.assign(codecs[name as SdkMessageName], codec)
}
