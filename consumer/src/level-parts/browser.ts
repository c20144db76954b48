import { loaded } from '@tailrace/client'
import type { LevelParts } from './node.ts'

/** Loaded with the first subscription of a consumer that has `level`. */
export const levelParts: () => Promise<LevelParts> = () => loaded(import('./parts.ts'))
