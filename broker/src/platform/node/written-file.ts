import { randomUUID } from 'node:crypto'
import { link, mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { codeOf } from './error-code.ts'

/** Of file systems without links to files: there the last of several programs wins. */
const noLinks: ReadonlySet<unknown> = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'])

/**
 * Puts a file in the place of another, or where none was: readers see the one or the other, never a part. `mode`: of
 * the new file, independent of the umask; its folder is created.
 */
export async function writeWholeFile(path: string, text: string, mode: number): Promise<void> {
  await withDraft(path, text, mode, (draft) => rename(draft, path))
}

/** As writeWholeFile where there is no such file; one that is there, or that another program makes meanwhile, stays. */
export async function writeNewFile(path: string, text: string, mode: number): Promise<void> {
  await withDraft(path, text, mode, async (draft) => {
    try {
      await link(draft, path)
    } catch (error) {
      const code = codeOf(error)
      if (noLinks.has(code)) return rename(draft, path)
      if (code !== 'EEXIST') throw error
    }
    await rm(draft)
  })
}

/**
 * Each has a draft of its own: programs may write the same file at the same time. The name is random: in a container
 * each start has the same process id, and would find the draft of a start that ended in a crash.
 */
async function withDraft(
  path: string,
  text: string,
  mode: number,
  put: (draft: string) => Promise<void>,
): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  const draft = `${path}.${randomUUID()}.new`
  const file = await open(draft, 'wx', mode)
  // From here on the draft is this call's, and only such a one may be removed.
  try {
    try {
      await file.chmod(mode)
      await file.writeFile(text)
      await file.sync()
    } finally {
      await file.close()
    }
    await put(draft)
  } catch (error) {
    await rm(draft, { force: true })
    throw error
  }
}
