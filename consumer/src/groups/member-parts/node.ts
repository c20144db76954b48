import * as parts from './parts.ts'

export type MemberParts = typeof parts

/** What a member of a group is made of. */
export const memberParts: () => Promise<MemberParts> = async () => parts
