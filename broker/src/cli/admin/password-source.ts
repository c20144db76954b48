import { readSecretFile } from '../../platform/node/guarded-file.ts'
import { UsageError } from '../command-failure.ts'
import type { Terminal } from '../terminal.ts'

/** Longer ones are refused by the broker. */
const MOST_BYTES = 16 * 1024

/**
 * A new password: out of a file, from a person who types it twice, or from standard input. It is never an argument,
 * which other users of the machine could see.
 * @throws UsageError
 */
export async function newPassword(file: string | undefined, terminal: Terminal): Promise<string> {
  if (file !== undefined) return withoutLineEnd(await read(file))
  const typed = await terminal.hidden?.('New password: ')
  if (typed === undefined) return fromInput(terminal)
  if ((await terminal.hidden!('The same again: ')) !== typed) throw new UsageError('the two passwords differ')
  return typed
}

async function read(file: string): Promise<string> {
  try {
    return await readSecretFile(file)
  } catch (error) {
    throw new UsageError(`--new-password-file cannot be read: ${(error as Error).message}`, { cause: error })
  }
}

/** All of standard input: one line. */
async function fromInput({ input }: Terminal): Promise<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let text = ''
  for await (const bytes of input()) {
    text += decoder.decode(bytes, { stream: true })
    if (text.length > MOST_BYTES) throw new UsageError('standard input holds more than a password')
  }
  return withoutLineEnd(text + decoder.decode())
}

function withoutLineEnd(text: string): string {
  const line = text.replace(/\r?\n$/, '')
  if (line === '') throw new UsageError('the password is empty: give it with --new-password-file or on standard input')
  if (line.includes('\n')) throw new UsageError('the password has more than one line')
  return line
}
