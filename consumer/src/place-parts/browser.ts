import { loaded } from '@tailrace/client'
import type { PlaceParts } from './node.ts'

/** Loaded for loops that have an end or several topics, `seek` and `read`: most pages do without. */
export const placeParts: (signal?: AbortSignal) => Promise<PlaceParts & typeof import('./of-pages.ts')> = (signal) =>
  loaded(import('./of-pages.ts'), signal)
