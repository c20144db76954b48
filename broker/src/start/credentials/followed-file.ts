import { TailraceError } from '@tailrace/schemas'
import type { Clock } from '../../platform/clock.ts'
import type { Logger } from '../../platform/logger.ts'

/** A file is looked at this often: a file that was replaced counts soon, however the folder is mounted. */
const LOOK_EVERY_MS = 2000

export interface FollowedFileDeps {
  readonly read: (path: string) => Promise<string>
  /** Another text once the file has changed. */
  readonly stamp: (path: string) => Promise<string>
  readonly clock: Clock
  readonly logger: Logger
}

/** Something that comes out of files. */
export interface Reloaded {
  /** Reads the files now. Never rejects: a fault is logged, and the former values stay. Null: there are no files. */
  readonly reload: (() => Promise<void>) | null
}

export interface FollowedFile<Value> extends Reloaded {
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
  let reading: Promise<void> | null = null
  const read = async (): Promise<void> => {
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
    }
  }
  const readAgain = async (): Promise<void> => {
    reading ??= read().finally(() => {
      reading = null
    })
    return reading
  }
  // A reading that has begun may have seen the file as it was before.
  const reload = async (): Promise<void> => {
    await reading
    await readAgain()
  }
  let seen = ''
  let isRead = false
  // Two writes may be within one step of the file system's clock, so a file is read at the look after a change, too.
  const look = async (): Promise<void> => {
    const stamp = await deps.stamp(path).catch(() => '')
    if (stamp !== '' && stamp === seen && isRead) return
    isRead = stamp === seen
    seen = stamp
    await readAgain()
  }
  const timer = clock.every(LOOK_EVERY_MS, () => void look())
  return { current: () => value, reload, close: () => timer.cancel() }
}

/** Reads all their files; null: they have none. */
export function reloadOf(...parts: readonly (Reloaded | null)[]): (() => Promise<void>) | null {
  const reloads = parts.flatMap((part) => part?.reload ?? [])
  return reloads.length === 0 ? null : async () => void (await Promise.all(reloads.map((reload) => reload())))
}

function readSetting(setting: string, path: string, { read }: FollowedFileDeps): Promise<string> {
  return read(path).catch((error: Error) => {
    const detail = `The file of ${setting} cannot be used: ${error.message}.`
    throw new TailraceError('INVALID_SETTING', detail, { cause: error })
  })
}
