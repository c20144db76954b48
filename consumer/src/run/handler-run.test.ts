import { machine } from '@tailrace/client'
import { expect, it, vi } from 'vitest'
import { HandlerRun } from './handler-run.ts'
import { handlingSettings } from './handling-options.ts'
import type { TaskPartition } from './task.ts'
import { type ManualRecord, ManualTasks } from './testing/manual-tasks.ts'

function runOf(
  source: ManualTasks,
  handler: (record: ManualRecord) => unknown,
): HandlerRun<TaskPartition, ManualRecord> {
  return new HandlerRun({
    source,
    settings: handlingSettings({}),
    handler,
    group: 'g',
    openTelemetry: undefined,
    deadLetter: undefined,
    counts: { handled: 0, failedAttempts: 0, deadLetters: 0 },
    surroundings: machine,
  })
}

it('begins no record that was taken before while the lease may be another’s, and goes on when it is valid', async () => {
  const source = new ManualTasks(5)
  const run = runOf(source, ({ offset }) => {
    if (offset === 1) source.isValid = false
  }).run()
  await vi.waitFor(() => expect(source.looks).toBeGreaterThan(2))
  expect(source.begun).toEqual([0, 1])
  source.isValid = true
  await vi.waitFor(() => expect(source.begun).toEqual([0, 1, 2, 3, 4]))
  await source.close()
  await run
})

it('ends what it has taken, unhandled, when it is closed meanwhile', async () => {
  const source = new ManualTasks(3)
  const run = runOf(source, () => {
    source.isValid = false
  }).run()
  await vi.waitFor(() => expect(source.looks).toBeGreaterThan(0))
  await source.close()
  await run
  await vi.waitFor(() => expect(source.partition.taken).toBe(0))
  expect(source.begun).toEqual([0])
})

it('hands out every record of a partition with more than it takes at a time', async () => {
  const source = new ManualTasks(1_000)
  const run = runOf(source, () => {}).run()
  await vi.waitFor(() => expect(source.begun).toEqual(Array.from({ length: 1_000 }, (_, offset) => offset)))
  await source.close()
  await run
})
