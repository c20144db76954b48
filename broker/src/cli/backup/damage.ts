import { CommandFailure } from '../command-failure.ts'

/** A file of a backup, or a part of it, that cannot be used. `hint`: what somebody can do about it. */
export function damaged(file: string, why: string, hint = 'Use another copy of the folder.'): CommandFailure {
  const message = `${file} is damaged: ${why}.`
  return new CommandFailure({ code: 'STORAGE_CORRUPT', message, retriable: false, hint })
}

export const MANIFEST_HINT = 'Use another copy of the folder, or choose another backup in it with --name.'
export const CHUNK_HINT = 'Use another copy of the folder, or choose topics without this one with --topic.'
