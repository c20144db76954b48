import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

/** Tests that start processes of their own: one file at a time, after the others, so that they measure what they mean to. */
const processTests = ['test/e2e/**/*.test.ts', 'test/chaos/**/*.test.ts']
/** Those of them that ask what happens, not how fast: they mostly wait, so two files share the machine. */
const functions = [
  'backup-reads',
  'browser',
  'cli',
  'flight-history',
  'forced-members',
  'http',
  'late-replica',
  'lost-disk',
  'majority',
  'members',
  'packages',
  'sealed-tokens',
]
const functionTests = functions.map((name) => `test/e2e/${name}.test.ts`)

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['*/src/**/*.test.ts', '*/test-*/**/*.test.ts', 'scripts/**/*.test.ts', 'test/**/*.test.ts'],
          exclude: ['**/node_modules/**', '**/dist/**', ...processTests],
          // By default one less than there are cores, which is one on two.
          maxWorkers: Math.max(2, availableParallelism() - 1),
          testTimeout: 20_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          name: 'functions',
          include: functionTests,
          maxWorkers: 2,
          testTimeout: 120_000,
          hookTimeout: 60_000,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: 'processes',
          include: processTests,
          exclude: ['**/node_modules/**', ...functionTests],
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 60_000,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
})
