import type { ClusterProcesses } from './cluster-processes.ts'
import { type Finished, tailrace } from './command-line.ts'

/** `tailrace partition members --json`, as tests need it. */
export interface MembersView {
  readonly leader: number
  readonly term: number
  readonly stage: 'stable' | 'staging' | 'joint' | 'leaving'
  readonly voters: readonly number[]
  readonly target: readonly number[] | null
  readonly members: readonly {
    readonly broker: number
    readonly copy: { readonly receivedBytes: number; readonly totalBytes: number } | null
  }[]
  readonly lastOutcome: { readonly outcome: string; readonly reason: string; readonly target: readonly number[] } | null
}

/** An operator who uses only the command line. */
export class Operator {
  readonly #cluster: ClusterProcesses

  constructor(cluster: ClusterProcesses) {
    this.#cluster = cluster
  }

  /** Any of the brokers that run answers. */
  run(...args: string[]): Promise<Finished> {
    const servers = this.#cluster.running.map((id) => this.#cluster.http(id))
    return tailrace([...args, '-s', servers.join(',')])
  }

  /** The output of the command; throws when it failed. */
  async done(...args: string[]): Promise<string> {
    const { code, out, err } = await this.run(...args)
    if (code !== 0) throw new Error(`tailrace ${args.join(' ')} ended with ${code}:\n${out}${err}`)
    return out
  }

  async json<Answer>(...args: string[]): Promise<Answer> {
    return JSON.parse(await this.done(...args, '--json')) as Answer
  }
}

/**
 * The members of `flights/0`, or of the metadata group for "cluster", as `through` knows them; null while it cannot
 * tell.
 */
export async function viewMembers(
  cluster: ClusterProcesses,
  through: number,
  group: string,
): Promise<MembersView | null> {
  const [topic, partition] = group.split('/')
  const path = group === 'cluster' ? '/cluster/members' : `/topics/${topic}/partitions/${partition}/members`
  return cluster.request<MembersView>(through, 'GET', path).catch(() => null)
}

/** Polls until the members are as asked; rejects with the members at the end. */
export async function membersBecome(
  cluster: ClusterProcesses,
  through: number,
  group: string,
  asked: (view: MembersView) => boolean,
  { timeoutMs = 30_000, everyMs = 20 } = {},
): Promise<MembersView> {
  const deadline = Date.now() + timeoutMs
  for (;;) {
    const view = await viewMembers(cluster, through, group)
    if (view !== null && asked(view)) return view
    if (Date.now() > deadline)
      throw new Error(`members of ${group} after ${timeoutMs} ms, asked of broker ${through}: ${JSON.stringify(view)}`)
    await new Promise((done) => setTimeout(done, everyMs))
  }
}

/** These are the members, and no change is under way. */
export function settledOn(brokers: readonly number[]): (view: MembersView) => boolean {
  return ({ leader, stage, target, voters }) =>
    leader !== 0 && stage === 'stable' && target === null && String([...voters].sort()) === String([...brokers].sort())
}
