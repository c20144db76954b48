import { loaded } from '@tailrace/client'
import type { MemberParts } from './node.ts'

/** Loaded with the first member: most pages have none. */
export const memberParts: (signal: AbortSignal) => Promise<MemberParts> = (signal) =>
  loaded(import('./parts.ts'), signal)
