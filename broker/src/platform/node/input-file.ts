import { open, readFile } from 'node:fs/promises'

/** The text of a small file, such as a configuration. Rejects with Node's error, which names the path. */
export function readTextFile(path: string): Promise<string> {
  return readFile(path, 'utf8')
}

/**
 * A file of any size, to be read once from its start. `bytes` is null where it has no size (a pipe). Rejects if it
 * cannot be opened.
 */
export async function openInputFile(
  path: string,
): Promise<{ chunks: AsyncIterable<Uint8Array>; bytes: number | null }> {
  const file = await open(path, 'r')
  const state = await file.stat()
  if (state.isDirectory()) {
    await file.close()
    throw new Error(`${path} is a folder, not a file`)
  }
  // The stream closes the file at its end or when its reader stops.
  return { chunks: file.createReadStream({ highWaterMark: 1024 * 1024 }), bytes: state.isFile() ? state.size : null }
}
