import type { Interruption, LiveScreen, Terminal } from '../terminal.ts'

/** A terminal for tests: it keeps what is written, and is interrupted on demand. */
export interface MemoryTerminal extends Terminal {
  readonly out: string[]
  readonly err: string[]
  readonly drawn: string[]
  /** All of standard output. */
  text(): string
  interrupt(why?: Interruption): void
  /** The screen that a command has opened last. */
  readonly opened: MemoryScreen
  hangUp(): void
}

export interface MemoryScreen extends LiveScreen {
  /** Each as it was drawn. */
  readonly pages: string[]
  readonly closed: boolean
  type(text: string): void
  resize(columns: number, rows: number): void
}

function memoryScreen(): MemoryScreen {
  const pages: string[] = []
  const typed = new Set<(text: string) => void>()
  const resized = new Set<() => void>()
  let [size, closed] = [{ columns: 120, rows: 24 }, false]
  const among = <Call>(calls: Set<Call>, call: Call): (() => void) => {
    calls.add(call)
    return () => void calls.delete(call)
  }
  return {
    pages,
    get closed() {
      return closed
    },
    type: (text) => {
      for (const take of typed) take(text)
    },
    resize: (columns, rows) => {
      size = { columns, rows }
      for (const call of resized) call()
    },
    size: () => size,
    draw: (lines) => void pages.push(lines.join('\n')),
    onTyped: (take) => among(typed, take),
    onResize: (call) => among(resized, call),
    close: () => {
      closed = true
    },
  }
}

export function memoryTerminal(
  given: Partial<Pick<Terminal, 'environment' | 'watched' | 'screen' | 'columns' | 'width'>> & {
    readonly input?: string
    readonly typed?: string[]
  } = {},
): MemoryTerminal {
  const interruption = new AbortController()
  const out: string[] = []
  const err: string[] = []
  const drawn: string[] = []
  const hidden = async (question: string): Promise<string> => {
    drawn.push(question)
    return given.typed!.shift()!
  }
  let onHangUp = () => interruption.abort('SIGHUP')
  const screen = memoryScreen()
  return {
    environment: given.environment ?? {},
    watched: given.watched ?? false,
    screen: given.screen ?? false,
    columns: given.columns ?? 80,
    width: given.width ?? Number.POSITIVE_INFINITY,
    out,
    err,
    drawn,
    text: () => out.join(''),
    print: (line) => void out.push(`${line}\n`),
    write: async (text) => void out.push(typeof text === 'string' ? text : new TextDecoder().decode(text)),
    complain: (line) => void err.push(line),
    draw: (text) => void drawn.push(text),
    async *input() {
      yield new TextEncoder().encode(given.input ?? '')
    },
    ...(given.typed && { hidden, ask: hidden }),
    interrupted: interruption.signal,
    opened: screen,
    openScreen: () => screen,
    interrupt: (why = 'SIGINT') => interruption.abort(why),
    onHangUp: (reload) => {
      onHangUp = reload
    },
    hangUp: () => onHangUp(),
  }
}
