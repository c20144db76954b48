import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const tailrace = fileURLToPath(new URL('../../broker/bin/tailrace.js', import.meta.url))

/** Whether this machine has `script` of util-linux, which gives a command a pseudo terminal. */
export function hasPseudoTerminal(): boolean {
  return /util-linux/.test(spawnSync('script', ['--version'], { encoding: 'utf8' }).stdout ?? '')
}

/** A program, `tailrace` by default, in a pseudo terminal of its own. */
export class TerminalProcess {
  #out = ''
  readonly #child: ReturnType<typeof spawn>
  readonly #folder = mkdtempSync(join(tmpdir(), 'tailrace-terminal-'))
  readonly finished: Promise<number | null>

  /** `args`: without characters that a shell treats specially. `program`: a file that Node.js runs. */
  constructor(args: readonly string[], columns: number, rows: number, program = tailrace) {
    const place = join(this.#folder, 'place')
    // The number of the process and the name of its terminal are written whole, or not at all.
    const noted = `echo "$$ $(tty)" > '${place}.new' && mv '${place}.new' '${place}'`
    const command = `stty cols ${columns} rows ${rows}; ${noted}; exec '${process.execPath}' '${program}' ${args.join(' ')}`
    const environment = { ...process.env, TERM: 'xterm', XDG_CONFIG_HOME: this.#folder }
    this.#child = spawn('script', ['-qfec', command, '/dev/null'], { env: environment })
    this.#child.stdout!.setEncoding('utf8').on('data', (text: string) => {
      this.#out += text
    })
    this.finished = once(this.#child, 'close').then(([code]) => code as number | null)
  }

  /** All that the terminal got. */
  get out(): string {
    return this.#out
  }

  /** The last whole page that was drawn, as lines of plain text; empty before the first. */
  get page(): string[] {
    const pages = this.#out.split('\x1b[H').slice(1)
    const whole = pages.findLast((page) => page.includes('\x1b[J')) ?? ''
    return whole
      .split('\x1b[J')[0]!
      .replaceAll(/\p{Cc}\[[0-9;]*[A-Za-z]/gu, '')
      .split(/\r*\n/)
  }

  type(text: string): void {
    this.#child.stdin!.write(text)
  }

  resize(columns: number, rows: number): void {
    spawnSync('stty', ['-F', this.#place()[1]!, 'cols', String(columns), 'rows', String(rows)])
  }

  signal(signal: NodeJS.Signals): void {
    process.kill(Number(this.#place()[0]), signal)
  }

  /** Ends what has not ended by itself. */
  close(): void {
    if (this.#child.exitCode === null && existsSync(join(this.#folder, 'place'))) this.signal('SIGKILL')
    rmSync(this.#folder, { recursive: true, force: true })
  }

  #place(): string[] {
    return readFileSync(join(this.#folder, 'place'), 'utf8').trim().split(' ')
  }
}
