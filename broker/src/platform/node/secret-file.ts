import { open } from 'node:fs/promises'
import { dirname } from 'node:path'
import { codeOf } from './error-code.ts'
import { FILE_MODE, makePrivateFolder } from './folder-modes.ts'
import { writeWholeFile } from './written-file.ts'

/** A key or a password in base64 has a hundred bytes; more than this is another file, given by mistake. */
const MOST_BYTES = 64 * 1024

/**
 * The text of a file that only its owner may read. As with ssh, a file of this user that anybody else can open is
 * refused; one of another user (of root, as containers get them) may be open to a group.
 * @throws Error that names the path
 */
export async function readSecretFile(path: string): Promise<string> {
  const file = await open(path, 'r')
  try {
    const state = await file.stat()
    if (!state.isFile()) throw new Error(`${path} is no file`)
    if (state.size > MOST_BYTES) throw new Error(`${path} has ${state.size} bytes`)
    const open = process.platform === 'win32' ? 0 : state.mode & (state.uid === process.getuid?.() ? 0o077 : 0o007)
    if (open !== 0) {
      const mode = (state.mode & 0o777).toString(8).padStart(4, '0')
      throw new Error(`${path} can be opened by others (its mode is ${mode}): run "chmod 600 ${path}"`)
    }
    return await file.readFile('utf8')
  } finally {
    await file.close()
  }
}

/** Makes the file, with the text and for its owner alone, unless there is one. Its folder too. */
export async function makeSecretFile(path: string, text: () => string): Promise<void> {
  if (await exists(path)) return
  await makePrivateFolder(dirname(path))
  await writeWholeFile(path, text(), FILE_MODE)
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
