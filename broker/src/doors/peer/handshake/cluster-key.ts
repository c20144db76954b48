import { TailraceError } from '@tailrace/schemas'

/** The secrets that brokers of one cluster share. */
export interface ClusterKeys {
  /** The first one proves that this broker has one; of others each is accepted. One at least. */
  current(): readonly Uint8Array[]
  /** Whether brokers that do not prove themselves are refused. */
  readonly required: boolean
}

const LEAST_BYTES = 32
/** The one that is in use and the one that comes before or after it. */
const MOST_KEYS = 2

/**
 * The keys in the text of a file: each of 32 random bytes at least, in base64, in a line of its own. Empty lines and
 * those that begin with # do not count.
 * @throws TailraceError INVALID_SETTING; without a word of the text
 */
export function parseClusterKeys(text: string, path: string): readonly Uint8Array[] {
  const lines = text.split('\n').map((line) => line.trim())
  const keys = lines.filter((line) => line !== '' && !line.startsWith('#')).map((line) => keyOf(line, path))
  if (keys.length < 1 || keys.length > MOST_KEYS) {
    throw invalid(path, `has ${keys.length} keys, but must have one, or two while the key is being replaced`)
  }
  return keys
}

function keyOf(line: string, path: string): Uint8Array {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(line)) throw invalid(path, 'has a line that is no base64')
  const key = Uint8Array.from(atob(padded(line)), (character) => character.charCodeAt(0))
  if (key.length < LEAST_BYTES)
    throw invalid(path, `has a key of ${key.length} bytes, but ${LEAST_BYTES} are the least`)
  return key
}

function padded(line: string): string {
  const digits = line.replace(/=+$/, '')
  // One digit alone beyond a multiple of four holds no byte.
  return digits.length % 4 === 1 ? digits.slice(0, -1) : digits
}

function invalid(path: string, fault: string): TailraceError {
  return new TailraceError('INVALID_SETTING', `The file of clusterKeyFile, ${path}, ${fault}.`)
}
