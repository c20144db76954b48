import { loaded } from '@tailrace/client'
import type { FenceParts } from './node.ts'

/** Loaded with the first call of `fence`: most pages do without. */
export const fenceParts: () => Promise<FenceParts> = () => loaded(import('../raise-fence.ts'))
