import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import type { AppendFile } from '../../platform/node/append-file.ts'
import { executable } from '../executable.ts'
import type { StartedMessage } from '../supervision.ts'
import { isStartedMessage } from '../supervision.ts'
import type { BrokerPlan } from './cluster-plan.ts'

/** How a process ended: its exit code, or the signal that killed it. */
export interface ChildEnd {
  readonly code: number | null
  readonly signal: string | null
  readonly lastLines: readonly string[]
}

export interface BrokerChild {
  readonly pid: number
  readonly started: Promise<StartedMessage>
  /** Resolves when the process has ended and all its output has been read. Never rejects. */
  readonly ended: Promise<ChildEnd>
  /** Asks it to stop by closing the channel, which works on all systems. */
  stop(): void
  kill(): void
}

export type LaunchBroker = (plan: BrokerPlan, log: AppendFile) => BrokerChild

const linesKept = 20
const longestLine = 2000

/**
 * A broker as a process of its own. It writes to its log and, by the closing of the channel, ends when this process
 * does.
 */
export const launchBroker: LaunchBroker = (plan, log) => {
  const child = spawn(process.execPath, [...process.execArgv, executable, ...plan.arguments], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  const lastLines = new LastLines(linesKept)
  for (const stream of [child.stdout!, child.stderr!]) {
    stream.setEncoding('utf8')
    stream.on('data', (text: string) => {
      lastLines.add(text)
      log.write(text)
    })
  }
  const ended = endOf(child).then((end) => ({ ...end, lastLines: lastLines.get() }))
  const started = new Promise<StartedMessage>((resolve) => {
    child.on('message', (message) => {
      if (isStartedMessage(message)) resolve(message)
    })
  })
  return {
    pid: child.pid ?? 0,
    started,
    ended,
    stop: () => {
      if (child.connected) child.disconnect()
    },
    kill: () => void child.kill('SIGKILL'),
  }
}

/** Not by the event 'close': after our own disconnect() Node does not emit it. */
async function endOf(child: ChildProcess): Promise<Omit<ChildEnd, 'lastLines'>> {
  const outputRead = [child.stdout!, child.stderr!].map(
    (stream) => new Promise((resolve) => stream.on('close', resolve)),
  )
  const end = await new Promise<Omit<ChildEnd, 'lastLines'>>((resolve) => {
    child.on('exit', (code, signal) => resolve({ code, signal }))
    child.on('error', () => {
      if (child.pid === undefined) resolve({ code: null, signal: null })
    })
  })
  await Promise.all(outputRead)
  return end
}

/** Keeps the last lines of a process's output, for the report of its end. Bounded in lines and in their length. */
export class LastLines {
  readonly #most: number
  readonly #lines: string[] = []
  #unfinished = ''

  constructor(most: number) {
    this.#most = most
  }

  add(text: string): void {
    const parts = (this.#unfinished + text).split('\n')
    this.#unfinished = parts.pop()!.slice(0, longestLine)
    for (const part of parts) {
      if (part.trim() === '') continue
      this.#lines.push(part.slice(0, longestLine).trimEnd())
      if (this.#lines.length > this.#most) this.#lines.shift()
    }
  }

  get(): string[] {
    return this.#unfinished === '' ? [...this.#lines] : [...this.#lines, this.#unfinished].slice(-this.#most)
  }
}
