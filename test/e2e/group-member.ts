import type { ConsumerGroupRequestFields, ConsumerGroupResultShapes, LeasedFields } from '@tailrace/schemas'
import { Client } from '../../broker/src/doors/testing/running-gateway.ts'

/** Long enough that a test needs no beat to keep a member. */
const SESSION_MS = 600_000

type Results = {
  [Name in keyof ConsumerGroupResultShapes as `tailrace.groups.${Name}`]?: ConsumerGroupResultShapes[Name]
}

interface MemberOptions {
  readonly group: string
  readonly id: string
  readonly instance?: string
  readonly clientId?: string
  readonly topics: readonly string[]
  readonly sessionMs?: number
  /** The end of its connection says that it is gone. */
  readonly leavesOnDisconnect?: boolean
}

/** A member of a consumer group that does and tells what a test says, frame by frame. */
export class GroupMember {
  readonly #client: Client
  readonly #options: MemberOptions
  #epoch = 0
  #correlation = 0
  #beats = 0
  leases: readonly LeasedFields[] = []

  private constructor(client: Client, options: MemberOptions) {
    this.#client = client
    this.#options = options
  }

  /** `http`: `host:port` of any broker. */
  static async join(http: string, options: MemberOptions): Promise<GroupMember> {
    const member = new GroupMember(await new Client(http).open(), options)
    await member.beat()
    return member
  }

  /** Takes what it is given, and gives back what it is asked for. `stuckMs`: of a record of its first partition. */
  async beat(stuckMs = 0): Promise<void> {
    const { instance = '', clientId = '', topics, sessionMs = SESSION_MS, leavesOnDisconnect = false } = this.#options
    const number = leavesOnDisconnect ? ++this.#beats : 0
    const common = { clientId, instance, rack: '', sessionMs, waitMs: 0, number }
    const subscribed = this.#epoch === 0 ? { topics: [...topics], patterns: [] } : null
    const [first] = this.leases
    const held = first === undefined || stuckMs === 0 ? [] : [first]
    const stuck = held.map(({ topicId, partition, offset }) => {
      return { topicId, partition, offset: Math.max(0, offset), sinceMs: stuckMs }
    })
    const owned = this.leases.map(({ topicId, partition, token }) => ({ topicId, partition, token }))
    const fields = { ...common, epoch: this.#epoch, subscribed, owned, stuck }
    const { 'tailrace.groups.Beaten': beaten } = await this.#ask({ 'tailrace.groups.Beat': fields })
    const { epoch, assignment, revoke } = beaten!
    this.#epoch = epoch
    const given = new Set(revoke.map(({ topicId, partition }) => `${topicId}/${partition}`))
    this.leases = assignment.filter(({ topicId, partition }) => !given.has(`${topicId}/${partition}`))
  }

  /** Commits a position of each of its partitions. */
  async commit(offsetOf: (partition: number) => number): Promise<void> {
    const positions = this.leases.map(({ topic, topicId, partition, token }) => {
      const offset = offsetOf(partition)
      return { topic, topicId, partition, token, offset, term: 1, metadata: '', done: false }
    })
    await this.#ask({ 'tailrace.groups.Commit': { positions } })
  }

  /** The record at this offset of its first partition comes again in an hour. */
  async delay(offset: number): Promise<void> {
    const { topic, topicId, partition, token } = this.leases[0]!
    const fields = { topic, topicId, partition, token, offset, delayMs: 3_600_000, attempt: 1 }
    await this.#ask({ 'tailrace.groups.Delay': fields })
  }

  async leave(): Promise<void> {
    this.#epoch = -1
    this.leases = []
    await this.beat()
    this.close()
  }

  close(): void {
    this.#client.socket.terminate()
  }

  async #ask(request: ConsumerGroupRequestFields): Promise<Results> {
    const { group, id: member } = this.#options
    this.#client.frame('ConsumerGroup', { correlation: ++this.#correlation, group, member, request })
    const { name, fields } = await this.#client.nextFrame()
    if (name === 'ConsumerGroupReply') return (fields as unknown as { result: Results }).result
    throw new Error(`${member} of ${group} was answered ${name}: ${JSON.stringify(fields)}`)
  }
}
