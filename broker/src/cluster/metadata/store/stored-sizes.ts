import { TailraceError } from '@tailrace/schemas'
import type { MetadataState } from '../metadata-state.ts'

/**
 * Whether this broker's limits fit the batches that its known topics may hold. A broker with smaller ones could neither
 * take a batch from another broker nor keep it, so it does not start.
 * @param limits by the name of the setting, the largest batch that it leaves room for
 * @throws TailraceError INVALID_SETTING
 */
export function checkStoredSizes(state: Pick<MetadataState, 'topics'>, limits: Readonly<Record<string, number>>): void {
  for (const { name, config } of state.topics.values()) {
    const { maxBatchBytes = 0 } = config
    for (const [setting, most] of Object.entries(limits)) {
      if (maxBatchBytes <= most) continue
      throw new TailraceError(
        'INVALID_SETTING',
        `${setting} is too small: topic "${name}" may hold batches of ${maxBatchBytes} bytes, and there is room for ${most}.`,
      )
    }
  }
}
