import { readdir, readFile } from 'node:fs/promises'
import { extname, join, sep } from 'node:path'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { codeOf } from './error-code.ts'

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
}

interface ReadFile {
  readonly type: string
  readonly bytes: Uint8Array
  readonly gzip: Uint8Array | null
  readonly immutable: boolean
}

/**
 * All files of a folder that a browser can use, by their paths with '/'. Empty if there is no such folder.
 * `isImmutable`: the name of the file changes with its content.
 */
export async function readStaticFiles(
  folder: string,
  isImmutable: (path: string) => boolean,
): Promise<ReadonlyMap<string, ReadFile>> {
  const files = new Map<string, ReadFile>()
  for (const entry of await entriesOf(folder)) {
    const type = types[extname(entry)]
    if (type === undefined) continue
    const bytes = await readFile(join(folder, entry))
    const small = await promisify(gzip)(bytes, { level: 9 })
    const path = entry.split(sep).join('/')
    files.set(path, { type, bytes, gzip: small.length < bytes.length ? small : null, immutable: isImmutable(path) })
  }
  return files
}

async function entriesOf(folder: string): Promise<string[]> {
  try {
    return await readdir(folder, { recursive: true })
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return []
    throw error
  }
}
