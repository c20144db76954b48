import { loaded } from '@tailrace/client'
import type { PublishParts } from './node.ts'

let parts: PublishParts | undefined

/** Loaded with the first call of `fence`, and with the first send that needs them: most pages do without. */
export const publishParts: (signal: AbortSignal) => Promise<PublishParts> = async (signal) => {
  parts = await loaded<PublishParts>(import('./parts.ts'), signal)
  return parts
}

export const publishPartsNow: () => PublishParts | undefined = () => parts
