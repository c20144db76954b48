import { open, realpath } from 'node:fs/promises'
import { dirname } from 'node:path'
import { codeOf } from './error-code.ts'
import { FILE_MODE, makePrivateFolder } from './folder-modes.ts'
import { writeNewFile, writeWholeFile } from './written-file.ts'

/** Puts another text into the place of a file's, for its owner alone. A link to the file stays a link. */
export async function replaceSecretFile(path: string, text: string): Promise<void> {
  await writeWholeFile(await realpath(path), text, FILE_MODE)
}

/**
 * Makes the file, with the text and for its owner alone, unless there is one; of programs that make it at the same time
 * all have the text of one. Its folder too.
 */
export async function makeSecretFile(path: string, text: () => string): Promise<void> {
  if (await exists(path)) return
  await makePrivateFolder(dirname(path))
  await writeNewFile(path, text(), FILE_MODE)
}

async function exists(path: string): Promise<boolean> {
  try {
    await (await open(path, 'r')).close()
    return true
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false
    throw error
  }
}
