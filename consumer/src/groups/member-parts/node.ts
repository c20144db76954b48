import * as parts from './parts.ts'

export type MemberParts = typeof parts

/** What a member of a group is made of. @throws TailraceError CODE_NOT_LOADED */
export const memberParts: () => Promise<MemberParts> = async () => parts
