import type {
  ConsumerGroupRequestShapes,
  ConsumerGroupResultFields,
  ConsumerGroupResultShapes,
  Message,
} from '@tailrace/schemas'
import { TailraceError } from '@tailrace/schemas'

type Beat = ConsumerGroupRequestShapes['Beat']
type Beaten = ConsumerGroupResultShapes['Beaten']
type Commit = ConsumerGroupRequestShapes['Commit']
type Delay = ConsumerGroupRequestShapes['Delay']

interface TestMember {
  readonly id: string
  readonly instance: string
  readonly topics: readonly string[]
  readonly patterns: readonly string[]
  sessionMs: number
  expiry: ReturnType<typeof setTimeout> | undefined
  /** A beat that waits for something new. */
  waiting: (() => void) | undefined
  answered: string
  /** Keys of partitions that it does not take for now. */
  declined: ReadonlySet<string>
}

interface TestPartition {
  readonly topic: string
  readonly topicId: string
  readonly partition: number
  owner: string
  holder: string
  token: number
  offset: number
  term: number
  metadata: string
}

/** What a coordinator knows of topics. */
export interface TestTopics {
  topics(): readonly { readonly name: string; readonly id: string; readonly partitions: number }[]
}

/**
 * One consumer group as its coordinator has it, without replication: members, leases with tokens that only grow,
 * positions, and records that are put off.
 */
export class TestConsumerGroup {
  readonly members = new Map<string, TestMember>()
  readonly partitions = new Map<string, TestPartition>()
  readonly delayed = new Map<string, { readonly fields: Delay; readonly dueAt: number }>()
  /** What members have told of stuck handlers. */
  readonly stuck: Beat['stuck'][number][] = []
  /** Every beat that came of members that stay. */
  readonly beats: Beat[] = []
  /** Every commit that came, refused ones too. */
  readonly commits: Commit['positions'][number][] = []
  heartbeatMs = 50
  /** False: an older coordinator, which does not know of declined partitions. */
  heedsDeclined = true
  /** Commits that come are judged, and answered, once it has resolved. */
  commitsWaitFor: Promise<void> | undefined
  /** So many processes that have asked for an instance find another coordinator, which does not know of it. */
  takeoversForgotten = 0
  /** First beats of processes that ask for the instance of another member, by instance. */
  readonly #asked = new Map<string, { readonly id: string; readonly first: Beat }>()
  /** Answers to beats to come, in order, before real ones. */
  readonly refusals: TailraceError[] = []
  #epoch = 0
  #lastToken = 0
  readonly #topics: TestTopics

  constructor(topics: TestTopics) {
    this.#topics = topics
  }

