import * as parts from '../raise-fence.ts'

export type FenceParts = typeof parts

/** What raises the fence of a partition. @throws TailraceError CODE_NOT_LOADED; as the signal says */
export const fenceParts: (signal: AbortSignal) => Promise<FenceParts> = async () => parts
