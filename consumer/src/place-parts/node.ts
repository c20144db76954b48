import * as parts from './parts.ts'

export type PlaceParts = typeof parts

/** What finds offsets, and reads at one place. @throws TailraceError CODE_NOT_LOADED */
export const placeParts: () => Promise<PlaceParts> = async () => parts
