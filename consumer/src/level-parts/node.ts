import * as parts from './parts.ts'

export type LevelParts = typeof parts

/** What chooses the cascade broker to read from. @throws TailraceError CODE_NOT_LOADED */
export const levelParts: () => Promise<LevelParts> = async () => parts
