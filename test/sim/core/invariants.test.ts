import { EntryKind, type LogIndex, type Term } from '@tailrace/schemas'
import { describe, expect, test } from 'vitest'
import { Invariants, type Observed, type Property, Violation } from './invariants.ts'
import type { StoredEntry } from './sim-disk.ts'

const base = { voters: [1, 2, 3], outgoing: [], learners: [] }

function entryOf(index: LogIndex, term: Term, value: number): StoredEntry {
  const header = { index, term, kind: EntryKind.Records, baseOffset: index - 1, lastOffset: index - 1, bytes: 100 }
  return { header, value }
}

/** A broker whose log the test chooses; all that it has written is durable. */
class Broker implements Observed {
  readonly base = base
  readonly admission = 0
  readonly log: StoredEntry[] = []
  isLeader = false
  term = 1
  readonly id: number

  constructor(id: number) {
    this.id = id
  }

  get durable(): readonly StoredEntry[] {
    return this.log
  }

  get prevIndex(): LogIndex {
    return 0
  }

  get commitIndex(): LogIndex {
    return 0
  }
}

class Story {
  readonly brokers = [1, 2, 3].map((id) => new Broker(id)) as [Broker, Broker, Broker]
  readonly invariants = new Invariants(this.brokers)

  append(broker: Broker, index: LogIndex, term: Term, value: number): void {
    const entry = entryOf(index, term, value)
    broker.log.push(entry)
    this.invariants.appended(broker, entry)
  }

  /** Entry 1 of term 1 is on brokers 1 and 2, and committed. */
  commitOne(): void {
    const [one, two] = this.brokers
    this.append(one, 1, 1, 7)
    this.append(two, 1, 1, 7)
    this.invariants.committed(one, 0, 1)
  }
}

/** The property that a history breaks, or null. */
function broken(history: (story: Story) => void): Property | null {
  try {
    history(new Story())
    return null
  } catch (error) {
    if (error instanceof Violation) return error.property
    throw error
  }
}

describe('each property is seen when it is broken, and not before', () => {
  test('M74: two leaders of one term', () => {
    expect(
      broken(({ invariants, brokers: [one, two] }) => {
        invariants.elected(one, 1)
        invariants.elected(two, 2)
      }),
    ).toBeNull()
    expect(
      broken(({ invariants, brokers: [one, two] }) => {
        invariants.elected(one, 1)
        invariants.elected(two, 1)
      }),
    ).toBe('election-safety')
  })

  test('M75: a leader that removes an entry of its log', () => {
    const truncates = (isLeader: boolean) => (story: Story) => {
      const [one] = story.brokers
      story.append(one, 1, 1, 7)
      one.isLeader = isLeader
      story.invariants.truncating(one, 1)
    }
    expect(broken(truncates(false))).toBeNull()
    expect(broken(truncates(true))).toBe('leader-append-only')
  })

  test('M76: one index and term with two contents, and with two predecessors', () => {
    const second = (value: number) => (story: Story) => {
      const [one, two] = story.brokers
      story.append(one, 1, 1, 7)
      story.append(two, 1, 1, value)
    }
    expect(broken(second(7))).toBeNull()
    expect(broken(second(8))).toBe('log-matching')
    expect(
      broken((story) => {
        const [one, two] = story.brokers
        story.append(one, 1, 1, 7)
        story.append(two, 1, 2, 9)
        story.append(one, 2, 3, 8)
        story.append(two, 2, 3, 8)
      }),
    ).toBe('log-matching')
  })

  test('M77: a leader without an entry that was committed before its term', () => {
    const leads = (who: 1 | 2) => (story: Story) => {
      story.commitOne()
      story.invariants.elected(story.brokers[who], 2)
    }
    expect(broken(leads(1))).toBeNull()
    expect(broken(leads(2))).toBe('leader-completeness')
  })

  test('M78: another entry is committed at an index', () => {
    expect(
      broken((story) => {
        story.commitOne()
        story.append(story.brokers[2], 1, 2, 9)
        story.invariants.committed(story.brokers[2], 0, 1)
      }),
    ).toBe('state-machine-safety')
  })

  test('M79: a committed entry is removed; an uncommitted one may be', () => {
    const truncates = (from: LogIndex) => (story: Story) => {
      story.commitOne()
      story.append(story.brokers[1], 2, 1, 8)
      story.invariants.truncating(story.brokers[1], from)
    }
    expect(broken(truncates(2))).toBeNull()
    expect(broken(truncates(1))).toBe('committed-is-final')
  })

  test('M96: a committed entry on one disk of three', () => {
    expect(
      broken((story) => {
        story.append(story.brokers[0], 1, 1, 7)
        story.invariants.committed(story.brokers[0], 0, 1)
      }),
    ).toBe('durable-majority')
  })
})
