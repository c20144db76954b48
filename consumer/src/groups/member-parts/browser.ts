import { loaded } from '@tailrace/client'
import type { MemberParts } from './node.ts'

/** Loaded with the first member: most pages have none. */
export const memberParts: () => Promise<MemberParts> = () => loaded(import('./parts.ts'))