  /** @throws TailraceError as a coordinator */
  async ask({ member, request }: Message<'ConsumerGroup'>): Promise<ConsumerGroupResultFields> {
    const asked = request as { [Name in keyof ConsumerGroupRequestShapes as `tailrace.groups.${Name}`]?: never } & {
      'tailrace.groups.Beat'?: Beat
      'tailrace.groups.Commit'?: Commit
      'tailrace.groups.Delay'?: Delay
    }
    const { 'tailrace.groups.Beat': beat, 'tailrace.groups.Commit': commit, 'tailrace.groups.Delay': delay } = asked
    if (beat !== undefined) return { 'tailrace.groups.Beaten': await this.#beat(member, beat) }
    if (commit !== undefined) await this.commitsWaitFor
    if (commit !== undefined) return { 'tailrace.groups.Committed': { fenced: this.#commit(member, commit) } }
    if (delay !== undefined) return { 'tailrace.groups.Committed': { fenced: this.#delay(member, delay) } }
    throw new TailraceError('UNSUPPORTED_MESSAGE', Object.keys(request).join())
  }

  /** Takes a member out, as when its session has run out. */
  expire(id: string): void {
    const member = this.members.get(id)
    clearTimeout(member?.expiry)
    this.members.delete(id)
    member?.waiting?.()
    for (const partition of this.partitions.values()) if (partition.holder === id) partition.holder = ''
    this.#balance()
  }

  async #beat(id: string, beat: Beat): Promise<Beaten> {
    const refusal = this.refusals.shift()
    if (refusal !== undefined) throw refusal
    const known = this.members.get(id)
    if (beat.epoch < 0) {
      if (beat.epoch === -1 || beat.instance === '') this.expire(id)
      return this.#answer(id)
    }
    if (known === undefined && beat.epoch === 0 && this.#memberWith(beat) !== undefined) {
      this.#asked.set(beat.instance, { id, first: beat })
      return this.#answer(id)
    }
    if (known === undefined && beat.epoch > 0 && !this.#takesOver(id, beat)) throw this.#gone(beat)
    this.beats.push(beat)
    const member = known ?? this.#join(id, beat.epoch > 0 ? this.#asked.get(beat.instance)!.first : beat)
    this.#heard(member, beat.sessionMs)
    this.stuck.push(...beat.stuck)
    if (this.heedsDeclined) this.#decline(member, beat)
    this.#release(id, beat)
    member.waiting?.()
    if (beat.waitMs > 0 && member.answered === JSON.stringify(this.#answer(id))) await this.#news(member, beat.waitMs)
    if (!this.members.has(id)) throw this.#gone(beat)
    const answer = this.#answer(id)
    member.answered = JSON.stringify(answer)
    return answer
  }

  #join(id: string, { instance, sessionMs, subscribed }: Beat): TestMember {
    const { topics, patterns } = subscribed!
    const declined = new Set<string>()
    const waits = { expiry: undefined, waiting: undefined, answered: '' }
    const made: TestMember = { id, instance, topics, patterns, sessionMs, ...waits, declined }
    const former = this.#memberWith({ instance })
    this.members.set(id, made)
    if (former !== undefined) this.#takeOver(former, id)
    else this.#balance()
    return made
  }

  #memberWith({ instance }: Pick<Beat, 'instance'>): TestMember | undefined {
    return [...this.members.values()].find((one) => instance !== '' && one.instance === instance)
  }

  #takesOver(id: string, { instance }: Beat): boolean {
    if (this.#asked.get(instance)?.id !== id) return false
    this.takeoversForgotten--
    return this.takeoversForgotten < 0
  }

  #decline(member: TestMember, { declined = [] }: Beat): void {
    const now = declined.filter(({ topicId, partition, token, ended }) => {
      const known = this.partitions.get(`${topicId}/${partition}`)
      return !ended && (known?.holder !== member.id || known.token === token)
    })
    const keys = new Set(now.map(({ topicId, partition }) => `${topicId}/${partition}`))
    const isSame = keys.size === member.declined.size && [...keys].every((key) => member.declined.has(key))
    member.declined = keys
    if (!isSame || declined.some(({ ended }) => ended)) this.#balance()
  }

  #takeOver(former: TestMember, id: string): void {
    clearTimeout(former.expiry)
    this.members.delete(former.id)
    for (const partition of this.partitions.values()) {
      if (partition.owner === former.id) partition.owner = id
      if (partition.holder === former.id) partition.holder = ''
    }
    former.waiting?.()
    this.#lease()
  }

  #heard(member: TestMember, sessionMs: number): void {
    clearTimeout(member.expiry)
    member.expiry = setTimeout(() => this.expire(member.id), sessionMs)
    member.expiry.unref()
  }

  #release(id: string, { owned, epoch }: Beat): void {
    const kept = new Set(owned.map(({ topicId, partition, token }) => `${topicId}/${partition}/${token}`))
    if (epoch === 0) return
    for (const one of this.partitions.values()) {
      const isKept = kept.has(`${one.topicId}/${one.partition}/${one.token}`)
      if (one.holder === id && one.owner !== id && !isKept) one.holder = ''
    }
    this.#lease()
  }

  #news(member: TestMember, waitMs: number): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(timer)
        if (member.waiting === end) member.waiting = undefined
        resolve()
      }
      const timer = setTimeout(end, waitMs)
      member.waiting = end
    })
  }

  #answer(id: string): Beaten {
    const held = [...this.partitions.values()].filter(({ holder }) => holder === id)
    const assignment = held.map(({ owner: _owner, holder: _holder, ...lease }) => lease)
    const revoke = held.filter(({ owner }) => owner !== id).map(({ topicId, partition }) => ({ topicId, partition }))
    const due = [...this.delayed.values()].flatMap(({ fields: { topicId, partition, offset, attempt }, dueAt }) => {
      const lease = held.find((one) => one.topicId === topicId && one.partition === partition)
      return lease === undefined || dueAt > Date.now()
        ? []
        : [{ topicId, partition, offset, attempt, token: lease.token }]
    })
    const { heartbeatMs, heedsDeclined } = this
    return { epoch: this.#epoch, heartbeatMs, assignment, revoke, due, heedsDeclined }
  }

  #commit(id: string, { positions }: Commit): { topicId: string; partition: number }[] {
    if (!this.members.has(id)) throw new TailraceError('FENCED_MEMBER')
    this.commits.push(...positions)
    const fenced: { topicId: string; partition: number }[] = []
    for (const { topicId, partition, token, offset, term, metadata, done } of positions) {
      const known = this.partitions.get(`${topicId}/${partition}`)
      if (known?.holder !== id || known.token !== token) fenced.push({ topicId, partition })
      else if (done) this.delayed.delete(`${topicId}/${partition}/${offset}`)
      else if (offset >= known.offset) Object.assign(known, { offset, term, metadata })
    }
    return fenced
  }

  #delay(id: string, fields: Delay): { topicId: string; partition: number }[] {
    const { topicId, partition, token, offset, delayMs } = fields
    const known = this.partitions.get(`${topicId}/${partition}`)
    if (known?.holder !== id || known.token !== token) return [{ topicId, partition }]
    this.delayed.set(`${topicId}/${partition}/${offset}`, { fields, dueAt: Date.now() + delayMs })
    const tell = setTimeout(
      () => this.members.get(this.partitions.get(`${topicId}/${partition}`)!.holder)?.waiting?.(),
      delayMs + 1,
    )
    tell.unref()
    return []
  }

  #gone({ instance }: Beat): TailraceError {
    const isTaken = instance !== '' && [...this.members.values()].some((other) => other.instance === instance)
    return new TailraceError(isTaken ? 'INSTANCE_TAKEN' : 'FENCED_MEMBER')
  }

  /** Each partition to one member; as few as possible move. */
  #balance(): void {
    for (const { name, id, partitions } of this.#topics.topics()) {
      const subscribed = [...this.members.values()].filter((member) => wants(member, name))
      const wanting = subscribed.map((member) => member.id)
      const all = Array.from({ length: partitions }, (_, partition) => this.#partition(name, id, partition))
      const most = Math.ceil(all.length / Math.max(1, wanting.length))
      const counts = new Map(wanting.map((member) => [member, 0]))
      const kept = all.filter((one) => {
        const count = counts.get(one.owner)
        if (count === undefined || count >= most || this.#isDeclined(one, one.owner)) return false
        counts.set(one.owner, count + 1)
        return true
      })
      for (const one of all) {
        if (kept.includes(one)) continue
        const [least] = [...counts].filter(([id]) => !this.#isDeclined(one, id)).sort((a, b) => a[1] - b[1])
        one.owner = least?.[0] ?? ''
        if (least !== undefined) counts.set(least[0], least[1] + 1)
      }
    }
    this.#lease()
  }

  #isDeclined({ topicId, partition }: TestPartition, member: string): boolean {
    return this.members.get(member)?.declined.has(`${topicId}/${partition}`) ?? false
  }

  #lease(): void {
    this.#epoch++
    for (const one of this.partitions.values()) {
      if (one.holder !== '' || one.owner === '') continue
      one.holder = one.owner
      one.token = ++this.#lastToken
    }
    for (const member of this.members.values()) member.waiting?.()
  }

  #partition(topic: string, topicId: string, partition: number): TestPartition {
    const key = `${topicId}/${partition}`
    const nobody = { owner: '', holder: '', token: 0, offset: -1, term: 0, metadata: '' }
    const known = this.partitions.get(key) ?? { topic, topicId, partition, ...nobody }
    this.partitions.set(key, known)
    return known
  }
}

function wants({ topics, patterns }: TestMember, name: string): boolean {
  const matches = (pattern: string): boolean =>
    new RegExp(`^${pattern.replaceAll('.', '\\.').replaceAll('*', '.*')}$`).test(name)
  return topics.includes(name) || patterns.some(matches)
}
