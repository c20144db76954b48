import { TailraceError } from '@tailrace/schemas'
import type { BrokerSettings } from '../../config/broker-settings.ts'
import { type FollowedFile, type FollowedFileDeps, followFile } from './followed-file.ts'

/** What can stand in a header. */
const TOKEN = /^[\x21-\x7e]+$/

/**
 * The token that a cascade broker shows to its sources; null where sourceTokenFile is not set. A changed file counts
 * for the next connection.
 * @throws TailraceError INVALID_SETTING
 */
export async function openSourceToken(
  { sourceTokenFile: path }: Pick<BrokerSettings, 'sourceTokenFile'>,
  deps: FollowedFileDeps,
): Promise<FollowedFile<string | null>> {
  if (path === '') return { current: () => null, reload: null, close: () => {} }
  const parse = (text: string): string => {
    const token = text.trim()
    if (TOKEN.test(token)) return token
    throw new TailraceError('INVALID_SETTING', `The file of sourceTokenFile, ${path}, does not hold a token.`)
  }
  return followFile('sourceTokenFile', path, 'the token for the source', parse, deps)
}
