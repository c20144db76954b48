import type { ErrorCode } from '@tailrace/schemas'
import { METADATA_GROUP, NO_BROKER, TailraceError } from '@tailrace/schemas'
import type { Asker } from '../../api/broker-api.ts'
import type { Peers } from '../../partition/peers.ts'
import type { Clock } from '../../platform/clock.ts'
import type { Random } from '../../platform/random.ts'
import { pause } from '../../platform/timing/pause.ts'
import { askedBy } from '../../security/identity/asker-fields.ts'
import { commandResultOf } from '../metadata/intents/command-result-fields.ts'
import { intentFields } from '../metadata/intents/intent-fields.ts'
import type { IdentifiedIntent, Intent, MetadataLeader } from '../metadata/metadata-leader.ts'
import type { CommandResult, MetadataState } from '../metadata/metadata-state.ts'
import type { LeaderDirectory, Leadership } from './leader-directory.ts'

/** Time of one attempt; a leader that takes longer is given up for the broker that leads then. */
const ATTEMPT_MS = 3000
const PAUSE_MS = 50
/** A broker that starts, or is being restarted, is there in a moment: what needs it is asked for again. */
const BROKERS_MS = 5000

/** Safe to repeat: a command's id makes sure that it is applied once. */
const repeatable: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'NOT_LEADER',
  'LEADER_UNAVAILABLE',
  'CONNECTION_LOST',
  'TIMED_OUT',
  'OUTCOME_UNKNOWN',
  'SHUTTING_DOWN',
])

export interface MetadataClientDeps {
  readonly self: number
  readonly state: MetadataState
  readonly leader: MetadataLeader
  readonly directory: LeaderDirectory
  readonly peers: Pick<Peers, 'request'>
  readonly clock: Clock
  readonly random: Random
}

interface Wish extends IdentifiedIntent {
  readonly asker: Asker | undefined
}

/** Gets commands into the metadata log from any broker, through elections and lost connections, each once. */
export class MetadataClient {
  readonly #deps: MetadataClientDeps

  constructor(deps: MetadataClientDeps) {
    this.#deps = deps
  }

  /**
   * Resolves when the command is applied at the leader; this broker may still be behind.
   * @throws TailraceError the error with which the command was refused; OUTCOME_UNKNOWN or LEADER_UNAVAILABLE after
   * `timeoutMs`
   */
  async submit(intent: Intent, timeoutMs: number, asker?: Asker): Promise<CommandResult & { ok: true }> {
    const { clock, random, directory } = this.#deps
    const identified = { id: random.uuid(), intent, asker }
    const began = clock.monotonic()
    const end = began + timeoutMs
    let proposed = false
    for (let left = timeoutMs; left > 0; left = end - clock.monotonic()) {
      const leadership = directory.lookup(METADATA_GROUP)
      if (leadership.leader === NO_BROKER) {
        await directory.until(() => directory.lookup(METADATA_GROUP).leader !== NO_BROKER, left)
        continue
      }
      try {
        return accepted(await this.#attempt(leadership, identified, Math.min(ATTEMPT_MS, end - clock.monotonic())))
      } catch (error) {
        const { code } = TailraceError.from(error)
        const mayCome = code === 'NOT_READY' && clock.monotonic() - began < BROKERS_MS
        if (!mayCome && !repeatable.has(code)) throw error
        if (code === 'NOT_LEADER') directory.deny(METADATA_GROUP, leadership)
        else if (!mayCome) proposed = true
        await pause(clock, PAUSE_MS)
      }
    }
    throw new TailraceError(proposed ? 'OUTCOME_UNKNOWN' : 'LEADER_UNAVAILABLE')
  }

  async #attempt({ leader }: Leadership, identified: Wish, ms: number): Promise<CommandResult> {
    if (leader === this.#deps.self) return this.#deps.leader.execute(identified, ms)
    const { id, intent, asker } = identified
    const client = askedBy(asker, this.#deps.state.security.version)
    const fields = { id, timeoutMs: Math.ceil(ms), intent: intentFields(intent), ...client }
    const reply = await this.#deps.peers.request(leader, 'MetadataCommand', fields, [], ms)
    return commandResultOf(reply.fields)
  }
}

function accepted(result: CommandResult): CommandResult & { ok: true } {
  if (result.ok) return result
  throw new TailraceError(result.code, result.detail)
}
