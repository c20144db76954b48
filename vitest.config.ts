import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

/**
 * Tests that start processes of their own: one file at a time, after the others, so that they measure what they mean
 * to.
 */
const processTests = ['test/e2e/**/*.test.ts']
/** Those of them that ask what happens, not how fast: they mostly wait, so two files share the machine. */
const functions = [
  'backup',
  'backup-reads',
  'backup-s3',
  'browser',
  'browser-token',
  'cascade-credentials',
  'cascade-forwarding',
  'cli',
  'cluster-key',
  'console',
  'console-access',
  'console-records',
  'flight-history',
  'forced-members',
  'health',
  'hostile-peers',
  'http',
  'insecure-ports',
  'late-replica',
  'lost-disk',
  'made-up-source',
  'majority',
  'members',
  'metrics',
  'mixed-versions',
  'open-files',
  'older-brokers',
  'packages',
  'planted-secrets',
  'ready-replicas',
  'sealed-tokens',
  'secured-start',
  'start-up',
  'tls',
  'top',
  'tracing',
]
/** Beside their file as the others, but they take seconds each, or need a process or modules of their own. */
const longTests = [
  'broker/src/cascade/tiers.test.ts',
  'broker/src/cascade/upstream/home.test.ts',
  'broker/src/cli/health/look-at-brokers.test.ts',
  'broker/src/cli/top/top.test.ts',
  'broker/src/doors/credentials.test.ts',
  'broker/src/doors/quotas.test.ts',
  'broker/src/doors/server.test.ts',
  'broker/src/doors/stalled-clients.test.ts',
  'broker/src/doors/ws/shared-texts.test.ts',
  'broker/src/doors/ws/watch-clients.test.ts',
  'broker/src/log/recovery/recovery.test.ts',
  'broker/src/log/stored-logs.test.ts',
  'broker/src/partition/replica/read/leader-reads.test.ts',
  'broker/src/platform/node/memory-release.test.ts',
  'consumer/src/recreated.test.ts',
  'producer/src/faults.test.ts',
  'producer/src/recreated.test.ts',
  'schemas/src/list-bounds.test.ts',
  'test/deploy/**/*.test.ts',
  'test/faults/**/*.test.ts',
  'test/fuzz/**/*.test.ts',
  'test/security/**/*.test.ts',
  'test/sim/**/*.test.ts',
  'test/tool-arguments.test.ts',
]
const functionTests = functions.map((name) => `test/e2e/${name}.test.ts`)

// By default one less than there are cores, which is one on two.
const maxWorkers = Math.max(2, availableParallelism() - 1)

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['*/src/**/*.test.ts', '*/test-*/**/*.test.ts', 'scripts/**/*.test.ts', 'test/**/*.test.ts'],
          exclude: ['**/node_modules/**', '**/dist/**', ...processTests, ...longTests],
          // Files share their modules: loading these anew for each takes longer than the tests.
          isolate: false,
          maxWorkers,
          testTimeout: 20_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          name: 'long',
          include: longTests,
          maxWorkers,
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
