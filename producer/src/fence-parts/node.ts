import * as parts from '../raise-fence.ts'

export type FenceParts = typeof parts

/** What raises the fence of a partition. @throws TailraceError CODE_NOT_LOADED */
export const fenceParts: () => Promise<FenceParts> = async () => parts
