import type { Readable } from 'node:stream'
import { TailraceError } from '@tailrace/schemas/tailrace-error'
import { printable } from '../platform/printable.ts'

const MOST_CHARACTERS = 2000
/** Takes the last character from the screen. */
const BACK = '\b \b'

/** Standard input of a terminal, and how it shows what is typed. */
export type Keyboard = Pick<Readable, 'on' | 'off' | 'resume' | 'pause'> & { setRawMode(raw: boolean): unknown }

interface Question {
  readonly text: string
  /** Whether the line is shown while it is typed. */
  readonly shown: boolean
}

/**
 * A line that a person types. `write`: to the screen.
 * @throws TailraceError ABORTED: Ctrl-C, Ctrl-D, or the command is interrupted
 */
export function askLine(
  { text, shown }: Question,
  keyboard: Keyboard,
  write: (text: string) => void,
  interrupted: AbortSignal,
): Promise<string> {
  const echo = shown ? write : () => {}
  return new Promise((resolve, reject) => {
    const decoder = new TextDecoder()
    const typed: string[] = []
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
        if (key === '\u007f' || key === '\b') echo(typed.pop() === undefined ? '' : BACK)
        else if (key === '\u0015') echo(BACK.repeat(typed.splice(0).length))
        else if (typed.length < MOST_CHARACTERS) {
          typed.push(key)
          echo(printable(key))
        }
      }
    }
    write(text)
    keyboard.setRawMode(true)
    keyboard.on('data', take)
    interrupted.addEventListener('abort', giveUp, { once: true })
    keyboard.resume()
  })
}
