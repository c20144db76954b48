import { once } from 'node:events'
import { whenParentEnds } from '../platform/node/parent-watch.ts'
import { openProcessScreen } from './process-screen.ts'
import type { Interruption, Terminal } from './terminal.ts'

/** The terminal of this process. Listens for signals, so make one only. */
export function processTerminal(): Terminal {
  const interruption = new AbortController()
  const interrupt = (why: Interruption) => interruption.abort(why)
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => interrupt(signal))
  let onHangUp = () => interrupt('SIGHUP')
  process.on('SIGHUP', () => onHangUp())
  // npm does not always pass a signal on, and may be killed: the process that it has started ends with it.
  if (process.env.npm_lifecycle_event !== undefined) whenParentEnds(() => interrupt('SIGTERM'))
  // `tailrace tail … | head` closes the pipe: the end of the command, not a failure.
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error
      interrupt('EPIPE')
    })
  }
  return {
    environment: process.env,
    watched: process.stderr.isTTY === true,
    screen: process.stdout.isTTY === true,
    columns: process.stderr.columns ?? 80,
    // Asked anew each time: a window changes its size.
    get width() {
      return (process.stdout.isTTY && process.stdout.columns) || Number.POSITIVE_INFINITY
    },
    print: (line) => void process.stdout.write(line + '\n'),
    async write(text) {
      if (process.stdout.write(text) || interruption.signal.aborted) return
      await once(process.stdout, 'drain', { signal: interruption.signal }).catch(() => undefined)
    },
    complain: (line) => void process.stderr.write(line + '\n'),
    draw: (text) => void process.stderr.write(text),
    input: () => standardInput(interruption.signal),
    ...(process.stdin.isTTY && {
      hidden: (text) => typedLine({ text, shown: false }, interruption.signal),
      ask: (text) => typedLine({ text, shown: true }, interruption.signal),
    }),
    interrupted: interruption.signal,
    openScreen: openProcessScreen,
    onHangUp: (reload) => {
      onHangUp = reload
    },
  }
}

async function typedLine(question: { text: string; shown: boolean }, interrupted: AbortSignal): Promise<string> {
  const { askLine } = await import('./typed-line.ts')
  return askLine(question, process.stdin, (text) => void process.stderr.write(text), interrupted)
}

/** Standard input, which ends when the command is interrupted: a terminal would wait for its next line. */
async function* standardInput(interrupted: AbortSignal): AsyncGenerator<Uint8Array> {
  const end = () => void process.stdin.destroy()
  interrupted.addEventListener('abort', end, { once: true })
  try {
    yield* process.stdin
  } catch (error) {
    if (!interrupted.aborted) throw error
  } finally {
    interrupted.removeEventListener('abort', end)
  }
}
