import { loaded } from '@tailrace/client'
import type { FenceParts } from './node.ts'

/** Loaded with the first call of `fence`: most pages do without. */
export const fenceParts: (signal: AbortSignal) => Promise<FenceParts> = (signal) =>
  loaded(import('../raise-fence.ts'), signal)
