import type { Readable } from 'node:stream'
import { TailraceError } from '@tailrace/schemas/tailrace-error'

const MOST_CHARACTERS = 2000

/** Standard input of a terminal, and how it shows what is typed. */
export type Keyboard = Pick<Readable, 'on' | 'off' | 'resume' | 'pause'> & { setRawMode(raw: boolean): unknown }

/**
 * A line that is not shown while it is typed. `write`: shows the question.
 * @throws TailraceError ABORTED: Ctrl-C, Ctrl-D, or the command is interrupted
 */
export function askHidden(
  question: string,
  keyboard: Keyboard,
  write: (text: string) => void,
  interrupted: AbortSignal,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const decoder = new TextDecoder()
    let typed: string[] = []
    const end = (): void => {
      keyboard.off('data', take)
      interrupted.removeEventListener('abort', giveUp)
      keyboard.setRawMode(false)
      keyboard.pause()
      write('\n')
    }
    const giveUp = (): void => {
      end()
      reject(new TailraceError('ABORTED'))
    }
    const take = (bytes: Uint8Array): void => {
      for (const key of decoder.decode(bytes, { stream: true })) {
        if (key === '\r' || key === '\n') {
          end()
          resolve(typed.join(''))
          return
        }
        if (key === '\u0003' || key === '\u0004') {
          giveUp()
          return
        }
        // Backspace and Ctrl-U.
        if (key === '\u007f' || key === '\b') typed.pop()
        else if (key === '\u0015') typed = []
        else if (typed.length < MOST_CHARACTERS) typed.push(key)
      }
    }
    write(question)
    keyboard.setRawMode(true)
    keyboard.on('data', take)
    interrupted.addEventListener('abort', giveUp, { once: true })
    keyboard.resume()
  })
}
