import { checkpointOf } from '../../broker/src/partition/replica/state/checkpoint.ts'
import {
  type Checkpoint,
  encodeCheckpoint,
  encodeInSteps,
} from '../../broker/src/partition/replica/state/checkpoint-codec.ts'
import { PartitionState } from '../../broker/src/partition/replica/state/partition-state.ts'
import { nodeCrc32c } from '../../broker/src/platform/node/checksum.ts'
import { BatchWriter, placeBatch } from '../../schemas/src/record-batch/index.ts'
import { toolArguments } from '../tool-arguments.ts'

const usage = `node test/bench/producers.ts [--producers 10000] [--batches 5] [--uncommitted 500] [--runs 50]
How long a checkpoint of the producers of one partition holds a broker up: processor time of the state, of all that is
encoded, and of the longest of the steps in which that is done, between which other work goes on. The mean of the runs,
since the clock of processor time is coarse, and of the first three.`

const { values } = toolArguments(usage, {
  producers: { kind: 'whole number', default: 10_000, least: 1 },
  batches: { kind: 'whole number', default: 5, least: 1 },
  uncommitted: { kind: 'whole number', default: 500 },
  runs: { kind: 'whole number', default: 50, least: 3 },
})
const { producers, batches, uncommitted, runs } = values

const state = new PartitionState({ commitIndex: 0, highWatermark: 0 }, null, producers)
let index = 0
for (let batch = 0; batch < batches; batch++) {
  for (let producer = 0; producer < producers; producer++) append(producer, batch)
}
state.committed(index - uncommitted, () => {})

function append(producerId: number, sequence: number): void {
  const writer = new BatchWriter()
  writer.append({ timestamp: 0, key: null, value: 'x' })
  const bytes = writer.finish({ producerId, producerEpoch: 0, baseSequence: sequence, compression: 0 })
  placeBatch(bytes, 0, index, 1)
  index++
  state.appended({ index, term: 1, kind: 0, baseOffset: index - 1, lastOffset: index - 1, bytes: bytes.length }, bytes)
}

function processorMs(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1000
}

const checkpoints: Checkpoint[] = []
const first = Math.min(3, runs)
let size = 0
const inState = measured(() => void checkpoints.push(checkpointOf(state)))
const inEncode = measured((run) => {
  size = encodeCheckpoint(checkpoints[run]!, nodeCrc32c).length
})
const steps = stepsOf(checkpoints)

/** Milliseconds of each step: the mean of the runs. */
function stepsOf(all: readonly Checkpoint[]): number[] {
  const sums: number[] = []
  for (const checkpoint of all) {
    const encoding = encodeInSteps(checkpoint, nodeCrc32c)
    for (let [step, done] = [0, false]; !done; step++) {
      const begin = processorMs()
      done = encoding.next().done === true
      sums[step] = (sums[step] ?? 0) + processorMs() - begin
    }
  }
  return sums.map((sum) => sum / all.length)
}

/** Milliseconds of a run: the mean of the first ones, and of all. */
function measured(work: (run: number) => void): readonly [number, number] {
  const begin = processorMs()
  for (let run = 0; run < first; run++) work(run)
  const cold = (processorMs() - begin) / first
  for (let run = first; run < runs; run++) work(run)
  return [cold, (processorMs() - begin) / runs]
}

console.log(`${producers} producers of ${batches} batches, ${uncommitted} not committed: ${size} bytes`)
for (const [part, [cold, all]] of Object.entries({ state: inState, encode: inEncode })) {
  console.log(`${part}: ${all.toFixed(2)} ms of a core, ${cold.toFixed(2)} in the first ${first}`)
}
console.log(`the longest of ${steps.length} steps of encoding: ${Math.max(...steps).toFixed(2)} ms of a core`)
