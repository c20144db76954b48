import type { Interruption, Terminal } from '../terminal.ts'

/** A terminal for tests: it keeps what is written, and is interrupted on demand. */
export interface MemoryTerminal extends Terminal {
  readonly out: string[]
  readonly err: string[]
  readonly drawn: string[]
  /** All of standard output. */
  text(): string
  interrupt(why?: Interruption): void
  hangUp(): void
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
    ...(given.typed && { hidden }),
    interrupted: interruption.signal,
    interrupt: (why = 'SIGINT') => interruption.abort(why),
    onHangUp: (reload) => {
      onHangUp = reload
    },
    hangUp: () => onHangUp(),
  }
}
