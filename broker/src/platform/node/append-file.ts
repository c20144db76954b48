import { createWriteStream, mkdirSync } from 'node:fs'
import { dirname } from 'node:path'

/** A text file that grows, such as the log of another process. */
export interface AppendFile {
  write(text: string): void
  close(): Promise<void>
}

/** Opens or creates the file, and its folder where it is missing. Throws Node's error, which names the path. */
export function openAppendFile(path: string): AppendFile {
  mkdirSync(dirname(path), { recursive: true })
  const stream = createWriteStream(path, { flags: 'a' })
  // A log that cannot be written must not end the process that is being logged.
  let failed = false
  stream.on('error', () => {
    failed = true
  })
  return {
    write: (text) => {
      // Beyond this the disk does not keep up, and memory matters more than the log.
      if (!failed && stream.writableLength < 8 * 1024 * 1024) stream.write(text)
    },
    close: () =>
      new Promise((resolve) => {
        if (failed) resolve()
        else stream.end(() => resolve())
      }),
  }
}
