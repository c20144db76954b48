import * as parts from './parts.ts'

export type PublishParts = typeof parts

/** What most programs that publish do without. @throws TailraceError CODE_NOT_LOADED; as the signal says */
export const publishParts: (signal: AbortSignal) => Promise<PublishParts> = async () => parts

/** Undefined: they are not loaded yet. */
export const publishPartsNow: () => PublishParts | undefined = () => parts
