import * as parts from './parts.ts'

export type MemberParts = typeof parts

/** What a member of a group is made of. @throws TailraceError CODE_NOT_LOADED; as the signal says */
export const memberParts: (signal: AbortSignal) => Promise<MemberParts> = async () => parts
