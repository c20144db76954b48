import * as parts from './parts.ts'

export type PlaceParts = typeof parts

/** What finds offsets, and reads at one place. @throws TailraceError CODE_NOT_LOADED; as the signal says */
export const placeParts: (signal?: AbortSignal) => Promise<PlaceParts> = async () => parts
