import { open } from 'node:fs/promises'
import { codeOf } from './error-code.ts'
import { fileStamp } from './file-stamps.ts'

/** A key or a password in base64 has a hundred bytes; more than this is another file, given by mistake. */
const MOST_BYTES = 64 * 1024

/**
 * The text of a file that only its owner may read. As with ssh, a file of this user that anybody else can open is
 * refused; one of another user (of root, as containers get them) may be open to a group.
 * @throws Error that names the path
 */
export async function readSecretFile(path: string): Promise<string> {
  const { text, exposed } = await readGuardedFile(path)
  if (exposed !== null) throw new Error(exposed)
  return text
}

/**
 * The text of a file that may hold secrets. `exposed`: why it must hold none, with the remedy; null if it may.
 * @throws Error that names the path
 */
export async function readGuardedFile(path: string): Promise<{ text: string; exposed: string | null }> {
  const file = await open(path, 'r')
  try {
    const state = await file.stat()
    if (!state.isFile()) throw new Error(`${path} is no file`)
    if (state.size > MOST_BYTES) throw new Error(`${path} has ${state.size} bytes`)
    const open = process.platform === 'win32' ? 0 : state.mode & (state.uid === process.getuid?.() ? 0o077 : 0o007)
    const mode = (state.mode & 0o777).toString(8).padStart(4, '0')
    const exposed = open === 0 ? null : `${path} can be opened by others (its mode is ${mode}): run "chmod 600 ${path}"`
    return { text: await file.readFile('utf8'), exposed }
  } finally {
    await file.close()
  }
}

export const secretFiles = { read: readSecretFile, stamp: fileStamp }

/** As readGuardedFile; null if there is no such file. */
export async function readGuardedFileIfAny(path: string): Promise<{ text: string; exposed: string | null } | null> {
  try {
    return await readGuardedFile(path)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null
    throw error
  }
}
