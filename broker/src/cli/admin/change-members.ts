import type { MembersDescription } from '../../api/admin-api.ts'
import type { Clock } from '../../platform/clock.ts'
import { pause } from '../../platform/timing/pause.ts'
import { CommandFailure, ExitCode } from '../command-failure.ts'
import type { Terminal } from '../terminal.ts'
import type { AdminClient } from './admin-client.ts'
import type { GroupAddress } from './group-address.ts'
import { reasonText, stageText } from './members-text.ts'

export interface ChangeOptions {
  readonly replicas: readonly number[]
  /** Return when the request is recorded. */
  readonly wait: boolean
  readonly json: boolean
}

const pollMs = 250
/** Figures change all the time: at most a line a second shows them. */
const figuresMs = 1000
/** A recorded request is taken up sooner than this, also through an election. */
const takenUpMs = 20_000
/** When no broker has known the progress for this long, the command stops watching. */
const silentMs = 60_000

/**
 * Asks for other members and shows the progress until they are reached. A recorded change goes on without this command.
 */
export async function changeMembers(
  group: GroupAddress,
  options: ChangeOptions,
  admin: AdminClient,
  clock: Clock,
  terminal: Terminal,
): Promise<ExitCode> {
  const path = `${group.path}/members`
  const before = (await admin.request('GET', path)) as MembersDescription
  await admin.request('PUT', path, { replicas: options.replicas })
  const wanted = options.replicas.join(',')
  if (!options.wait) {
    const text = `asked for ${wanted} as members of ${group.name}; see: ${group.command('members')}`
    terminal.print(options.json ? JSON.stringify({ target: options.replicas }) : text)
    return ExitCode.Done
  }
  if (!options.json) terminal.print(`${group.name}: from ${before.voters.join(',')} to ${wanted}`)
  try {
    const after = await new Watch(group, options, before, admin, clock, terminal).untilDone()
    terminal.print(options.json ? JSON.stringify(after) : `${group.name} has members ${after.voters.join(',')}`)
    return ExitCode.Done
  } catch (error) {
    if (!terminal.interrupted.aborted) throw error
    const advice = `${group.command('members')} shows it, ${group.command('change')} --cancel gives it up`
    terminal.complain(`no longer watching; the change goes on: ${advice}`)
    return ExitCode.Interrupted
  }
}

/** Gives up a change that is under way. */
export async function cancelChange(
  group: GroupAddress,
  json: boolean,
  admin: AdminClient,
  terminal: Terminal,
): Promise<void> {
  await admin.request('DELETE', `${group.path}/members/change`)
  terminal.print(json ? JSON.stringify({ cancelled: true }) : `gave up the change of members of ${group.name}`)
}

class Watch {
  readonly #group: GroupAddress
  readonly #options: ChangeOptions
  readonly #before: MembersDescription
  readonly #admin: AdminClient
  readonly #clock: Clock
  readonly #terminal: Terminal
  readonly #started: number
  #heardAt: number
  #stage = ''
  #shown = ''
  #shownAt = Number.NEGATIVE_INFINITY

  constructor(
    group: GroupAddress,
    options: ChangeOptions,
    before: MembersDescription,
    admin: AdminClient,
    clock: Clock,
    terminal: Terminal,
  ) {
    this.#group = group
    this.#options = options
    this.#before = before
    this.#admin = admin
    this.#clock = clock
    this.#terminal = terminal
    this.#started = clock.monotonic()
    this.#heardAt = this.#started
  }

  async untilDone(): Promise<MembersDescription> {
    for (;;) {
      const now = await this.#look()
      if (now !== null) {
        if (this.#isReached(now)) return now
        this.#failIfGivenUp(now)
        this.#show(now.stage, stageText(now))
      }
      await pause(this.#clock, pollMs, this.#terminal.interrupted)
      this.#terminal.interrupted.throwIfAborted()
    }
  }

  /** Null while no broker can tell: elections and restarts are part of a change. */
  async #look(): Promise<MembersDescription | null> {
    try {
      const now = (await this.#admin.request('GET', `${this.#group.path}/members`)) as MembersDescription
      this.#heardAt = this.#clock.monotonic()
      return now
    } catch (error) {
      if (!(error instanceof CommandFailure) || !error.shape.retriable) throw error
      if (this.#clock.monotonic() - this.#heardAt > silentMs) throw error
      this.#show(error.shape.code, `waiting: ${error.shape.message}`)
      return null
    }
  }

  #isReached({ stage, target, voters }: MembersDescription): boolean {
    return stage === 'stable' && target === null && sameBrokers(voters, this.#options.replicas)
  }

  #failIfGivenUp({ stage, target, voters, lastOutcome }: MembersDescription): void {
    if (stage !== 'stable') return
    if (target !== null && sameBrokers(target, this.#options.replicas)) return
    const isNews = JSON.stringify(lastOutcome) !== JSON.stringify(this.#before.lastOutcome)
    const isOver =
      isNews && lastOutcome?.outcome === 'failed' && sameBrokers(lastOutcome.target, this.#options.replicas)
    // The broker that answers may not know the request yet.
    if (!isOver && this.#clock.monotonic() - this.#started < takenUpMs) return
    const reason = isOver
      ? reasonText(lastOutcome.reason)
      : 'it is no longer under way, someone else may have given it up'
    throw new CommandFailure({
      code: 'CHANGE_FAILED',
      message: `The members of ${this.#group.name} are still ${voters.join(',')}: ${reason}.`,
      retriable: false,
      hint: `See "${this.#group.command('describe')}"; check that the new brokers are up and reachable, then ask again.`,
    })
  }

  #show(stage: string, text: string): void {
    if (this.#options.json || text === this.#shown) return
    const now = this.#clock.monotonic()
    if (stage === this.#stage && now - this.#shownAt < figuresMs) return
    this.#stage = stage
    this.#shown = text
    this.#shownAt = now
    this.#terminal.print(`  ${text}`)
  }
}

function sameBrokers(some: readonly number[], others: readonly number[]): boolean {
  return some.length === others.length && some.every((broker) => others.includes(broker))
}
