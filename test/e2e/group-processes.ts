import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import type { MemberEvent, MemberPlan } from './group-history.ts'

const program = resolve(import.meta.dirname, 'group-member-process.ts')

/** A process that is a member of a group. */
export interface MemberProcess {
  readonly child: ChildProcess
  readonly events: () => MemberEvent[]
  readonly errors: () => string
}

/** Processes that are members of consumer groups. Their events are in files, which a kill does not cut short. */
export class GroupProcesses {
  readonly folder = mkdtempSync(join(tmpdir(), 'tailrace-members-'))
  readonly all: MemberProcess[] = []

  start(plan: MemberPlan): MemberProcess {
    const [out, err] = ['out', 'err'].map((name) => join(this.folder, `${this.all.length}.${name}`)) as [string, string]
    const files = [openSync(out, 'a'), openSync(err, 'a')] as const
    const child = spawn(process.execPath, [program, JSON.stringify(plan)], { stdio: ['ignore', ...files] })
    for (const file of files) closeSync(file)
    const events = () =>
      readFileSync(out, 'utf8')
        .split('\n')
        // The last line of a process that was killed may not be whole.
        .flatMap((line) => (line.endsWith('}') ? [JSON.parse(line) as MemberEvent] : []))
    const started = { child, events, errors: () => readFileSync(err, 'utf8') }
    this.all.push(started)
    return started
  }

  get events(): MemberEvent[] {
    return this.all.flatMap(({ events }) => events())
  }

  get running(): MemberProcess[] {
    return this.all.filter(({ child }) => isRunning(child))
  }

  /** SIGTERM: it leaves its group. Resolves with the exit code. */
  async leave({ child }: MemberProcess): Promise<number | null> {
    if (!isRunning(child)) return child.exitCode
    const gone = once(child, 'exit')
    child.kill('SIGTERM')
    return (await gone)[0] as number | null
  }

  async kill({ child }: MemberProcess): Promise<void> {
    if (!isRunning(child)) return
    const gone = once(child, 'exit')
    child.kill('SIGKILL')
    await gone
  }

  /**
   * Until SIGCONT, from between two turns of its event loop on. SIGSTOP from outside may fall between the group's look
   * at the clock and the first line of the handler: that record is handled late, which no lease can prevent, and which
   * is what its token is for. Resolves with the time at which it began to.
   */
  async standStill({ child, events }: MemberProcess): Promise<number> {
    const stops = () => events().filter(({ kind }) => kind === 'stopped')
    const before = stops().length
    child.kill('SIGUSR2')
    while (stops().length === before) {
      if (!isRunning(child)) throw new Error('It ends in the place of standing still.')
      await setTimeout(5)
    }
    return stops().at(-1)!.at
  }

  async destroy(): Promise<void> {
    await Promise.all(this.running.map((member) => this.kill(member)))
    rmSync(this.folder, { recursive: true, force: true })
  }
}

function isRunning({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode === null && signalCode === null
}
