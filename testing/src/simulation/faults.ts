import type { TestCluster } from '../test-cluster.ts'

/** How often something happens, and for how long, in simulated milliseconds; both in the mean. */
export interface Fault {
  readonly everyMs: number
  readonly forMs: number
}

/** Something takes so many milliseconds longer. */
export interface Delay extends Fault {
  readonly byMs: number
}

export interface PlannedFault {
  /** Milliseconds after the scenario has begun. */
  readonly atMs: number
  readonly act: (cluster: TestCluster) => unknown
}

/** What goes wrong while a scenario runs, until it asks for calm. The seed says when and where. */
export interface Faults {
  /** A broker is killed and started again; a majority stays. */
  readonly brokerKills?: Fault
  /** A cascade broker is killed and started again. */
  readonly cascadeKills?: Fault
  /** A program is killed and started again. */
  readonly programKills?: Fault
  /** A program stands still, and goes on with what it was about to do. */
  readonly programPauses?: Fault
  /** Nothing gets through between two machines, in one direction or in both. */
  readonly cuts?: Fault
  /** All connections between two machines break. */
  readonly resets?: { readonly everyMs: number }
  readonly slowLinks?: Delay
  readonly slowDisks?: Delay
  readonly plan?: readonly PlannedFault[]
}

const kinds = {
  brokerKills: ['everyMs', 'forMs'],
  cascadeKills: ['everyMs', 'forMs'],
  programKills: ['everyMs', 'forMs'],
  programPauses: ['everyMs', 'forMs'],
  cuts: ['everyMs', 'forMs'],
  resets: ['everyMs'],
  slowLinks: ['everyMs', 'forMs', 'byMs'],
  slowDisks: ['everyMs', 'forMs', 'byMs'],
} as const

/** @throws RangeError, TypeError that name the fault */
export function checkFaults(faults: Faults): Faults {
  for (const [name, given] of Object.entries(faults)) {
    if (name === 'plan' || given === undefined) continue
    if (!Object.hasOwn(kinds, name))
      throw new TypeError(`faults.${name}: there is no such fault. There are ${Object.keys(kinds).join(', ')}, plan.`)
    for (const part of kinds[name as keyof typeof kinds]) {
      const value = (given as Readonly<Record<string, unknown>>)[part]
      if (!(typeof value === 'number' && value > 0 && value < 1e9))
        throw new RangeError(`faults.${name}.${part} is ${String(value)}, but must be milliseconds, more than 0.`)
    }
  }
  return faults
}
