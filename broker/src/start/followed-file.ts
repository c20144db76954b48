import { TailraceError } from '@tailrace/schemas'
import type { Clock } from '../platform/clock.ts'
import type { Logger } from '../platform/logger.ts'

/** A file is read again this often: a file that was replaced counts soon, however the folder is mounted. */
const READ_AGAIN_MS = 2000

export interface FollowedFileDeps {
  readonly read: (path: string) => Promise<string>
  readonly clock: Clock
  readonly logger: Logger
}

export interface FollowedFile<Value> {
  current(): Value
  close(): void
}

/**
 * The value in the file of a setting, read anew when the file changes; while it cannot be used, the former value stays.
 * `what`: for people. `parse` throws INVALID_SETTING.
 * @throws TailraceError INVALID_SETTING
 */
export async function followFile<Value>(
  setting: string,
  path: string,
  what: string,
  parse: (text: string) => Value,
  deps: FollowedFileDeps,
): Promise<FollowedFile<Value>> {
  const { clock, logger } = deps
  let text = await readSetting(setting, path, deps)
  let value = parse(text)
  let problem = ''
  let reading = false
  const readAgain = async (): Promise<void> => {
    if (reading) return
    reading = true
    try {
      const found = await readSetting(setting, path, deps)
      if (found !== text) {
        value = parse(found)
        logger.info({ path }, `${what} has changed`)
      }
      text = found
      problem = ''
    } catch (error) {
      const { message } = TailraceError.from(error)
      if (message !== problem) logger.error({ problem: message }, `${what} that was read before stays in use`)
      problem = message
    } finally {
      reading = false
    }
  }
  const timer = clock.every(READ_AGAIN_MS, () => void readAgain())
  return { current: () => value, close: () => timer.cancel() }
}

function readSetting(setting: string, path: string, { read }: FollowedFileDeps): Promise<string> {
  return read(path).catch((error: Error) => {
    const detail = `The file of ${setting} cannot be used: ${error.message}.`
    throw new TailraceError('INVALID_SETTING', detail, { cause: error })
  })
}
